// SPDX-License-Identifier: Apache-2.0
/*
 * May something of this user's run on the host, outside of every room? The rules' answer (policy/bare.h), for those
 * whom the name service knows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/scope.h"
#include "base/words.h"

struct crl_config;
struct crl_err;
struct ctl_pam_view;

#define CTL_OUTSIDE_WHY 512

struct ctl_outside {
	bool may;
	char why[CTL_OUTSIDE_WHY]; /* a sentence without its end: "policy shared of FILE:LINE isolates them" */
};

/* By what is judged. */
struct ctl_outside_by {
	const struct crl_config *config; /* NULL = cannot be read: only the exempt may */
	struct crl_words glass; /* the break-glass groups of all PAM lines that open rooms */
	bool unknown; /* there was no memory for one */
};

/*
 * Read what there is to judge by.
 * @v  whose lines name the groups: exempt is who is so by each of them, for nobody can tell by which they will come
 */
void ctl_outside_begin(const struct crl_config *config, const struct ctl_pam_view *v, struct ctl_outside_by *ret);
void ctl_outside_done(struct ctl_outside_by *by);

/*
 * A user by name; by number, each name that /etc/passwd has for it, and the one that the name service tells: if one of
 * them may not, the number may not.
 * Errors: -ENOENT no such user; those of the look-ups and of policy/bare.h. After an error nobody may.
 */
int ctl_outside_of_user(const struct ctl_outside_by *by, const char *user, struct ctl_outside *ret,
			struct crl_err *err) CRL_MUST_CHECK;
int ctl_outside_of_uid(const struct ctl_outside_by *by, uint32_t uid, struct ctl_outside *ret,
		       struct crl_err *err) CRL_MUST_CHECK;

/*
 * Does a PAM service open rooms, by its own file or by one that it includes? A directory that is there and cannot be
 * read may do so.
 */
bool ctl_is_wired(const struct ctl_pam_view *v);

/* Does a rule give a policy that isolates, or one that cannot be read? */
bool ctl_isolates_anybody(const struct crl_config *config);
