// SPDX-License-Identifier: Apache-2.0
/*
 * See store.h.
 *
 * R1: a trial appears and disappears whole, by one rename.
 * R2: nothing of the configuration is touched before the record says "confirmed".
 * R3: what is locked is a file that root alone can open.
 */
#include "state/trial/store.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/path.h"
#include "state/rooms/record.h"

#define DROPINS "policy.d"
#define LOCK ".trial-lock"
#define NEW ".trial-new"
#define OLD ".trial-old"
#define PUT ".trial-put" /* hidden: no drop-in */
#define BACKUP_NEW ".trial-before-new"
#define BACKUP_OLD ".trial-before-old"

static int fail(struct crl_err *err, int code, const char *what, const char *name)
{
	return crl_err_set(err, code, CRL_STAGE_CONFIG, "cannot %s %s: %s", what, name, strerrordesc_np(code));
}

/* R3. Whoever had it takes the file away: then it is another by now. */
static int take_lock(int dir, int *ret_fd)
{
	for (;;) {
		scoped_fd fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat st;

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (st.st_nlink == 0)
			continue;
		*ret_fd = take_fd(&fd);
		return 0;
	}
}

int crl_trial_store_open(const char *config, struct crl_trial_store *ret, struct crl_err *err)
{
	const char *slash = strrchr(config, '/');
	char path[PATH_MAX];
	scoped_fd dir = -EBADF, lock = -EBADF;
	int rc;

	if (!slash || strlen(config) >= sizeof(path))
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "found \"%s\", expected an absolute path", config);
	(void)snprintf(path, sizeof(path), "%.*s", slash == config ? 1 : (int)(slash - config), config);
	rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_CONFIG, &dir, err);
	if (rc < 0)
		return rc;
	rc = take_lock(dir, &lock);
	if (rc == -EWOULDBLOCK)
		return crl_err_set(err, EWOULDBLOCK, CRL_STAGE_CONFIG, "another carrelctl is at work in %s", path);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot lock %s/" LOCK ": %s", path,
				   strerrordesc_np(-rc));
	*ret = (struct crl_trial_store){
		.config = config, .file = slash + 1, .dir = take_fd(&dir), .lock = take_fd(&lock)};
	return 0;
}

void crl_trial_store_done(struct crl_trial_store *s)
{
	if (s->lock >= 0)
		(void)unlinkat(s->dir, LOCK, 0); /* while it is ours; one that is left does no harm */
	drop_fd(&s->lock);
	drop_fd(&s->dir);
}

/* A trial's directory has one more below it. What is no directory is unlinked; a link is not followed. */
static int remove_tree(int at, const char *name, int depth)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(at, name, &dir), fd = crl_dir_fd(&dir);

	if (rc == -ENOTDIR || rc == -ELOOP)
		return unlinkat(at, name, 0) < 0 ? -errno : 0;
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *entry; rc == 0 && (entry = crl_dir_next(&dir));)
		if (unlinkat(fd, entry, 0) < 0)
			rc = errno == EISDIR && depth > 0 ? remove_tree(fd, entry, depth - 1) : -errno;
	return rc == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0 ? -errno : rc;
}

void crl_trial_tidy(const struct crl_trial_store *s)
{
	static const char *const names[] = {NEW, OLD, PUT, BACKUP_NEW, BACKUP_OLD};

	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++)
		crl_ignore(remove_tree(s->dir, names[i], 1)); /* it counts for nothing; in the way it is told later */
}

static int write_file(int dir, const char *name, const char *text, size_t len, mode_t mode)
{
	return crl_file_replace(
		dir, &(struct crl_file){
			     .name = name, .beside = PUT, .data = text, .len = len, .mode = mode, .durable = true});
}

/* Copy one file by rename, with the part of its mode that a configuration may have. */
static int put(const char *from, int dir, const char *name, struct crl_err *err)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	struct stat st;
	size_t len;
	int rc = crl_path_open_trusted(from, CRL_PATH_FILE, CRL_STAGE_CONFIG, &fd, err);

	if (rc < 0)
		return rc;
	rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0 || fstat(fd, &st) < 0)
		return fail(err, rc < 0 ? -rc : errno, "read", from);
	rc = write_file(dir, name, text, len, (st.st_mode & 0644) | 0600);
	return rc < 0 ? fail(err, -rc, "write a copy of", from) : 0;
}

typedef int each_dropin(const char *dir, const char *name, int to, struct crl_err *err);

