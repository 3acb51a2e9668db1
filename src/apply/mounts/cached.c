// SPDX-License-Identifier: Apache-2.0
/*
 * Cover a socket of the host in the room's view.
 *
 * Runs in: the room's init, root; crl_find_cached() in a child of carrel-steward, too.
 * R1: the name is what some process, maybe a user's, said it bound. Nothing but a socket is ever covered for it,
 *     nothing outside of the room's root is reached, and the look-up does not wait: the name of a socket that is in
 *     use is in the kernel's cache, so one that is not there leads to a file system that somebody wants asked. Where
 *     a filter of the service takes openat2(2) away, nothing is looked up that a server or a program answers for.
 */
#include "apply/mounts/cached.h"
#include "apply/mounts/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"

#define TRIES 16 /* a rename anywhere makes a look-up in the cache fail now and then */

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* R1 */
int crl_find_cached(int root, const char *path, int *ret_fd)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};

	for (int i = 0; i < TRIES; i++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd >= 0) {
			*ret_fd = (int)fd;
			return 0;
		}
		if (errno != EAGAIN)
			return -errno;
	}
	return -EAGAIN;
}

/* R1. -EXDEV, -ELOOP: it may be there. */
static int find_socket(struct crl_mounting *room, const char *path, int *ret_fd)
{
	int root = room->tree[CRL_TREE_ROOT];
	int rc = crl_find_cached(root, path, ret_fd);

	if (rc != -ENOSYS && rc != -EPERM)
		return rc;
	rc = crl_beneath_find_near(root, path, room->far, room->far_len, ret_fd);
	room->uncovered += rc == -EXDEV || rc == -ELOOP;
	return rc;
}

/* What says nothing of the name, and so no name can bring about. */
static bool is_our_own(int rc)
{
	return rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

int crl_mounting_cover_socket(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd to = -EBADF;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	rc = find_socket(room, op->target, &to);
	if (is_our_own(rc))
		return crl_mounting_fail(room, op, rc, "cannot look it up");
	/* Not there, or not from here: in a chroot, another's mount namespace, a directory that is gone. */
	if (rc < 0 || fstatat(to, "", &st, AT_EMPTY_PATH) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	rc = crl_mounting_clone_sealed(room, "blank", &fd);
	if (rc == 0)
		rc = crl_mount_attach(fd, to);
	return rc == 0 || rc == -ENOENT ? 0 : crl_mounting_fail(room, op, rc, "cannot cover");
}
