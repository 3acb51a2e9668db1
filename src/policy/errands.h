// SPDX-License-Identifier: Apache-2.0
/*
 * The table of errands: programs with power of their own that a room cannot run, and that the steward runs for its
 * user.
 *
 * Runs in: helper, steward, carrelctl. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

/* What a file has to be, so that nothing but the user's words to it decides what it does. */
enum crl_errand_power {
	CRL_ERRAND_SET_ID, /* a set-user-ID or set-group-ID bit: it guards itself against who calls it */
	CRL_ERRAND_MAILER, /* that, or a file of the name "sendmail": some mailers obey a file in the home */
	CRL_ERRAND_PLAIN, /* any program: it reads nothing of the user's */
};

/* One name that a user calls. */
struct crl_errand {
	const char *call; /* base name of argv[0] */
	const char *name; /* in a policy: several calls may be one errand */
	const char *path; /* on the host; may be a link of root's */
	const char *other; /* a second path of the same program, or NULL */
	enum crl_errand_power power;
	unsigned int limit_s; /* it is ended after so many seconds */
};

extern const struct crl_errand crl_errands[];
extern const size_t crl_errands_len;

/* The row of that call, or NULL. */
const struct crl_errand *crl_errand_find(const char *call);

/* May a policy name it? */
bool crl_errand_name_is_known(const char *name);

/* The name that is nearest to a wrong one, or NULL when none is near. */
const char *crl_errand_name_near(const char *name);

/*
 * Can rooms of this policy send anybody? They need the host's root, and mounts and processes of their own: elsewhere
 * nothing can be put over the host's programs, or the user could trace what runs for them outside.
 */
bool crl_policy_has_errands(const struct crl_policy *p);
