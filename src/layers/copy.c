// SPDX-License-Identifier: Apache-2.0
/*
 * See copy.h.
 *
 * Owns: R1 no copy has a set-id bit of a file, a security.* or a trusted.* attribute; R2 no device is made; R3 nothing
 * is left by the new name when the copy is not whole.
 */
#include "layers/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "layers/near.h"

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
#define SMALL (64 * 1024) /* bytes that are read and written at once */
#define BUFFER (256 * 1024)
#define PIECE (64 * 1024 * 1024) /* of copy_file_range(2), so that a signal is heard */

int crl_object_place_at(int dir, struct crl_object_place *ret)
{
	struct stat st;
	ssize_t n;

	if (fstat(dir, &st) < 0)
		return -errno;
	n = fgetxattr(dir, ACL_DEFAULT, NULL, 0);
	if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	*ret = (struct crl_object_place){
		.dir = dir,
		.gid = st.st_mode & S_ISGID ? st.st_gid : getegid(),
		.inherits = n > 0,
	};
	return 0;
}

/* R1: what a copy takes over. */
static bool is_kept(const char *attribute)
{
	return strncmp(attribute, "user.", 5) == 0 || strcmp(attribute, ACL_ACCESS) == 0 ||
	       strcmp(attribute, ACL_DEFAULT) == 0;
}

/* The names of all attributes, each with its NUL. Returns how many bytes, or -errno. @ret  to be freed */
static ssize_t list_attributes(int fd, char **ret)
{
	char few[1024];
	ssize_t n = flistxattr(fd, few, sizeof(few));
	scoped_free char *all = NULL;

	*ret = NULL;
	if (n < 0 && errno != ERANGE)
		return errno == EOPNOTSUPP ? 0 : -errno;
	if (n == 0)
		return 0;
	all = malloc(n < 0 ? XATTR_LIST_MAX : (size_t)n);
	if (!all)
		return -ENOMEM;
	if (n > 0)
		memcpy(all, few, (size_t)n);
	else
		n = flistxattr(fd, all, XATTR_LIST_MAX);
	if (n < 0)
		return -errno;
	*ret = take_ptr(all);
	return n;
}

/* @value, @old  of XATTR_SIZE_MAX bytes */
static int take_over(int from, int to, const char *attribute, char *value, char *old)
{
	ssize_t n = fgetxattr(from, attribute, value, XATTR_SIZE_MAX), m;

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	m = fgetxattr(to, attribute, old, XATTR_SIZE_MAX);
	if (m == n && memcmp(value, old, (size_t)n) == 0)
		return 0;
	return fsetxattr(to, attribute, value, (size_t)n, 0) < 0 ? -errno : 0;
}

/* Those that begin like @prefix. @value  memory for them, to be freed */
static int take_over_some(int from, int to, const char *prefix, const struct iovec *names, char **value)
{
	const char *end = (const char *)names->iov_base + names->iov_len;
	int rc = 0;

	for (const char *name = names->iov_base; rc == 0 && name < end; name += strlen(name) + 1) {
		if (!is_kept(name) || strncmp(name, prefix, strlen(prefix)) != 0)
			continue;
		if (!*value)
			*value = malloc((size_t)XATTR_SIZE_MAX * 2);
		rc = *value ? take_over(from, to, name, *value, *value + XATTR_SIZE_MAX) : -ENOMEM;
	}
	return rc;
}

static int take_over_all(int from, int to)
{
	scoped_free char *names = NULL;
	scoped_free char *value = NULL;
	ssize_t n = list_attributes(from, &names);
	const struct iovec list = {names, n > 0 ? (size_t)n : 0};
	int rc;

	if (n <= 0)
		return (int)n;
	rc = take_over_some(from, to, "user.", &list, &value);
	if (rc == 0) /* last: they may take away the right to set the others */
		rc = take_over_some(from, to, "system.", &list, &value);
	return rc;
}

