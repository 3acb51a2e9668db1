// SPDX-License-Identifier: Apache-2.0
/*
 * What a room has instead of the host's, in places of the host's root: covers, read-only parts of what is writable, the
 * room's name. When the host replaces or removes a file or directory, the kernel takes away what rooms have mounted on
 * it, and the new one would show.
 *
 * Runs in: see renew.h.
 */
#include "apply/mounts/renewal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/cached.h"
#include "apply/mounts/hosts.h"
#include "apply/mounts/users.h"
#include "base/compat.h"
#include "policy/places.h"

#define SCRATCH ".carrel-new" /* in the room's /run, for a moment */

int crl_renew_read_only(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped(crl_side) room = {.fd = -EBADF};
	scoped_fd root = -EBADF, clone = -EBADF;
	struct statvfs fs;
	int rc = crl_renewal_enter(w, w->room, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, &room);
	if (room.rc)
		return room.rc == -ENOENT ? 0 : crl_renewal_fail(w, room.rc, "cannot look at it");
	if (fstatvfs(room.fd, &fs) == 0 && fs.f_flag & ST_RDONLY)
		return 0;
	rc = crl_mount_clone(room.fd, true, &clone);
	if (!rc)
		rc = crl_mount_change(clone, true, crl_mount_attributes(op->flags), 0);
	if (!rc)
		rc = crl_mount_attach(clone, room.fd);
	return rc ? crl_renewal_fail(w, rc, "cannot make it read-only") : 1;
}

