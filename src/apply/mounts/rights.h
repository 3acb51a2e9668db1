// SPDX-License-Identifier: Apache-2.0
/*
 * File accesses with other rights than root's: what is a user's is looked at as that user.
 *
 * Runs in: the room's init, root, single-threaded.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/scope.h"

struct crl_rights {
	gid_t *groups; /* owned until they are given back */
	int len;
	int death_signal;
};

/*
 * From now on files are accessed as that user and those groups.
 * @ret_saved  for crl_rights_back(), which is due in any case
 * Returns 0 or -errno.
 */
int crl_rights_take(uid_t uid, gid_t gid, const gid_t *groups, size_t len, struct crl_rights *ret_saved) CRL_MUST_CHECK;

/* As root again. Returns 0 or -errno: then nothing more is to be done. */
int crl_rights_back(struct crl_rights *saved) CRL_MUST_CHECK;
