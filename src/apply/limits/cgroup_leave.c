// SPDX-License-Identifier: Apache-2.0
/*
 * See cgroup_leave.h.
 *
 * R1: a group is a user's when its directory, or one above it, is: whoever has one stops all below it.
 * R2: so is one of systemd's below user.slice, root's as its directory is: what its user may use holds for all in it.
 * R3: so is one that cannot be looked at: a user makes theirs so deep that the kernel does not tell its name.
 */
#include "apply/limits/cgroup_leave.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
#define PATH_SIZE 4096
#define USERS_SLICE "user.slice/"

static bool is_roots(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* R1, R2. @path  from the root on; it is cut up. @ret_fd  the group, where it is root's. Returns 1, 0 or -errno. */
static int look(int root, char *path, int *ret_fd)
{
	scoped_fd at = openat(root, ".", DIR_FLAGS);
	char *rest = NULL;

	if (strncmp(path, USERS_SLICE, strlen(USERS_SLICE)) == 0)
		return 0;
	if (at < 0)
		return -errno;
	for (char *name = strtok_r(path, "/", &rest); name && is_roots(at); name = strtok_r(NULL, "/", &rest)) {
		int below = openat(at, name, DIR_FLAGS);

		if (below < 0)
			return -errno;
		drop_fd(&at);
		at = below;
	}
	if (!is_roots(at))
		return 0;
	*ret_fd = take_fd(&at);
	return 1;
}

/* As look(). One that is not below the root of what is mounted is not to be seen from here: -ENOENT. */
static int look_at(int root, pid_t pid, int *ret_fd)
{
	char path[PATH_SIZE];
	int rc = crl_cgroup_of(pid, path, sizeof(path));

	if (rc == 0 && strncmp(path, "..", 2) == 0)
		rc = -ENOENT;
	return rc < 0 ? rc : look(root, path, ret_fd);
}

int crl_cgroup_leave_users(void)
{
	scoped_fd root = -EBADF, here = -EBADF, first = -EBADF;
	int rc = crl_cgroup_open_root("", &root, NULL, NULL);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = look_at(root, getpid(), &here);
	if (rc > 0 || rc == -ENOENT) /* R3 */
		return 0;
	rc = look_at(root, 1, &first);
	if (rc <= 0)
		return rc < 0 ? rc : -EPERM;
	rc = crl_cgroup_attach(first, getpid());
	return rc < 0 ? rc : 1;
}