/* No directory is no drop-ins. */
static int for_each_dropin(const char *path, each_dropin *each, int to, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	scoped(crl_dir) dir = {0};
	int rc = crl_path_open_trusted(path, CRL_PATH_DIR, CRL_STAGE_CONFIG, &fd, err);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc;
	(void)crl_dir_open(fd, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if (crl_config_is_dropin(name))
			rc = each(path, name, to, err);
	return rc == 0 && dir.error < 0 ? fail(err, -dir.error, "list", path) : rc;
}

static int put_dropin(const char *dir, const char *name, int to, struct crl_err *err)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? fail(err, ENAMETOOLONG, "read", name) : put(path, to, name, err);
}

/* A directory below @at with a copy of a configuration in it. @ret_fd  of the directory */
static int copy_config(const struct crl_trial_store *s, const char *name, const char *file, const char *dropins,
		       int *ret_fd, struct crl_err *err)
{
	scoped_fd dir = -EBADF, below = -EBADF;
	int rc = remove_tree(s->dir, name, 1);

	if (rc < 0)
		return fail(err, -rc, "remove the leftover", name);
	if (mkdirat(s->dir, name, 0700) < 0)
		return fail(err, errno, "make a directory beside", s->config);
	dir = openat(s->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || mkdirat(dir, DROPINS, 0700) < 0 || fchmod(dir, 0755) < 0)
		return fail(err, errno, "make a directory beside", s->config);
	below = openat(dir, DROPINS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0 || fchmod(below, 0755) < 0)
		return fail(err, errno, "make a directory beside", s->config);
	rc = put(file, dir, s->file, err);
	if (rc == 0)
		rc = for_each_dropin(dropins, put_dropin, below, err);
	if (rc == 0 && (fsync(below) < 0 || fsync(dir) < 0))
		rc = fail(err, errno, "write a copy of", file);
	if (rc == 0)
		*ret_fd = take_fd(&dir);
	return rc;
}

int crl_trial_stage(const struct crl_trial_store *s, const char *file, const char *dropins, char *ret_path,
		    struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	char name[NAME_MAX + sizeof(NEW) + 1];

	(void)snprintf(name, sizeof(name), NEW "/%s", s->file);
	if (crl_trial_path(s->config, name, ret_path) < 0)
		return fail(err, ENAMETOOLONG, "copy", file);
	return copy_config(s, NEW, file, dropins, &dir, err);
}

static int write_record(int dir, const struct crl_trial *t)
{
	char text[CRL_TRIAL_RECORD_MAX];
	struct crl_trial back;
	int n = crl_trial_format(t, text, sizeof(text));

	/* What cannot be read back would count for nothing. */
	if (n < 0 || crl_trial_parse(text, (size_t)n, &back) < 0)
		return -EINVAL;
	n = write_file(dir, CRL_TRIAL_RECORD, text, (size_t)n, 0644);
	return n == 0 && fsync(dir) < 0 ? -errno : n;
}

int crl_trial_begin(const struct crl_trial_store *s, uint64_t duration_ms, const char *by, struct crl_trial *ret,
		    struct crl_err *err)
{
	scoped_fd dir = openat(s->dir, NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct crl_trial t = {0};
	struct crl_trial_now now;
	int rc = dir < 0 ? -errno : crl_id_make(t.id);

	if (rc == 0)
		rc = crl_trial_clock(&now);
	if (rc == 0) {
		memcpy(t.boot, now.boot, sizeof(t.boot));
		t.begun_ms = now.ms;
		t.until_ms = now.ms + duration_ms;
		t.until_wall = (int64_t)time(NULL) + (int64_t)(duration_ms / 1000);
		(void)snprintf(t.file, sizeof(t.file), "%s", s->file);
		(void)snprintf(t.by, sizeof(t.by), "%s", by);
		rc = write_record(dir, &t);
	}
	if (rc == 0 && renameat2(s->dir, NEW, s->dir, CRL_TRIAL_DIR, RENAME_NOREPLACE) < 0) /* R1 */
		rc = -errno;
	if (rc == -EEXIST)
		return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG,
				   "beside %s there is already something of the name " CRL_TRIAL_DIR
				   ", which is no trial of it: move it away",
				   s->config);
	if (rc == 0 && fsync(s->dir) < 0)
		rc = -errno;
	if (rc < 0)
		return fail(err, -rc, "begin a trial of", s->config);
	*ret = t;
	return 0;
}

/* Path beside the configuration, in @name if not NULL. */
static int path_of(const struct crl_trial_store *s, const char *below, const char *name, char *buf, struct crl_err *err)
{
	char both[2 * NAME_MAX];

	(void)snprintf(both, sizeof(both), "%s%s%s", below, below[0] ? "/" : "", name);
	return crl_trial_path(s->config, both, buf) < 0 ? fail(err, ENAMETOOLONG, "find", name) : 0;
}

