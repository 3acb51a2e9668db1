// SPDX-License-Identifier: Apache-2.0
/* Which settings of a policy have changed since a room was made: a short digest of each, kept with the room. */
#pragma once

#include <stddef.h>

#include "base/scope.h"

struct crl_config;
struct crl_err;

#define CRL_DIGESTS_MAX 1808 /* with NUL; 9 bytes for each setting */

/*
 * One digest for each setting of a policy, its key and its value, templates as they stand.
 * @buf  comma-separated hexadecimal numbers
 * Errors: as crl_config_policy().
 */
int crl_policy_digests(const struct crl_config *c, const char *name, char buf[CRL_DIGESTS_MAX],
		       struct crl_err *err) CRL_MUST_CHECK;

typedef void crl_changed_key(void *arg, const char *path);

struct crl_changes_to {
	const char *digests; /* of before */
	crl_changed_key *each;
	void *arg;
};

/*
 * Tell every setting whose digest is not among those of before, in the order of the key table.
 * Errors: as crl_config_policy().
 */
int crl_policy_changes(const struct crl_config *c, const char *name, const struct crl_changes_to *to,
		       struct crl_err *err) CRL_MUST_CHECK;
