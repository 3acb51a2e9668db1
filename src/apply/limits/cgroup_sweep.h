// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `cgroupfs`: what stands below carrel.slice, whoever made it.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include <stddef.h>

#include "apply/limits/cgroup.h"
#include "wire/proto.h"

struct crl_cgroup_login {
	char slice[CRL_SLICE_MAX]; /* of the user, relative to the root */
	char id[CRL_ID_MAX]; /* "" = that slice holds no login's cgroup */
};

struct crl_cgroup_found {
	struct crl_cgroup_login *item;
	size_t len;
};

/*
 * Find every login's cgroup, and every user's slice and budget's slice that has none. Each directory is read once.
 * Names that are not of our making are passed over.
 * @root    as crl_cgroup_open_root() gives it
 * @prefix  the same
 * @ret     free with crl_cgroup_found_done()
 * Returns 0, also when there is no carrel.slice; -ENOMEM.
 */
int crl_cgroup_find(int root, const char *prefix, struct crl_cgroup_found *ret) CRL_MUST_CHECK;
void crl_cgroup_found_done(struct crl_cgroup_found *f);
