// SPDX-License-Identifier: Apache-2.0
/*
 * Proof of what a plan names, while root has a number.
 *
 * In the room's user namespace all but the user are one number, and nobody can tell root's link from a neighbour's. So
 * what the plan will open or cover by name is looked up before: R1 no link that anyone but root can have made is on the
 * way, and what is to be root's is.
 *
 * Runs in: carrel-shell, outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "apply/mounts/beneath.h"
#include "base/path.h"
#include "shell/alone/room.h"
#include "state/published.h"

/* Where the step's path of the host's is found; NULL = it has none that links could be in. */
static const char *path_of(const struct crl_mount_op *op, bool image)
{
	switch ((int)op->kind) {
	case CRL_MOUNT_WRITABLE:
	case CRL_MOUNT_BIND:
	case CRL_MOUNT_OFFER:
	case CRL_MOUNT_HOME_OPEN:
		return op->source;
	case CRL_MOUNT_READ_ONLY:
	case CRL_MOUNT_HIDE:
	case CRL_MOUNT_SHOW:
	case CRL_MOUNT_HOME:
		return image || !(op->flags & CRL_OP_FOLLOW) ? NULL : op->target;
	default:
		return NULL;
	}
}

/* R1 */
static int prove_step(int root, const struct crl_mount_op *op, bool image, struct crl_err *err)
{
	const char *path = path_of(op, image);
	scoped_fd fd = -EBADF;

	if (!path || crl_beneath_find(root, path, true, &fd) != -ELOOP)
		return 0;
	return crl_err_set(err, ELOOP, CRL_STAGE_MOUNT, "%s: a symbolic link that is not root's is on the way", path);
}

static int prove_dir(const char *path, struct crl_err *err)
{
	scoped_fd fd = -EBADF;

	return path ? crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_MOUNT, &fd, err) : 0;
}

int alone_prove(const struct alone_room *room, struct crl_err *err)
{
	const struct crl_policy *p = &room->published->policy;
	bool image = p->root_mode == CRL_ROOT_IMAGE;
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int rc = root < 0 ? crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /") : 0;

	for (size_t i = 0; i < room->plan.len && rc == 0; i++)
		rc = prove_step(root, &room->plan.op[i], image, err);
	if (rc == 0 && image)
		rc = prove_dir(p->root_path, err);
	for (size_t i = 0; i < p->home_lower.len && rc == 0; i++)
		rc = prove_dir(p->home_lower.item[i], err);
	return rc < 0 ? rc : prove_dir(p->home_skeleton, err);
}