/* What @to has, and @from has not. */
static int take_away(int from, int to)
{
	scoped_free char *names = NULL;
	ssize_t n = list_attributes(to, &names);

	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1)
		if (is_kept(name) && fgetxattr(from, name, NULL, 0) < 0 && (errno == ENODATA || errno == EOPNOTSUPP) &&
		    fremovexattr(to, name) < 0 && errno != ENODATA)
			return -errno;
	return n < 0 ? (int)n : 0;
}

/* The group where it may be given; who cannot give it has it as it comes. */
static int give_group(int fd, gid_t is, gid_t wanted)
{
	if (is == wanted || fchown(fd, (uid_t)-1, wanted) == 0 || errno == EPERM)
		return 0;
	return -errno;
}

static int set_times(int fd, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	return futimens(fd, times) < 0 ? -errno : 0;
}

static int change_attributes(int from, int to, bool fresh)
{
	int rc = fresh ? 0 : take_away(from, to);

	return rc ? rc : take_over_all(from, to);
}

int crl_object_dress(int from, int to, const struct stat *st, bool fresh)
{
	mode_t mode = st->st_mode & 03777; /* R1; of a directory the group bit says only whose its files are */
	struct stat now;
	int rc = fstat(to, &now) < 0 ? -errno : give_group(to, now.st_gid, st->st_gid);

	if (rc == 0)
		rc = change_attributes(from, to, fresh);
	if (rc == -EACCES && fchmod(to, now.st_mode | S_IRWXU) == 0) /* user.* are as the content is */
		rc = change_attributes(from, to, fresh);
	if (rc == 0 && fstat(to, &now) < 0)
		rc = -errno;
	if (rc == 0 && (now.st_mode & 07777) != mode && fchmod(to, mode) < 0)
		rc = -errno;
	if (rc == 0 && (now.st_mtim.tv_sec != st->st_mtim.tv_sec || now.st_mtim.tv_nsec != st->st_mtim.tv_nsec)) {
		rc = set_times(to, st);
		if (rc == -EPERM && now.st_uid != geteuid())
			rc = 0; /* a directory of others' in which the caller may write */
	}
	return rc;
}

