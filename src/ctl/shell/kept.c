// SPDX-License-Identifier: Apache-2.0
/*
 * Directories for what users change in their homes who make their rooms themselves: STORE.alone/UID.NAME. Not in the
 * store, which nobody but root can pass.
 *
 *  R1  Whose it is decides who publishes it: one that is another user's already is given to nobody.
 *
 * Runs in: carrelctl, root.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "ctl/shell/publish.h"

/* "/a/b/c": "/a/b" and "c". */
static const char *split(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	(void)snprintf(dir, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return slash + 1;
}

/* Everybody passes it, and nobody sees whose directories are in it. */
static int open_parent(const char *path, int *ret_fd, struct crl_err *err)
{
	char above[PATH_MAX];
	const char *name = split(path, above);
	scoped_fd fd = -EBADF, at = -EBADF;
	int rc = crl_path_open_trusted(above, CRL_PATH_DIR, CRL_STAGE_STATE, &at, err);

	if (rc < 0)
		return rc;
	if (mkdirat(at, name, 0711) < 0 && errno != EEXIST)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot make %s", path);
	rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_STATE, &fd, err);
	if (rc == 0 && fchmod(fd, 0711) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot let users pass %s", path);
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

static int check_way(const char *path, struct crl_err *err)
{
	char dir[PATH_MAX], above[PATH_MAX];
	struct stat st;

	for ((void)split(path, dir); strcmp(dir, "/") != 0; memcpy(dir, above, sizeof(dir))) {
		if (stat(dir, &st) < 0)
			return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot look at %s", dir);
		if (!(st.st_mode & S_IXOTH))
			return crl_err_set(err, EPERM, CRL_STAGE_STATE,
					   "%s: found mode %04o, expected one that lets users pass: what they keep of "
					   "their homes is beside the store (store = ...)",
					   dir, st.st_mode & 07777);
		(void)split(dir, above);
	}
	return 0;
}

/* R1. Root's own is one that was not given before somebody stopped us. */
static int give(int fd, const struct crl_published *p, struct crl_err *err)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid != 0 && st.st_uid != p->uid)
		return crl_err_set(err, EPERM, CRL_STAGE_STATE, "%s: found a directory of uid %" PRIu32, p->kept,
				   (uint32_t)st.st_uid);
	if (fchown(fd, p->uid, p->gid) < 0 || fchmod(fd, 0700) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot give %s to user %s", p->kept, p->user);
	return 0;
}

int ctl_shell_make_kept(const struct crl_published *p, struct crl_err *err)
{
	char parent[PATH_MAX];
	const char *name = split(p->kept, parent);
	scoped_fd at = -EBADF, fd = -EBADF;
	int rc = open_parent(parent, &at, err);

	if (rc == 0)
		rc = check_way(p->kept, err);
	if (rc < 0)
		return rc;
	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot make %s", p->kept);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? crl_err_set(err, errno, CRL_STAGE_STATE, "cannot open %s", p->kept) : give(fd, p, err);
}
