// SPDX-License-Identifier: Apache-2.0
/* See lock.h. */
#include "store/lock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK "lock"
#define USE "use"

int crl_entry_make_locks(int dir)
{
	static const char *const names[] = {LOCK, USE};

	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		scoped_fd fd = openat(dir, names[i], O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return -errno;
	}
	return 0;
}

static int open_lock(const struct crl_entry *e, const char *name, int *ret_fd, struct crl_err *err)
{
	int fd = openat(e->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot open %s/%s/%s: %s", e->store->path, e->name,
				   name, strerrordesc_np(errno));
	*ret_fd = fd;
	return 0;
}

/* False when it was moved aside since it was opened. */
static bool is_in_place(const struct crl_entry *e)
{
	struct stat mine, there;

	return fstat(e->dir, &mine) == 0 && fstatat(e->store->dir, e->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

int crl_entry_lock(struct crl_entry *e, int64_t patience_ms, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = open_lock(e, LOCK, &fd, err);

	if (rc < 0)
		return rc;
	rc = crl_flock_within(fd, LOCK_EX, patience_ms);
	if (rc == -EWOULDBLOCK)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME,
				   "somebody else is at work in %s/%s: a command of carrelctl, or another login",
				   e->store->path, e->name);
	if (rc == 0 && !is_in_place(e))
		return crl_err_set(err, ESTALE, CRL_STAGE_HOME, "%s/%s has just been moved aside", e->store->path,
				   e->name);
	if (rc == 0)
		rc = crl_entry_read_owner(e->dir, &e->owner);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot lock %s/%s: %s", e->store->path, e->name,
				   strerrordesc_np(-rc));
	drop_fd(&e->lock);
	e->lock = take_fd(&fd);
	return 0;
}

void crl_entry_unlock(struct crl_entry *e)
{
	drop_fd(&e->lock);
}

/* Who has it alone looks at the length. */
static int tell_wanted(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || ftruncate(fd, st.st_size + 1) < 0 ? -errno : 0;
}

static int take_use(int fd, bool alone, int64_t patience_ms)
{
	int operation = alone ? LOCK_EX : LOCK_SH, rc = crl_flock_within(fd, operation, 0);

	if (rc == -EWOULDBLOCK && !alone && tell_wanted(fd) < 0)
		return -errno;
	return rc == -EWOULDBLOCK ? crl_flock_within(fd, operation, patience_ms) : rc;
}

int crl_entry_use(const struct crl_entry *e, bool alone, int64_t patience_ms, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = open_lock(e, USE, &fd, err);

	if (rc < 0)
		return rc;
	rc = take_use(fd, alone, patience_ms);
	if (rc == -EWOULDBLOCK)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME, "%s/%s is %s", e->store->path, e->name,
				   alone ? "shown in a room" : "being changed by a command or at the end of a room");
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot lock %s/%s/" USE ": %s", e->store->path, e->name,
				   strerrordesc_np(-rc));
	*ret_fd = take_fd(&fd);
	return 0;
}

static int hold(int dir, const char *name, int *ret_fd)
{
	int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	*ret_fd = fd;
	return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int crl_entry_hold_still(int dir, struct crl_held *ret)
{
	int rc = hold(dir, LOCK, &ret->lock);

	return rc < 0 ? rc : hold(dir, USE, &ret->use);
}

void crl_held_done(struct crl_held *h)
{
	drop_fd(&h->lock);
	drop_fd(&h->use);
}

int crl_use_share(int use_fd, int64_t patience_ms)
{
	int rc = crl_flock_within(use_fd, LOCK_SH, patience_ms);

	return rc == -EWOULDBLOCK ? -ETIMEDOUT : rc;
}

/* flock(2) gives the old lock up before it tries for the new one, and has none when that is refused. */
int crl_use_make_alone(int use_fd, int64_t patience_ms)
{
	int rc;

	if (flock(use_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	rc = take_use(use_fd, false, 0); /* says that it waits, when a keeper has got it */
	if (rc == -EWOULDBLOCK)
		rc = crl_use_share(use_fd, patience_ms);
	return rc < 0 ? rc : -EBUSY;
}