static int write_all(int fd, const char *data, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* From @at to @end through memory. Ends early where the file does. */
static int copy_by_hand(int in, int out, off_t at, off_t end)
{
	char few[SMALL];
	scoped_free char *more = end - at > SMALL ? malloc(BUFFER) : NULL;
	char *buf = more ? more : few;
	size_t size = more ? BUFFER : SMALL;
	int rc = 0;

	while (rc == 0 && at < end) {
		ssize_t n = pread(in, buf, (off_t)size < end - at ? size : (size_t)(end - at), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		rc = write_all(out, buf, (size_t)n, at);
		at += n;
	}
	return rc;
}

/* One piece without holes. */
static int copy_piece(int in, int out, off_t at, off_t end)
{
	while (end - at > SMALL) {
		loff_t from = at, to = at;
		ssize_t n = copy_file_range(in, &from, out, &to, end - at < PIECE ? (size_t)(end - at) : PIECE, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
			return -errno;
		if (n <= 0)
			break; /* not between these two file systems */
		at += n;
	}
	return copy_by_hand(in, out, at, end);
}

static int copy_pieces(int in, int out, off_t size)
{
	off_t at = 0;
	int rc = 0;

	while (rc == 0 && at < size) {
		off_t data = lseek(in, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole is left */
		if (data < 0 && errno != EINVAL && errno != EOPNOTSUPP)
			return -errno;
		if (data < 0)
			return copy_piece(in, out, at, size); /* it does not know of holes */
		hole = lseek(in, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		if (data < hole)
			rc = copy_piece(in, out, data, hole);
		at = hole;
	}
	return rc;
}

static int copy_data(int in, int out, const struct stat *st)
{
	bool sparse = st->st_blocks * 512 < st->st_size;
	int rc;

	if (st->st_size > SMALL && ioctl(out, FICLONE, in) == 0)
		return 0;
	rc = sparse ? copy_pieces(in, out, st->st_size) : copy_piece(in, out, 0, st->st_size);
	if (rc == 0 && sparse && ftruncate(out, st->st_size) < 0)
		rc = -errno;
	return rc;
}

/* @out  as it was made, with mode 0600 and nothing in it */
static int fill_file(int in, int out, const struct stat *st, const struct crl_object_place *to)
{
	int rc = S_ISREG(st->st_mode) ? copy_data(in, out, st) : 0;

	if (rc == 0)
		rc = give_group(out, to->gid, st->st_gid);
	if (rc == 0 && to->inherits && fremovexattr(out, ACL_ACCESS) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		rc = -errno;
	if (rc == 0)
		rc = take_over_all(in, out);
	if (rc == 0 &&
	    fchmod(out, st->st_mode & 01777) < 0) /* R1; behind user.*, which nobody adds to what is read-only */
		rc = -errno;
	return rc ? rc : set_times(out, st);
}

/* Where writing is only asked for when all is written, as on NFS, its failure is told by close(2). */
static int close_written(int *fd)
{
	return close(take_fd(fd)) < 0 && errno != EINTR ? -errno : 0;
}

static int copy_file(int from, const char *name, const struct stat *st, const struct crl_object_place *to,
		     const char *as)
{
	scoped_fd in = -EBADF;
	scoped_fd out = -EBADF;
	struct stat now;
	int rc = crl_near_open(from, name, O_RDONLY | O_NONBLOCK | O_NOATIME, 0, &in);

	if (rc == -EPERM) /* not the owner's */
		rc = crl_near_open(from, name, O_RDONLY | O_NONBLOCK, 0, &in);
	if (rc < 0)
		return rc == -ELOOP ? -ESTALE : rc;
	if (fstat(in, &now) < 0)
		return -errno;
	if (now.st_ino != st->st_ino || (now.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
		return -ESTALE;
	if (S_ISFIFO(now.st_mode) && mkfifoat(to->dir, as, 0600) < 0)
		return -errno;
	rc = crl_near_open(to->dir, as, S_ISFIFO(now.st_mode) ? O_RDONLY | O_NONBLOCK : O_WRONLY | O_CREAT | O_EXCL,
			   S_ISFIFO(now.st_mode) ? 0 : 0600, &out);
	if (rc < 0 && S_ISREG(now.st_mode))
		return rc;
	if (rc == 0)
		rc = fill_file(in, out, &now, to);
	if (rc == 0)
		rc = close_written(&out);
	if (rc < 0)
		(void)unlinkat(to->dir, as, 0); /* R3: and if not, its name says what it is */
	return rc;
}

static int copy_link(int from, const char *name, const struct stat *st, const struct crl_object_place *to,
		     const char *as)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
	int rc = 0;

	if (n < 0)
		return errno == EINVAL ? -ESTALE : -errno;
	target[n] = '\0';
	if (symlinkat(target, to->dir, as) < 0)
		return -errno;
	if (st->st_gid != to->gid && fchownat(to->dir, as, (uid_t)-1, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM)
		rc = -errno;
	if (rc == 0 && utimensat(to->dir, as, times, AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlinkat(to->dir, as, 0); /* R3 */
	return rc;
}

int crl_object_copy(int from, const char *name, const struct stat *st, const struct crl_object_place *to,
		    const char *as)
{
	if (!crl_near_is_name(name) || !crl_near_is_name(as))
		return -EINVAL;
	if (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode))
		return copy_file(from, name, st, to, as);
	if (S_ISLNK(st->st_mode))
		return copy_link(from, name, st, to, as);
	return S_ISDIR(st->st_mode) ? -EISDIR : -EOPNOTSUPP; /* R2 */
}
