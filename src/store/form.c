// SPDX-License-Identifier: Apache-2.0
/*
 * See form.h.
 *
 * R1: an entry whose record says that it has no data is made anew from nothing: nobody has used what is there.
 */
#include "store/form.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/plain.h"
#include "store/form_place.h"
#include "store/spare.h"

static int fail(const struct crl_entry *e, struct crl_err *err, int rc, const char *what)
{
	return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot %s %s/%s: %s", what, e->store->path, e->name,
			   strerrordesc_np(-rc));
}

/* A mount of a directory that is open, not attached. Returns 0 or -errno. */
static int clone_of(int dir, int *ret_fd)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	scoped_fd fd = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* What is written for the user, and to be used with the user's rights. */
static int give(int dir, const struct crl_entry *e)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	if (st.st_uid != e->owner.uid && fchown(dir, e->owner.uid, (gid_t)-1) < 0)
		return -errno;
	return (st.st_mode & 07777) != 0700 && fchmod(dir, 0700) < 0 ? -errno : 0;
}

/* R1: an empty one, as mkdirat(2) made it. */
static int make_directory(struct crl_entry *e, struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	int rc;

	if (mkdirat(e->dir, CRL_FORM_DATA, 0700) < 0)
		return fail(e, err, -errno, "make the data of");
	rc = crl_plain_open(e->dir, CRL_FORM_DATA, O_RDONLY | O_DIRECTORY, 0, &dir);
	if (rc < 0)
		return fail(e, err, rc, "open the data of");
	if (e->owner.form == CRL_FORM_PROJECT)
		rc = crl_project_make(e, dir, err);
	if (rc < 0)
		return rc;
	rc = give(dir, e);
	if (rc == 0 && e->owner.form == CRL_FORM_PROJECT)
		rc = crl_spare_make(dir);
	if (rc == 0 && fsync(dir) < 0)
		rc = -errno;
	return rc < 0 ? fail(e, err, rc, "make the data of") : 0;
}

static int choose(const struct crl_entry *e, const struct crl_form_wish *w, enum crl_form *ret, struct crl_err *err)
{
	bool limited = w->size > 0 || w->inodes > 0;
	int rc =
		limited && (w->quota == CRL_FORM_QUOTA_PROJECT || (w->quota == CRL_FORM_QUOTA_AUTO && w->project_holds))
			? crl_project_is_on(e->dir)
			: -EOPNOTSUPP;

	if (w->quota == CRL_FORM_QUOTA_NONE || !limited) {
		*ret = CRL_FORM_PLAIN;
		return 0;
	}
	if (rc < 0 && w->quota == CRL_FORM_QUOTA_PROJECT)
		return crl_err_set(
			err, EOPNOTSUPP, CRL_STAGE_HOME,
			"quota = \"project\": the file system of %s has no project quotas that are switched on "
			"(ext4: tune2fs -O project,quota; mount with prjquota; Linux 5.14)",
			e->store->path);
	*ret = rc == 0 ? CRL_FORM_PROJECT : CRL_FORM_IMAGE;
	if (*ret == CRL_FORM_IMAGE && w->size == 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_HOME, "a file system image needs a size");
	return 0;
}

