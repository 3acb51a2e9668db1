// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel wants to see before a user namespace inside the room gets a /proc or /sys of its own.
 *
 * It refuses one that would show what the mounts over the existing ones hide (mount_too_revealing()), unless one of
 * that kind is in the namespace with nothing on it; where that one is mounted does not matter. So there is one where
 * nobody gets to: below a directory that is root's alone, and that is covered as well.
 *
 * Runs in: helper, carrelctl. Pure. Source: mount_namespaces(7), docs/mounts.md.
 */
#include "plan/mounts/build.h"

#define NEST "carrel-nest" /* in /run */
#define NEST_DIR "/run/" NEST

static int add_bare(struct crl_build *b, enum crl_tree tree, const char *target, uint32_t flags)
{
	return crl_build_add_placed(
		b, (struct crl_mount_op){.kind = CRL_MOUNT_BARE, .tree = tree, .target = target, .flags = flags});
}

int crl_build_nest(struct crl_build *b)
{
	int rc;

	if (!b->host->nest || !b->policy->nested_proc)
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "run/" NEST, .mode = 0700);
	if (rc == 0)
		rc = add_bare(b, CRL_TREE_PROC, NEST_DIR "/proc", 0);
	if (rc == 0)
		rc = add_bare(b, CRL_TREE_SYS, NEST_DIR "/sys", CRL_OP_OPTIONAL);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HIDE, .target = NEST_DIR);
	return rc;
}
