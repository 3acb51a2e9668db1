// SPDX-License-Identifier: Apache-2.0
/*
 * Cover a socket of the host in the room's view.
 *
 * Runs in: the room's init, root.
 * R1: the name is what some process, maybe a user's, said it bound. Nothing but a socket is ever covered for it,
 *     nothing outside of the room's root is reached, and the look-up does not wait: the name of a socket that is in
 *     use is in the kernel's cache, so one that is not there leads to a file system that somebody wants asked.
 */
#include "apply/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIES 16 /* a rename anywhere makes a look-up in the cache fail now and then */

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

/* R1 */
static int find_cached(int root, const char *path, int *ret_fd)
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

int crl_room_cover_socket(struct crl_room *room, const struct crl_mount_op *op)
{
	scoped_fd to = -EBADF;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	/* Not there, or not from here: in a chroot, another's mount namespace, a directory that is gone. */
	if (find_cached(room->tree[CRL_TREE_ROOT], op->target, &to) < 0 || fstatat(to, "", &st, AT_EMPTY_PATH) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return 0;
	rc = crl_room_clone_sealed(room, "blank", &fd);
	if (!rc)
		rc = crl_mount_attach(fd, to);
	return rc == 0 || rc == -ENOENT ? 0 : crl_room_fail(room, op, rc, "cannot cover");
}
