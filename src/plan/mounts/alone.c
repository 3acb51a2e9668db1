// SPDX-License-Identifier: Apache-2.0
/*
 * A room that its user makes, without root.
 *
 * In a user namespace that is not the host's, nothing can be cloned without all that is mounted on it, nor be taken
 * off again: a clone of "/" would show in its mountinfo what the host has mounted, under covers. So the root is a
 * small file system of the room's own, and what the host has at its top is put into it, each for itself; what the room
 * has of its own, and what is hidden as a whole, is never there.
 *
 * R1: nothing but directories and links at the host's top come in.
 *
 * Runs in: carrel-shell, carrelctl. Pure. Source: mount_namespaces(7), "Restrictions on mount namespaces".
 */
#include "plan/mounts/build.h"

#include <errno.h>

#define ROOT_SIZE (1u << 20) /* bytes: places for mounts and links alone */

/* R1. Its place, and what the host has there where something of it is to be seen. */
static int add_dir(struct crl_build *b, const char *path)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_ROOT, .target = path + 1, .mode = 0755);

	if (rc < 0 || !crl_build_is_needed(b, path))
		return rc;
	return CRL_ADD(b, .kind = CRL_MOUNT_KEEP, .source = path, .target = path);
}

int crl_build_alone(struct crl_build *b)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_SKELETON, .target = "root", .number = ROOT_SIZE);

	for (size_t i = 0; i < b->host->top_len && rc == 0; i++) {
		const struct crl_host_top *top = &b->host->top[i];

		rc = top->link ? CRL_ADD(b, .kind = CRL_MOUNT_LINK, .tree = CRL_TREE_ROOT, .target = top->path + 1,
					 .data = top->link)
			       : add_dir(b, top->path);
	}
	return rc;
}

void crl_mount_plan_renumber(struct crl_mount_plan *plan, const struct crl_login *login)
{
	for (size_t i = 0; i < plan->len; i++) {
		struct crl_mount_op *op = &plan->op[i];

		if (op->kind == CRL_MOUNT_LASTLOG) /* it is where the user's record is */
			continue;
		op->uid = op->uid == login->uid ? 0 : op->uid;
		op->gid = op->gid == login->gid ? 0 : op->gid;
	}
}
