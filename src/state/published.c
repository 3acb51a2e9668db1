// SPDX-License-Identifier: Apache-2.0
/*
 * The files of published policies, see published.h.
 *
 *  R1  Who may read a file is said before it has a name that is looked for; nobody but root ever writes it.
 *  R2  A reader takes nothing that anybody but root could have put there, and no file of another user.
 *  R3  One writer at a time: no two have the same file beside, which would give a user what another one's is.
 *
 * Runs in: carrelctl, root; carrel-shell, as the user. Source: acl(5), the kernel's posix_acl_xattr.h.
 */
#include "state/published.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/root.h"

#define BESIDE ".new"

static const char *place(const char *dir)
{
	return dir ? dir : CRL_PUBLISHED_DIR;
}

bool crl_published_is_name(const char *name, uint32_t *ret_uid)
{
	uint64_t uid;

	if (crl_parse_uint(name, 0, UINT32_MAX - 1, &uid) < 0)
		return false;
	*ret_uid = (uint32_t)uid;
	return true;
}

/* R2. The path is root's by crl_path_open_trusted(); that lets a user's own file pass, which this does not. */
static int open_file(const char *dir, uint32_t uid, int *ret_fd, struct crl_err *err)
{
	char path[512];
	struct stat st;
	int rc = snprintf(path, sizeof(path), "%s/%" PRIu32, place(dir), uid);

	if (rc < 0 || (size_t)rc >= sizeof(path))
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "the directory's name is too long");
	rc = crl_path_open_trusted(path, CRL_PATH_FILE, CRL_STAGE_CONFIG, ret_fd, err);
	if (rc == -ENOENT)
		return crl_err_set(err, ENOENT, CRL_STAGE_CONFIG, "no policy is published for uid %" PRIu32, uid);
	if (rc < 0)
		return rc;
	if (fstat(*ret_fd, &st) < 0 || !crl_hostroot_owns(&st)) {
		drop_fd(ret_fd);
		return crl_err_set(err, EPERM, CRL_STAGE_CONFIG, "%s: found a file that is not root's", path);
	}
	return 0;
}

int crl_published_read_text(const char *dir, uint32_t uid, char **ret, size_t *ret_len, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = open_file(dir, uid, &fd, err);

	if (rc < 0)
		return rc;
	rc = crl_file_read_all(fd, ret, ret_len);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot read the published policy") : 0;
}

int crl_published_read(const char *dir, uint32_t uid, struct crl_published *ret, struct crl_err *err)
{
	scoped_free char *text = NULL;
	size_t len = 0;
	int rc;

	*ret = (struct crl_published){.room = false};
	rc = crl_published_read_text(dir, uid, &text, &len, err);
	if (rc == 0)
		rc = crl_published_parse(text, len, ret, err);
	if (rc == 0 && ret->uid != uid) /* R2 */
		rc = crl_err_set(err, EBADMSG, CRL_STAGE_CONFIG,
				 "the published policy of uid %" PRIu32 " is uid %" PRIu32 "'s", uid, ret->uid);
	return rc;
}

static int open_dir(const char *dir, bool make, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc;

	if (make && mkdir(place(dir), 0711) < 0 && errno != EEXIST)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot make %s", place(dir));
	fd = -EBADF;
	rc = crl_path_open_trusted(place(dir), CRL_PATH_DIR, CRL_STAGE_STATE, &fd, err);
	if (rc < 0)
		return rc;
	if (make && fchmod(fd, 0711) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot close %s to others", place(dir));
	*ret_fd = take_fd(&fd);
	return 0;
}

/* R3. Only root can open the directory, and so keep others waiting; it is open until the writer is done. */
static int open_for_write(const char *dir, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = open_dir(dir, true, &fd, err);

	while (rc == 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot lock %s", place(dir));
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

/* The user reads, by name; root does, and nobody else. */
static int give_by_list(int fd, uint32_t uid)
{
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry entry[5];
	} acl = {
		.head = {.a_version = POSIX_ACL_XATTR_VERSION},
		.entry =
			{
				{ACL_USER_OBJ, ACL_READ | ACL_WRITE, (uint32_t)ACL_UNDEFINED_ID},
				{ACL_USER, ACL_READ, uid},
				{ACL_GROUP_OBJ, 0, (uint32_t)ACL_UNDEFINED_ID},
				{ACL_MASK, ACL_READ, (uint32_t)ACL_UNDEFINED_ID},
				{ACL_OTHER, 0, (uint32_t)ACL_UNDEFINED_ID},
			},
	};

	return fsetxattr(fd, "system.posix_acl_access", &acl, sizeof(acl), 0) < 0 ? -errno : 0;
}

/* R1 */
static int give(int fd, const struct crl_published *p, bool private, struct crl_err *err)
{
	int rc = fchown(fd, 0, 0) < 0 ? -errno : give_by_list(fd, p->uid);

	if (rc == -EOPNOTSUPP && private)
		rc = fchown(fd, 0, p->gid) < 0 || fchmod(fd, 0640) < 0 ? -errno : 0;
	else if (rc == -EOPNOTSUPP)
		return crl_err_set(
			err, EOPNOTSUPP, CRL_STAGE_STATE,
			"%s: this file system has no access control lists, and user %s has no group of their own",
			CRL_PUBLISHED_DIR, p->user);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot give the file to user %s", p->user) : 0;
}

static int write_beside(int dir, const struct crl_published *p, bool private, struct crl_err *err)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	int rc = crl_published_print(p, &text, err);

	if (rc < 0)
		return rc;
	if (unlinkat(dir, BESIDE, 0) < 0 && errno != ENOENT)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot remove what was left of before");
	fd = openat(dir, BESIDE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot make the file");
	rc = give(fd, p, private, err);
	if (rc < 0)
		return rc;
	rc = crl_file_write_all(fd, text, strlen(text));
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot write the file") : 0;
}

int crl_published_write(const char *dir, const struct crl_published *p, bool private, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char name[16];
	int rc = open_for_write(dir, &fd, err);

	if (rc < 0)
		return rc;
	(void)snprintf(name, sizeof(name), "%" PRIu32, p->uid);
	rc = write_beside(fd, p, private, err);
	if (rc == 0 && renameat(fd, BESIDE, fd, name) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot put the file in its place");
	if (rc == 0 && fsync(fd) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot write the directory");
	if (rc < 0)
		(void)unlinkat(fd, BESIDE, 0); /* may not have been made */
	return rc;
}

int crl_published_remove(const char *dir, uint32_t uid, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char name[16];
	int rc = open_dir(dir, false, &fd, err);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	if (unlinkat(fd, name, 0) < 0)
		return errno == ENOENT
			       ? 0
			       : crl_err_set(err, errno, CRL_STAGE_STATE, "cannot remove the file of uid %s", name);
	return 1;
}
