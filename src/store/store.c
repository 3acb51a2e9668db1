// SPDX-License-Identifier: Apache-2.0
/*
 * See store.h.
 *
 * R1: nothing is used of a store that anybody but root could have written into, or reads.
 * R2: a store that is not mounted is never taken for one that was not made yet: what is on record in it would count for
 * nothing, and what is made then would be lost from sight when it is mounted.
 */
#include "store/store.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/path.h"
#include "store/unmounted.h"

#define FSTAB "/etc/fstab"
#define LOCK "lock"
#define LOOK_MS 20 /* between two tries for a lock */

int crl_store_dir(int at, const char *name, bool make, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || (st.st_mode & 077) != 0) /* R1 */
		return -EPERM;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* R2. A mount point may be an empty directory. */
static int prove_present(const char *path, struct crl_err *err)
{
	char below[PATH_MAX];
	struct stat st;

	if (snprintf(below, sizeof(below), "%s/" CRL_STORE_HOMES, path) < PATH_MAX && stat(below, &st) == 0)
		return 0;
	return crl_unmounted_refuse(FSTAB, path, err);
}

/* The parent has to be root's all the way, R1; then the store is opened in it. */
static int open_top(const char *path, bool make, int *ret_fd, struct crl_err *err)
{
	const char *fault = crl_path_fault(path), *slash = strrchr(path, '/');
	scoped_fd parent = -EBADF, dir = -EBADF;
	char above[PATH_MAX];
	struct stat st;
	int rc;

	if (fault || !slash[1])
		return crl_err_set(err, EINVAL, CRL_STAGE_HOME, "store: found \"%s\", expected %s", path,
				   fault ? fault : "a directory below \"/\"");
	rc = prove_present(path, err);
	if (rc < 0)
		return rc;
	if (make) {
		(void)snprintf(above, sizeof(above), "%.*s", slash == path ? 1 : (int)(slash - path), path);
		rc = crl_path_open_trusted(above, CRL_PATH_DIR, CRL_STAGE_HOME, &parent, err);
		if (rc < 0)
			return rc;
		if (mkdirat(parent, slash + 1, 0700) < 0 && errno != EEXIST)
			return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot make the store %s: %s", path,
					   strerrordesc_np(errno));
	}
	rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_HOME, &dir, err);
	if (rc < 0)
		return rc;
	if (fstat(dir, &st) < 0 || st.st_uid != 0 || (st.st_mode & 077) != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_HOME,
				   "the store %s must belong to root with mode 0700: chmod 0700 it, if it is one",
				   path);
	*ret_fd = take_fd(&dir);
	return 0;
}

int crl_store_open(const char *path, bool make, struct crl_store *ret, struct crl_err *err)
{
	static const char *const names[] = {CRL_STORE_HOMES, CRL_STORE_ROOTS, CRL_STORE_ORPHANS};
	scoped_fd dir = -EBADF;
	int rc = open_top(path, make, &dir, err);

	for (size_t i = 0; rc == 0 && i < CRL_ARRAY_LEN(names); i++) {
		scoped_fd below = -EBADF;

		rc = crl_store_dir(dir, names[i], make, &below);
		if (rc < 0 && (make || rc != -ENOENT))
			return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot use %s/%s: %s", path, names[i],
					   rc == -EPERM ? "it must belong to root with mode 0700"
							: strerrordesc_np(-rc));
		rc = 0;
	}
	if (rc == 0)
		*ret = (struct crl_store){.dir = take_fd(&dir), .path = path};
	return rc;
}

const char *crl_store_unfit(int dir)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} unfit[] = {{NFS_SUPER_MAGIC, "NFS"},    {FUSE_SUPER_MAGIC, "FUSE"}, {OVERLAYFS_SUPER_MAGIC, "an overlay"},
		     {MSDOS_SUPER_MAGIC, "VFAT"}, {CIFS_SUPER_MAGIC, "CIFS"}, {SMB2_SUPER_MAGIC, "CIFS"}};
	struct statfs fs;

	for (size_t i = 0; fstatfs(dir, &fs) == 0 && i < CRL_ARRAY_LEN(unfit); i++)
		if ((unsigned long)fs.f_type == unfit[i].magic)
			return unfit[i].name;
	return NULL;
}

void crl_store_done(struct crl_store *s)
{
	drop_fd(&s->dir);
}

int crl_flock_within(int fd, int operation, int64_t patience_ms)
{
	int64_t end = crl_now_ms() + patience_ms;

	while (flock(fd, operation | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (crl_now_ms() >= end)
			return -EWOULDBLOCK;
		crl_pause_ms(LOOK_MS);
	}
	return 0;
}

int crl_store_lock(const struct crl_store *s, int64_t patience_ms, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = openat(s->dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : crl_flock_within(fd, LOCK_EX, patience_ms);

	if (rc == -EWOULDBLOCK)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME, "somebody else is at work in %s: try again", s->path);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot lock %s/" LOCK ": %s", s->path,
				   strerrordesc_np(-rc));
	*ret_fd = take_fd(&fd);
	return 0;
}
