// SPDX-License-Identifier: Apache-2.0
/*
 * See stage.h.
 *
 * Runs in: carrel-shell, as the user, who has chosen its environment, its working directory and its limits. Trusts:
 * what root owns and nobody else can write, on the file system that has the room's own marker.
 * R1: a stage file is root's, a plain file with one name, which nobody else can write, as each directory on its way is.
 * R2: it is the room's: on the same file system as /run/carrel-room.
 * R3: what is there and is not so refuses; only what is not there is none.
 * R4: whoever sees it as nobody's is behind the stage only when the namespace that they are in is the room's.
 */
#include "shell/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/plain.h"
#include "base/scope.h"

#define MARKER "/run/carrel-room"

static int refuse(struct crl_err *err, int code, const char *path, const char *what)
{
	return crl_err_set(err, code, CRL_STAGE_ADOPT, "%s %s", path, what);
}

static bool is_roots(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Who may not pass on the way finds nothing, as where there is nothing. */
static bool is_missing(int rc)
{
	return rc == -ENOENT || rc == -EACCES;
}

/* The directory of @path and all above it, from /run on. Returns 0; -ENOENT one is not there. */
static int prove_way(int root, const char *path, struct crl_err *err)
{
	char dir[PATH_MAX];

	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		scoped_fd fd = -EBADF;
		struct stat st;
		int rc;

		(void)snprintf(dir, sizeof(dir), "%.*s", (int)(end - path), path);
		rc = crl_plain_open(root, dir, O_PATH | O_DIRECTORY, 0, &fd);
		if (is_missing(rc))
			return -ENOENT;
		if (rc < 0 || fstat(fd, &st) < 0)
			return refuse(err, rc < 0 ? -rc : errno, dir, "cannot be relied on: it is no plain directory");
		if (!is_roots(&st)) /* R1 */
			return refuse(err, EPERM, dir, "cannot be relied on: others than root can change it");
	}
	return 0;
}

/* A file of the room's. @ret_fd  open for reading. Returns 0; -ENOENT it is not there. */
static int open_proved(int root, const char *path, int *ret_fd, struct crl_err *err)
{
	scoped_fd fd = -EBADF, marker = -EBADF;
	struct stat st, room;
	int rc = prove_way(root, path, err);

	if (rc == 0)
		rc = crl_plain_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	if (is_missing(rc))
		return -ENOENT;
	if (rc < 0)
		return err->code ? rc : refuse(err, -rc, path, "cannot be relied on: it is no plain file");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || !is_roots(&st)) /* R1 */
		return refuse(err, EPERM, path, "cannot be relied on: it is no plain file that root alone can change");
	rc = crl_plain_open(root, MARKER, O_PATH, 0, &marker);
	if (rc < 0 || fstat(marker, &room) < 0 || room.st_uid != 0 || room.st_dev != st.st_dev) /* R2 */
		return refuse(err, EPERM, path, "cannot be relied on: it is not the room's own");
	*ret_fd = take_fd(&fd);
	return 0;
}

bool crl_shell_is_in(int ns)
{
	struct stat wanted, ours;

	return fstat(ns, &wanted) == 0 && stat("/proc/self/ns/user", &ours) == 0 && wanted.st_dev == ours.st_dev &&
	       wanted.st_ino == ours.st_ino;
}

/* R4 */
static bool is_behind(int root)
{
	scoped_fd fd = -EBADF;

	return crl_plain_open(root, CRL_LAST_NS, O_PATH, 0, &fd) == 0 && crl_shell_is_in(fd);
}

static int parse(int fd, struct crl_last *ret, struct crl_err *err)
{
	char text[CRL_LAST_TEXT_MAX + 2];
	ssize_t n = crl_file_read_fd(fd, text, sizeof(text));
	const char *fault;

	if (n < 0)
		return refuse(err, (int)-n, CRL_LAST_FILE, "cannot be read");
	if (crl_last_parse(text, (size_t)n, ret, &fault) < 0)
		return crl_err_set(err, EBADMSG, CRL_STAGE_ADOPT, "%s: %s", CRL_LAST_FILE, fault);
	return 0;
}

int crl_shell_stage_read(int root, struct crl_last *ret, enum crl_shell_place *ret_place, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc;

	*ret_place = CRL_SHELL_NOWHERE;
	if (is_behind(root)) {
		rc = crl_plain_open(root, CRL_LAST_FILE, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
		if (rc < 0)
			return refuse(err, -rc, CRL_LAST_FILE, "cannot be read");
		*ret_place = CRL_SHELL_BEHIND;
		return parse(fd, ret, err);
	}
	rc = open_proved(root, CRL_LAST_FILE, &fd, err);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc; /* R3 */
	*ret_place = CRL_SHELL_BEFORE;
	return parse(fd, ret, err);
}

int crl_shell_filter_read(int root, const char *path, struct crl_shell_filter *ret, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	ret->len = 0;
	if (!path[0])
		return 0;
	rc = open_proved(root, path, &fd, err);
	if (rc < 0)
		return rc == -ENOENT ? refuse(err, ENOENT, path, "is not there") : rc;
	if (fstat(fd, &st) < 0 || st.st_size <= 0 || (size_t)st.st_size > sizeof(ret->insn) ||
	    (size_t)st.st_size % sizeof(ret->insn[0]) != 0)
		return refuse(err, EBADMSG, path, "is no filter");
	if (read(fd, ret->insn, (size_t)st.st_size) != st.st_size)
		return refuse(err, EIO, path, "cannot be read");
	ret->len = (unsigned short)((size_t)st.st_size / sizeof(ret->insn[0]));
	return 0;
}
