// SPDX-License-Identifier: Apache-2.0
/*
 * What steers processes of root's: the names by which they find users, groups, libraries and settings. sshd's monitor,
 * su, login and cron are root in the room as long as the login lasts: they ask for groups of the user when his process
 * is born, and for more at its end.
 *
 * R1: whoever has the directories of a root that takes writes, at these names is what the lower has, or what hide_users
 * makes of it. One that is hidden as well is covered all the same: where there is nothing, nothing would be hidden.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"
#include "policy/places.h"

static int steer(struct crl_build *b, const char *path, uint32_t flags)
{
	enum crl_tree lower = b->policy->root_mode == CRL_ROOT_IMAGE ? CRL_TREE_LOWER : CRL_TREE_HOST;
	const char *instead = crl_build_instead(b, path);

	if (crl_build_is_brought(b, path))
		return 0;
	return CRL_ADD(b, .kind = CRL_MOUNT_STEER, .tree = instead ? CRL_TREE_SEALED : lower,
		       .source = instead ? instead : path, .target = path,
		       .flags = CRL_OP_EXEC | CRL_OP_OPTIONAL | CRL_OP_FOLLOW | flags);
}

/* R1. Each is left alone at the time where only root can put something there. */
int crl_build_steering(struct crl_build *b)
{
	int rc = 0;

	if (!crl_policy_outer_is_written(b->policy))
		return 0;
	for (const struct crl_own_steering *s = crl_own_steering; s->path && rc == 0; s++)
		rc = steer(b, s->path, s->dir ? CRL_OP_DIR : 0);
	for (size_t i = 0; i < b->host->libraries_len && rc == 0 && b->policy->root_mode == CRL_ROOT_OVERLAY; i++)
		rc = steer(b, b->host->libraries[i], 0);
	return rc;
}
