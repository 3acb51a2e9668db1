// SPDX-License-Identifier: Apache-2.0
/* See spare.h. */
#include "store/spare.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/plain.h"

#define SPARE ".spare"
#define FILES 24u /* an overlay takes 5 for a moment, a change of the stack 8 */
#define FILE_BYTES 16384u

static int open_spare(int data, int *ret_fd)
{
	return crl_plain_open(data, SPARE, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

static void name_of(unsigned int i, char buf[12])
{
	(void)snprintf(buf, 12, "%u", i);
}

int crl_spare_make(int data)
{
	struct stat st;

	if (fstat(data, &st) < 0 || (mkdirat(data, SPARE, 0700) < 0 && errno != EEXIST))
		return -errno;
	return geteuid() == 0 && fchownat(data, SPARE, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

void crl_spare_unmake(int data)
{
	(void)unlinkat(data, SPARE, AT_REMOVEDIR); /* what is left is told by who removes the data */
}

static bool is_enough(const struct statfs *fs)
{
	return (uint64_t)fs->f_ffree >= FILES && (uint64_t)fs->f_bavail * (uint64_t)fs->f_bsize >= FILES * FILE_BYTES;
}

int crl_spare_yield(int data)
{
	scoped_fd dir = -EBADF;
	struct statfs fs;
	int rc = open_spare(data, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (fstatfs(dir, &fs) < 0)
		return -errno;
	for (unsigned int i = 0; i < FILES && !is_enough(&fs); i++) {
		char name[12];

		name_of(i, name);
		if ((unlinkat(dir, name, 0) < 0 && errno != ENOENT) || fstatfs(dir, &fs) < 0)
			return -errno;
	}
	return 0;
}

static int keep_back(int dir, const char *name, const struct stat *like)
{
	scoped_fd fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != like->st_uid && fchown(fd, like->st_uid, like->st_gid) < 0)
		return -errno;
	if ((uint64_t)st.st_blocks * 512 >= FILE_BYTES)
		return 0;
	return fallocate(fd, 0, 0, FILE_BYTES) < 0 && errno != EOPNOTSUPP ? -errno : 0;
}

int crl_spare_settle(int data)
{
	scoped_fd dir = -EBADF;
	struct stat st;
	int rc = open_spare(data, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	if (fstat(dir, &st) < 0)
		return -errno;
	for (unsigned int i = 0; rc == 0 && i < FILES; i++) {
		char name[12];

		name_of(i, name);
		rc = keep_back(dir, name, &st);
	}
	return rc;
}
