// SPDX-License-Identifier: Apache-2.0
/*
 * Names that steer processes of root's, in a root whose directories may be a user's: they stay what the lower has.
 *
 * A user who has a directory can give its names to other files, but not one that something is mounted on. So what lies
 * in somebody's directory on the way gets a mount of itself, and what is at its end the lower's.
 *
 * Runs in: the room's init, root; another room of the same user may show the same files meanwhile.
 * R1: what is mounted is read back by its name: a name that was changed meanwhile refuses the login.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "base/plain.h"

/* The way to one name, as far as it is gone. */
struct steer_way {
	char path[PATH_MAX]; /* relative to the root, cut behind @at */
	const char *name; /* the last component of it */
	int dir; /* that holds it */
};

static bool is_roots_alone(int dir)
{
	struct stat st;

	return fstatat(dir, "", &st, AT_EMPTY_PATH) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A place for a mount at a name of a directory of the user's: something that is there, of that kind, and no link. */
static int make_place(int dir, const char *name, bool is_dir)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
			return 0;
		if (!S_ISDIR(st.st_mode) ? unlinkat(dir, name, 0) : crl_beneath_put_aside(dir, name))
			return -errno;
	} else if (errno != ENOENT) {
		return -errno;
	}
	if (is_dir)
		return mkdirat(dir, name, 0755) ? -errno : 0;
	fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written */
	return 0;
}

/* R1. @cover  a mount that is attached nowhere yet */
static int put_over(const struct steer_way *w, int cover)
{
	scoped_fd to = -EBADF;
	scoped_fd there = -EBADF;
	struct stat want, have;
	int rc;

	if (fstatat(cover, "", &want, AT_EMPTY_PATH))
		return -errno;
	if (fstatat(w->dir, w->name, &have, AT_SYMLINK_NOFOLLOW) == 0 && is_same(&want, &have))
		return 0; /* for another name beneath it */
	rc = make_place(w->dir, w->name, S_ISDIR(want.st_mode));
	if (rc == 0)
		rc = crl_plain_open(w->dir, w->name, O_PATH, 0, &to);
	if (rc == 0)
		rc = crl_mount_attach(cover, to);
	if (rc == 0)
		rc = crl_plain_open(w->dir, w->name, O_PATH, 0, &there);
	if (rc == 0 && fstatat(there, "", &have, AT_EMPTY_PATH))
		rc = -errno;
	return rc == 0 && !is_same(&want, &have) ? -EAGAIN : rc;
}

/* What is to be there, or something empty, as a mount. */
static int take_cover(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	scoped_fd source = -EBADF;
	int rc = crl_beneath_find(room->tree[op->tree], op->source, true, &source);

	if (rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP)
		return crl_mounting_clone_sealed(room, op->flags & CRL_OP_DIR ? "empty" : "mask", ret_fd);
	if (rc == 0)
		rc = crl_mount_clone(source, true, ret_fd);
	return rc < 0 ? rc : crl_mount_change(*ret_fd, true, crl_mount_attributes(op->flags), 0);
}

static int cover(struct crl_mounting *room, const struct crl_mount_op *op, const struct steer_way *w)
{
	scoped_fd fd = -EBADF;
	int rc = take_cover(room, op, &fd);

	if (rc == 0)
		rc = put_over(w, fd);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot keep it as it is");
	return 0;
}

static bool has_mount(const struct steer_way *w)
{
	struct statx st;

	return statx(w->dir, w->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) == 0 &&
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* A directory of the way gets a mount of itself, by which its name stays; what is in it can be changed as before. */
static int pin(struct crl_mounting *room, const struct crl_mount_op *op, const struct steer_way *w)
{
	scoped_fd here = -EBADF;
	scoped_fd fd = -EBADF;
	int rc;

	if (has_mount(w))
		return 0;
	rc = make_place(w->dir, w->name, true);
	if (rc == 0)
		rc = crl_plain_open(w->dir, w->name, O_PATH | O_DIRECTORY, 0, &here);
	if (rc == 0)
		rc = crl_mount_clone(here, true, &fd);
	if (rc == 0)
		rc = crl_mount_attach(fd, here);
	if (rc == 0 && !has_mount(w)) /* R1 */
		rc = -EAGAIN;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot keep what it is in") : 0;
}

/* One step on. @owned  the directory, when it is not the root */
static int go_on(struct crl_mounting *room, struct steer_way *w, int *owned)
{
	int next = -EBADF;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_ROOT], w->path, true, &next);

	if (rc < 0)
		return rc;
	drop_fd(owned);
	*owned = next;
	w->dir = next;
	return 0;
}

int crl_mounting_steer(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct steer_way w = {.dir = room->tree[CRL_TREE_ROOT]};
	scoped_fd owned = -EBADF;
	const char *target = op->target + 1;
	int rc = 0;

	for (size_t at = 0, end = 0; rc == 0; at = end + 1) {
		bool open_to_others = !is_roots_alone(w.dir);

		end = at + strcspn(target + at, "/");
		if (end >= sizeof(w.path))
			return crl_mounting_fail(room, op, -ENAMETOOLONG, "its path is too long");
		memcpy(w.path, target, end);
		w.path[end] = '\0';
		w.name = w.path + at;
		if (!target[end])
			return open_to_others || op->flags & CRL_OP_PLACE ? cover(room, op, &w) : 0;
		if (open_to_others)
			rc = pin(room, op, &w);
		if (rc == 0 && go_on(room, &w, &owned) < 0)
			return 0; /* as only root can have made it */
	}
	return rc;
}