static int empty_directory(int *ret_fd)
{
	scoped_fd fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0555", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Is it in a directory in which nobody else can put anything in its place? */
static bool is_roots_alone(int root, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	scoped_fd fd = -EBADF;
	struct stat st;

	(void)snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	return crl_beneath_find_dir(root, dir, true, &fd) == 0 && fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 &&
	       st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

int crl_renewal_put_file(struct crl_renewal *w, const struct crl_mount_op *op, int root, const char *text,
			 struct crl_side *room)
{
	scoped_fd run = openat(root, "run", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	scoped_fd fd = -EBADF, clone = -EBADF;
	int rc = 0;

	(void)unlinkat(run, SCRATCH, 0);
	fd = openat(run, SCRATCH, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, text ? 0644 : 0);
	if (fd >= 0)
		errno = ENOSPC; /* of a text that is cut */
	if (fd < 0 || (text && write(fd, text, strlen(text)) != (ssize_t)strlen(text)))
		rc = -errno;
	if (!rc) {
		clone = open_tree(run, SCRATCH, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
		rc = clone < 0 ? -errno : crl_mount_change(clone, false, crl_mount_attributes(0), 0);
	}
	if (rc)
		(void)crl_renewal_fail(w, rc, "cannot make the room's own file");
	else if (op->kind == CRL_MOUNT_USERS && !is_roots_alone(root, op->target))
		rc = room->is_mount ? crl_renewal_slip(w, op, root, clone, room) : 0;
	else if ((rc = crl_renewal_replace(w, op, root, clone, room)) == 0)
		rc = 1;
	(void)unlinkat(run, SCRATCH, 0);
	return rc;
}

int crl_renew_cover(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped(crl_side) host = {.fd = -EBADF}, room = {.fd = -EBADF};
	scoped_fd root = -EBADF, cover = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->target, true, &host);
	rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	crl_side_look(root, op->target, true, &room);
	if (!crl_side_is_same(&host, &room))
		return 0; /* nothing is there, or it is covered */
	room.is_mount = false; /* the host's own mount stays beneath */
	if (!S_ISDIR(room.st.st_mode))
		rc = crl_renewal_put_file(w, op, root, NULL, &room);
	else if ((rc = empty_directory(&cover)) || (rc = crl_mount_attach(cover, room.fd)))
		(void)crl_renewal_fail(w, rc, "cannot cover it");
	return rc ? rc : 1;
}

static void look_cached(int root, const char *path, struct crl_side *ret)
{
	ret->is_mount = false;
	ret->rc = crl_find_cached(root, path, &ret->fd);
	if (ret->rc == 0 && fstatat(ret->fd, "", &ret->st, AT_EMPTY_PATH) < 0)
		ret->rc = -errno;
}

/* Where it really stands in the room, when the name goes by a link: /var/run/nslcd is /run/nslcd, and offered. */
static bool is_in_own_place(const struct crl_renewal *w, int fd)
{
	char number[16], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(number, sizeof(number), "%d", fd);
	n = readlinkat(w->fds, number, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return crl_own_place_of(path) != NULL;
}

/*
 * As crl_mounting_cover_socket(): the name is what some process said. A service that starts again makes its socket
 * anew. What stands in a place of the room's own is there because it was offered; that one works before there are any.
 */
int crl_renew_socket(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped(crl_side) host = {.fd = -EBADF}, room = {.fd = -EBADF};
	scoped_fd root = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	look_cached(root, op->target, &host);
	if (host.rc || !S_ISSOCK(host.st.st_mode))
		return 0;
	rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	look_cached(root, op->target, &room);
	if (!crl_side_is_same(&host, &room) || is_in_own_place(w, room.fd))
		return 0;
	return crl_renewal_put_file(w, op, root, NULL, &room);
}

size_t crl_renewal_read(const struct crl_renewal *w, const struct crl_side *s, char *buf, size_t size)
{
	char number[16];
	scoped_fd fd = -EBADF;
	ssize_t n;

	buf[0] = '\0';
	if (s->rc || !S_ISREG(s->st.st_mode) || s->st.st_size >= (off_t)size)
		return 0;
	(void)snprintf(number, sizeof(number), "%d", s->fd);
	fd = openat(w->fds, number, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* @op  the file is at its target. @under  what the host has there */
static int keep_text(struct crl_renewal *w, int root, const struct crl_mount_op *op, const struct crl_side *under,
		     const char *text)
{
	size_t size = strlen(text) + 2; /* one more byte, and it is another text */
	scoped_free char *have = malloc(size);
	scoped(crl_side) room = {.fd = -EBADF};

	if (!have)
		return crl_renewal_fail(w, -ENOMEM, "no memory");
	crl_side_look(root, op->target, true, &room);
	if (room.rc)
		return 0; /* the host has none: there is nowhere to put one */
	(void)crl_renewal_read(w, &room, have, size);
	if (strcmp(have, text) == 0 && !crl_side_is_same(&room, under))
		return 0;
	room.is_mount = room.is_mount && !crl_side_is_same(&room, under);
	return crl_renewal_put_file(w, op, root, text, &room);
}

static int keep_hosts(struct crl_renewal *w, int root, const char *path, const struct crl_side *under, const char *text)
{
	const struct crl_mount_op op = {.kind = CRL_MOUNT_HOSTS, .target = path, .flags = CRL_OP_FOLLOW};

	return keep_text(w, root, &op, under, text);
}

int crl_renew_hosts(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped_free char *text = malloc(CRL_HOSTS_MAX);
	scoped(crl_side) hosts = {.fd = -EBADF}, hostname = {.fd = -EBADF};
	scoped_fd root = -EBADF;
	char name[320];
	int first, rc;

	if (!(op->flags & CRL_OP_FOLLOW)) /* an image has its own */
		return 0;
	if (!text)
		return crl_renewal_fail(w, -ENOMEM, "no memory");
	rc = crl_renewal_enter(w, w->from, &root);
	if (rc)
		return rc;
	crl_side_look(root, "/etc/hosts", true, &hosts);
	crl_side_look(root, "/etc/hostname", true, &hostname);
	crl_ignore((int)crl_hosts_text(text, crl_renewal_read(w, &hosts, text, CRL_HOSTS_TEXT_MAX), op->data));
	(void)snprintf(name, sizeof(name), "%.256s\n", op->data);
	rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	first = keep_hosts(w, root, "/etc/hosts", &hosts, text);
	rc = keep_hosts(w, root, "/etc/hostname", &hostname, name);
	return first < 0 ? first : rc < 0 ? rc : first | rc;
}

/* The host's file without others. @ret_text  to be freed */
static int text_of_users(struct crl_renewal *w, const struct crl_mount_op *op, const struct crl_side *host,
			 char **ret_text)
{
	scoped_free struct crl_login *login = malloc(sizeof(*login));
	scoped_free struct crl_users *u = calloc(1, sizeof(*u));
	scoped_fd fd = -EBADF;
	char number[16];
	size_t len = 0;
	FILE *from, *out;
	int rc = login && u ? crl_users_login(op->data, login) : -ENOMEM;

	if (rc == 0)
		rc = crl_users_file_at(op->source, &u->file);
	if (rc < 0)
		return crl_renewal_fail(w, rc, "cannot read whose room it is");
	u->login = login;
	(void)snprintf(number, sizeof(number), "%d", host->fd);
	if (!host->rc && S_ISREG(host->st.st_mode))
		fd = openat(w->fds, number, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	from = fd < 0 ? NULL : fdopen(fd, "r");
	out = open_memstream(ret_text, &len);
	if (out)
		crl_users_write(u, from, out);
	if (from) {
		(void)take_fd(&fd);
		(void)fclose(from); /* it was only read */
	}
	return out && fclose(out) == 0 ? 0 : crl_renewal_fail(w, -ENOMEM, "no memory");
}

int crl_renew_users(struct crl_renewal *w, const struct crl_mount_op *op)
{
	const struct crl_mount_op at = {.kind = CRL_MOUNT_USERS, .target = op->target, .flags = CRL_OP_FOLLOW};
	scoped(crl_side) host = {.fd = -EBADF};
	scoped_free char *text = NULL;
	scoped_fd root = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->source, true, &host);
	if (host.rc && host.rc != -ENOENT)
		return crl_renewal_fail(w, host.rc, "cannot look at the host's");
	rc = text_of_users(w, op, &host, &text);
	if (!rc)
		rc = crl_renewal_enter(w, w->room, &root);
	return rc ? rc : keep_text(w, root, &at, &host, text);
}