/* The old configuration, while all of it is there. An older backup goes only when the new one is complete. */
static int keep_backup(const struct crl_trial_store *s, struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	char dropins[PATH_MAX];
	int rc = path_of(s, "", DROPINS, dropins, err);

	if (rc == 0)
		rc = copy_config(s, BACKUP_NEW, s->config, dropins, &dir, err);
	if (rc < 0)
		return rc;
	rc = remove_tree(s->dir, BACKUP_OLD, 1);
	if (rc == 0 && renameat(s->dir, CRL_TRIAL_BACKUP, s->dir, BACKUP_OLD) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc == 0 && (renameat(s->dir, BACKUP_NEW, s->dir, CRL_TRIAL_BACKUP) < 0 || fsync(s->dir) < 0))
		rc = -errno;
	return rc < 0 ? fail(err, -rc, "keep a backup in", CRL_TRIAL_BACKUP) : 0;
}

/* R2: with this rename the candidate counts for good. */
static int commit(const struct crl_trial_store *s, const struct crl_trial *t, struct crl_err *err)
{
	scoped_fd dir = openat(s->dir, CRL_TRIAL_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct crl_trial confirmed = *t;
	struct crl_trial_now now;
	int rc = dir < 0 ? -errno : crl_trial_clock(&now);

	if (rc == 0 && crl_trial_judge(t, &now) != CRL_TRIAL_RUNNING)
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_CONFIG, "the trial has just ended");
	confirmed.confirmed = true;
	if (rc == 0)
		rc = write_record(dir, &confirmed);
	return rc < 0 ? fail(err, -rc, "confirm the trial of", s->config) : 0;
}

static int remove_unless_tried(const char *dir, const char *name, int tried, struct crl_err *err)
{
	struct stat st;
	char path[PATH_MAX];

	if (fstatat(tried, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return fail(err, errno, "look for", name);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name); /* its directory was opened by such a path */
	return unlink(path) < 0 && errno != ENOENT ? fail(err, errno, "remove", path) : 0;
}

/* Each step may have been done before. Other files in policy.d stay. */
static int put_in_place(const struct crl_trial_store *s, struct crl_err *err)
{
	char file[PATH_MAX], tried[PATH_MAX], present[PATH_MAX];
	scoped_fd from = -EBADF, to = -EBADF;
	int rc = path_of(s, CRL_TRIAL_DIR, s->file, file, err);

	if (rc == 0)
		rc = path_of(s, CRL_TRIAL_DIR, DROPINS, tried, err);
	if (rc == 0)
		rc = path_of(s, "", DROPINS, present, err);
	if (rc == 0 && mkdirat(s->dir, DROPINS, 0755) < 0 && errno != EEXIST)
		rc = fail(err, errno, "make", present);
	if (rc == 0)
		rc = crl_path_open_trusted(present, CRL_PATH_DIR, CRL_STAGE_CONFIG, &to, err);
	if (rc == 0)
		rc = crl_path_open_trusted(tried, CRL_PATH_DIR, CRL_STAGE_CONFIG, &from, err);
	if (rc == 0)
		rc = put(file, s->dir, s->file, err);
	if (rc == 0)
		rc = for_each_dropin(tried, put_dropin, to, err);
	if (rc == 0)
		rc = for_each_dropin(present, remove_unless_tried, from, err);
	if (rc == 0 && (fsync(to) < 0 || fsync(s->dir) < 0))
		rc = fail(err, errno, "write", present);
	return rc;
}

int crl_trial_confirm(const struct crl_trial_store *s, const struct crl_trial *t, struct crl_err *err)
{
	int rc = t->confirmed ? 0 : keep_backup(s, err);

	if (rc == 0 && !t->confirmed)
		rc = commit(s, t, err);
	if (rc == 0)
		rc = put_in_place(s, err);
	return rc < 0 ? rc : crl_trial_end(s, err);
}

int crl_trial_end(const struct crl_trial_store *s, struct crl_err *err)
{
	int rc = remove_tree(s->dir, OLD, 1);

	if (rc == 0 && renameat(s->dir, CRL_TRIAL_DIR, s->dir, OLD) < 0) /* R1 */
		rc = -errno;
	if (rc == 0 && fsync(s->dir) < 0)
		rc = -errno;
	if (rc < 0)
		return fail(err, -rc, "end the trial of", s->config);
	crl_trial_tidy(s);
	return 0;
}
