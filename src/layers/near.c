// SPDX-License-Identifier: Apache-2.0
/*
 * See near.h.
 *
 * Owns: R1 no link is followed and no mount is gone into, also where a filter of the service takes openat2(2) away.
 */
#include "layers/near.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/compat.h"

bool crl_near_is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* R1. With @name "" it is @dir itself that is looked at. */
static int look(int dir, const char *name, struct statx *ret)
{
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH), STATX_BASIC_STATS,
		  ret) < 0)
		return -errno;
	return ret->stx_attributes & STATX_ATTR_MOUNT_ROOT ? -EXDEV : 0;
}

/* Where there is no openat2(2): the mount is seen when it is open already, and closed again. */
static int open_and_look(int dir, const char *name, int flags, mode_t mode, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct statx st;
	int rc;

	do
		fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	rc = fd < 0 ? -errno : look(fd, "", &st);
	if (rc == 0 && S_ISLNK(st.stx_mode)) /* O_PATH opens the link itself */
		rc = -ELOOP;
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

/* Without RESOLVE_BENEATH: one name leads nowhere else, and what is renamed meanwhile would look like a mount. */
int crl_near_open(int dir, const char *name, int flags, mode_t mode, int *ret_fd)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	if (!crl_near_is_name(name))
		return -EINVAL;
	do
		fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return open_and_look(dir, name, flags, mode, ret_fd);
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

static struct timespec time_of(const struct statx_timestamp *t)
{
	return (struct timespec){.tv_sec = t->tv_sec, .tv_nsec = t->tv_nsec};
}

int crl_near_stat(int dir, const char *name, struct stat *ret)
{
	struct statx st;
	int rc = crl_near_is_name(name) ? look(dir, name, &st) : -EINVAL;

	if (rc < 0)
		return rc;
	*ret = (struct stat){
		.st_dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.st_ino = st.stx_ino,
		.st_nlink = st.stx_nlink,
		.st_mode = st.stx_mode,
		.st_uid = st.stx_uid,
		.st_gid = st.stx_gid,
		.st_rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor),
		.st_size = (off_t)st.stx_size,
		.st_blksize = (blksize_t)st.stx_blksize,
		.st_blocks = (blkcnt_t)st.stx_blocks,
		.st_atim = time_of(&st.stx_atime),
		.st_mtim = time_of(&st.stx_mtime),
		.st_ctim = time_of(&st.stx_ctime),
	};
	return 0;
}
