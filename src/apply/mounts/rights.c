// SPDX-License-Identifier: Apache-2.0
/*
 * See rights.h.
 *
 * R1: leaving fsuid 0 also takes the capabilities that override modes.
 * R2: the kernel forgets the parent's death signal, and may make the process dumpable, with every change of fsuid;
 * whoever waits for a dead server must still die with its parent.
 */
#include "apply/mounts/rights.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

static int groups_of_self(struct crl_rights *r)
{
	r->len = getgroups(0, NULL);
	if (r->len < 0)
		return -errno;
	r->groups = calloc((size_t)r->len + 1, sizeof(*r->groups));
	if (!r->groups)
		return -ENOMEM;
	r->len = getgroups(r->len, r->groups);
	return r->len < 0 ? -errno : 0;
}

/* R2 */
static int guard_again(const struct crl_rights *r)
{
	if (prctl(PR_SET_PDEATHSIG, r->death_signal) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

/* R1 */
int crl_rights_take(uid_t uid, gid_t gid, const gid_t *groups, size_t len, struct crl_rights *ret_saved)
{
	int rc = groups_of_self(ret_saved);

	if (rc < 0)
		return rc;
	if (prctl(PR_GET_PDEATHSIG, &ret_saved->death_signal) < 0)
		return -errno;
	if (setgroups(len, groups))
		return -errno;
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	/* An impossible id changes nothing and tells what holds. */
	if ((uint32_t)setfsuid((uid_t)-1) != uid || (uint32_t)setfsgid((gid_t)-1) != gid)
		return -EPERM;
	return guard_again(ret_saved);
}

int crl_rights_back(struct crl_rights *saved)
{
	int rc = 0;

	(void)setfsuid(0);
	(void)setfsgid(0);
	if (saved->groups && saved->len >= 0 && setgroups((size_t)saved->len, saved->groups))
		rc = -errno;
	free(saved->groups);
	saved->groups = NULL;
	if (setfsuid((uid_t)-1) != 0 || setfsgid((gid_t)-1) != 0)
		rc = -EPERM;
	return rc < 0 ? rc : guard_again(saved);
}
