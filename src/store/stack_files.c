// SPDX-License-Identifier: Apache-2.0
/*
 * Files and directories of an entry's data, each found beneath its descriptor. See stack_place.h.
 *
 * R1: whatever the directory holds, nothing outside of it is opened or changed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/plain.h"
#include "store/stack_place.h"

int crl_stacking_fail(struct crl_err *err, int rc, const char *what)
{
	if (rc == -ENOSPC || rc == -EDQUOT)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot %s: the space or the number of files is used up",
				   what);
	return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot %s: %s", what, strerrordesc_np(-rc));
}

int crl_stacking_damaged(struct crl_err *err, const char *name)
{
	return crl_err_set(err, EBADMSG, CRL_STAGE_HOME, "\"%s\" in the store is missing or not what it should be",
			   name);
}

/* R1. */
int crl_stacking_open_dir(int data, const char *path, int *ret_fd)
{
	return crl_plain_open(data, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, ret_fd);
}

int crl_stacking_has(int at, const char *name)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int crl_stacking_move(int from, const char *name, int to, const char *as)
{
	return renameat2(from, name, to, as, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

/* R1. */
ssize_t crl_stacking_read(int data, const char *name, char *buf, size_t size)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_plain_open(data, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);

	if (rc < 0)
		return rc == -ELOOP ? -EBADMSG : rc;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size >= size)
		return -EBADMSG;
	return crl_file_read_fd(fd, buf, size);
}

int crl_stacking_write(int data, const char *name, const char *text, size_t len)
{
	struct stat st, mine;
	int rc = crl_file_replace(data, &(struct crl_file){.name = name,
							   .beside = CRL_STACK_NEW_TEXT,
							   .data = text,
							   .len = len,
							   .mode = 0600,
							   .durable = true});

	/* Root writes for the directory's owner, whose keeper has to be able to go on with it. */
	if (rc == 0 && (fstat(data, &st) < 0 || fstatat(data, name, &mine, AT_SYMLINK_NOFOLLOW) < 0))
		return -errno;
	if (rc == 0 && (st.st_uid != mine.st_uid || st.st_gid != mine.st_gid) && geteuid() == 0 &&
	    fchownat(data, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	return rc;
}

int crl_stacking_trash_name(char ret[CRL_TRASH_NAME_MAX])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	(void)snprintf(ret, CRL_TRASH_NAME_MAX, "%016" PRIx64, number);
	return 0;
}

int crl_stacking_trash(int trash_dir, int at, const char *name)
{
	char as[CRL_TRASH_NAME_MAX];
	int rc = crl_stacking_trash_name(as);

	return rc < 0 ? rc : crl_stacking_move(at, name, trash_dir, as);
}

int crl_stacking_make_dir(int data, const char *name, const struct crl_stack_top *like, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st, mine;
	int rc;

	if (mkdirat(data, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	rc = crl_stacking_open_dir(data, name, &fd);
	if (rc == 0 && (fstat(fd, &mine) < 0 || fstat(data, &st) < 0))
		rc = -errno;
	if (rc < 0)
		return rc;
	if (like) {
		st.st_uid = like->uid;
		st.st_gid = like->gid;
	}
	if (!like && geteuid() != 0)
		st.st_gid = mine.st_gid; /* the store's group is root's, which a keeper has not, and nobody needs it */
	if ((mine.st_uid != st.st_uid || mine.st_gid != st.st_gid) && fchown(fd, st.st_uid, st.st_gid) < 0)
		return -errno;
	if (like && fchmod(fd, like->mode & 07777) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_stacking_copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t n = flistxattr(from, names, sizeof(names));

	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t len;

		if (strncmp(name, "user.", 5) != 0 && strncmp(name, "system.posix_acl_", 17) != 0)
			continue;
		len = fgetxattr(from, name, value, sizeof(value));
		if (len < 0 || fsetxattr(to, name, value, (size_t)len, 0) < 0)
			return -errno;
	}
	return n < 0 && errno != EOPNOTSUPP ? -errno : 0;
}
