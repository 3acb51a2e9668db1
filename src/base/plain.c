// SPDX-License-Identifier: Apache-2.0
/*
 * See plain.h.
 *
 * Runs in: every product. R1: no link is followed. R2: the walk only goes down, from descriptor to descriptor, so that
 * whoever renames a directory meanwhile leads it nowhere that openat2(2) would not have gone.
 */
#include "base/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"

static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* R1: with O_PATH a link at the end is opened itself, and with O_DIRECTORY it is "no directory". */
static int step(int dir, const char *name, int flags, mode_t mode, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	do
		fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	rc = fd < 0 ? -errno : 0;
	if (rc == -ENOTDIR && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	if (rc == 0 && flags & O_PATH && fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		rc = -errno;
	if (rc == 0 && flags & O_PATH && S_ISLNK(st.st_mode))
		rc = -ELOOP;
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

/* R2 */
int crl_plain_walk(int root, const char *path, uint64_t flags, mode_t mode, int *ret_fd)
{
	scoped_fd at = -EBADF;
	int dir = root;

	for (path = relative(path);;) {
		size_t len = strcspn(path, "/");
		const char *more = path + len + strspn(path + len, "/");
		char name[NAME_MAX + 1];
		bool last = !*more;
		int next = -EBADF, rc;

		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		if (strcmp(name, "..") == 0)
			return -EXDEV;
		/* As a directory: what an automounter has to mount is mounted, as on any way through it. */
		if (!last || path[len] == '/')
			rc = step(dir, name, last ? (int)flags | O_DIRECTORY : O_PATH | O_DIRECTORY, last ? mode : 0,
				  &next);
		else
			rc = step(dir, name, (int)flags, mode, &next);
		if (rc < 0)
			return rc;
		if (last) {
			*ret_fd = next;
			return 0;
		}
		drop_fd(&at);
		dir = at = next;
		path = more;
	}
}

int crl_plain_open(int root, const char *path, uint64_t flags, mode_t mode, int *ret_fd)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		/* Without O_NOFOLLOW on purpose: with it and O_PATH a link at the end is opened, not refused. */
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, relative(path), &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0)
		/* Filters answer with either; where the file system itself says EPERM, it says so once more. */
		return errno == ENOSYS || errno == EPERM ? crl_plain_walk(root, path, flags, mode, ret_fd) : -errno;
	*ret_fd = (int)fd;
	return 0;
}