/* R1: what an interrupted attempt left. */
static int clear(const struct crl_entry *e, struct crl_err *err)
{
	scoped_fd data = -EBADF;

	if (unlinkat(e->dir, CRL_FORM_IMAGE_FILE, 0) < 0 && errno != ENOENT)
		return fail(e, err, -errno, "remove the unfinished " CRL_FORM_IMAGE_FILE " of");
	if (crl_plain_open(e->dir, CRL_FORM_DATA, O_RDONLY | O_DIRECTORY, 0, &data) == 0)
		crl_spare_unmake(data);
	if (unlinkat(e->dir, CRL_FORM_DATA, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail(e, err, -errno, "remove the unfinished " CRL_FORM_DATA " of");
	return 0;
}

/* An image is given its owner when it is mounted for the first time. */
static int first_mount(const struct crl_entry *e, struct crl_err *err)
{
	scoped_fd mounted = -EBADF, data = -EBADF;
	int rc = crl_imagefs_open(e, 0, &mounted, err);

	if (rc < 0)
		return rc;
	data = openat(mounted, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data < 0)
		return fail(e, err, -errno, "open the data of");
	if (unlinkat(data, "lost+found", AT_REMOVEDIR) < 0 && errno != ENOENT) /* nobody's, and in every diff */
		return fail(e, err, -errno, "make the data of");
	rc = give(data, e);
	if (rc == 0)
		rc = crl_spare_make(data);
	if (rc == 0)
		rc = crl_spare_settle(data);
	if (rc == 0 && syncfs(data) < 0)
		rc = -errno;
	return rc < 0 ? fail(e, err, rc, "make the data of") : 0;
}

int crl_form_make(struct crl_entry *e, const struct crl_form_wish *wish, struct crl_err *err)
{
	struct crl_owner before = e->owner;
	int rc;

	if (e->owner.form != CRL_FORM_NONE)
		return 0;
	rc = clear(e, err);
	if (rc == 0)
		rc = choose(e, wish, &e->owner.form, err);
	if (rc == 0) {
		e->owner.size = e->owner.form == CRL_FORM_PLAIN ? 0 : wish->size;
		e->owner.inodes = e->owner.form == CRL_FORM_PLAIN ? 0 : wish->inodes;
		rc = e->owner.form == CRL_FORM_IMAGE ? crl_imagefs_make(e, err) : make_directory(e, err);
	}
	if (rc == 0 && e->owner.form == CRL_FORM_IMAGE)
		rc = first_mount(e, err);
	if (rc == 0) {
		rc = crl_entry_write_owner(e);
		if (rc < 0)
			rc = fail(e, err, rc, "write the record of");
	}
	if (rc < 0)
		e->owner = before;
	return rc;
}

static int open_directory(const struct crl_entry *e, int *ret_fd, struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	struct stat st;
	int rc = crl_plain_open(e->dir, CRL_FORM_DATA, O_RDONLY | O_DIRECTORY, 0, &dir);

	if (rc == 0 && fstat(dir, &st) < 0)
		rc = -errno;
	if (rc == 0 && st.st_uid != e->owner.uid)
		return crl_err_set(err, EPERM, CRL_STAGE_HOME, "%s/%s/" CRL_FORM_DATA " belongs to uid %u",
				   e->store->path, e->name, st.st_uid);
	if (rc == 0 && e->owner.form == CRL_FORM_PROJECT && crl_project_is_on(dir) < 0)
		return crl_err_set(
			err, EOPNOTSUPP, CRL_STAGE_HOME,
			"the project quotas of the file system of %s are switched off: mount it with prjquota",
			e->store->path);
	if (rc == 0)
		rc = clone_of(dir, ret_fd);
	return rc < 0 ? fail(e, err, rc, "open the data of") : 0;
}

int crl_form_open(const struct crl_entry *e, int64_t patience_ms, int *ret_fd, struct crl_err *err)
{
	if (e->owner.form == CRL_FORM_NONE)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "nothing has been kept in %s/%s yet", e->store->path,
				   e->name);
	return e->owner.form == CRL_FORM_IMAGE ? crl_imagefs_open(e, patience_ms, ret_fd, err)
					       : open_directory(e, ret_fd, err);
}

int crl_form_usage(const struct crl_entry *e, int data, struct crl_form_usage *ret, struct crl_err *err)
{
	*ret = (struct crl_form_usage){0};
	if (e->owner.form == CRL_FORM_PROJECT)
		return crl_project_usage(e, data, ret, err);
	return e->owner.form == CRL_FORM_IMAGE ? crl_imagefs_usage(data, ret, err) : 0;
}

static int refuse_less(const struct crl_entry *e, int data, uint64_t size, uint64_t inodes, struct crl_err *err)
{
	struct crl_form_usage u;
	int rc = crl_form_usage(e, data, &u, err);

	if (rc < 0)
		return rc;
	if ((size && size < u.bytes) || (inodes && inodes < u.inodes))
		return crl_err_set(err, ENOSPC, CRL_STAGE_HOME,
				   "%s/%s uses %llu bytes and %llu inodes: that is more than it would have",
				   e->store->path, e->name, (unsigned long long)u.bytes, (unsigned long long)u.inodes);
	return 0;
}

int crl_form_resize(struct crl_entry *e, int data, uint64_t size, uint64_t inodes, struct crl_err *err)
{
	struct crl_owner before = e->owner;
	int rc = refuse_less(e, data, size, inodes, err);

	if (rc < 0)
		return rc;
	if (e->owner.form == CRL_FORM_PLAIN)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_HOME,
				   "%s/%s has no limit of its own: its file system counts for nobody", e->store->path,
				   e->name);
	if (e->owner.form == CRL_FORM_IMAGE && size && size < e->owner.size)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_HOME,
				   "a file system image can only grow; what is free in it takes no room on the disk");
	e->owner.size = size ? size : e->owner.size;
	if (e->owner.form == CRL_FORM_PROJECT) {
		e->owner.inodes = inodes ? inodes : e->owner.inodes;
		rc = crl_project_limit(e, data, err);
	} else {
		rc = crl_imagefs_grow(e, data, err);
	}
	if (rc == 0) {
		rc = crl_entry_write_owner(e);
		if (rc < 0)
			rc = fail(e, err, rc, "write the record of");
	}
	if (rc < 0)
		e->owner = before;
	return rc;
}
