// SPDX-License-Identifier: Apache-2.0
/*
 * See renew.h. Here: clones of the host's (offers, binds, writable paths, the log's socket).
 *
 * R1: whether something is true is seen in the room and on the host each time, by device and inode, which nobody gets
 * anew while a mount holds it: there is nothing to remember, and nothing to get wrong.
 * R2: nothing stacks up: what is put in place takes the place of what was there.
 * R3: a user can move directories of their own about while we look. No path is used twice: what is detached is found
 * beneath a directory that is held, and is what was looked at.
 * R4: a link in the root inside is its root's, or the image's (Debian's /var/spool/mail): where it leads is theirs to
 * say, and no fault.
 */
#include "apply/mounts/renew.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/renewal.h"
#include "base/compat.h"
#include "base/path.h"
#include "wire/stage.h"

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x200
#endif

int crl_renewal_fail(struct crl_renewal *w, int rc, const char *step)
{
	w->step = step;
	return rc;
}

int crl_renewal_enter(struct crl_renewal *w, int ns, int *ret_root)
{
	drop_fd(ret_root);
	if (setns(ns, CLONE_NEWNS) < 0)
		return crl_renewal_fail(w, -errno, "cannot enter its mount namespace");
	*ret_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_root < 0 ? crl_renewal_fail(w, -errno, "cannot open its root") : 0;
}

void crl_side_done(struct crl_side *s)
{
	drop_fd(&s->fd);
}

void crl_side_look(int root, const char *path, bool follow, struct crl_side *ret)
{
	struct statx x;

	crl_side_done(ret);
	ret->is_mount = false;
	ret->rc = crl_beneath_find(root, path, follow, &ret->fd);
	if (ret->rc == 0 && fstatat(ret->fd, "", &ret->st, AT_EMPTY_PATH) < 0)
		ret->rc = -errno;
	if (ret->rc == 0 && statx(ret->fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE, &x) == 0)
		ret->is_mount = x.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	if (ret->rc == -ENOTDIR)
		ret->rc = -ENOENT;
}

/* R1 */
bool crl_side_is_same(const struct crl_side *a, const struct crl_side *b)
{
	return a->rc == 0 && b->rc == 0 && a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
}

/* The path without links, where one that root has made leads elsewhere. */
static int resolve(const struct crl_renewal *w, const struct crl_mount_op *op, int root, const struct crl_side *room,
		   char path[PATH_MAX])
{
	static const char deleted[] = " (deleted)";
	scoped_fd plain = -EBADF;
	char number[16];
	ssize_t n;
	size_t end;

	if (crl_beneath_find(root, op->target, false, &plain) != -ELOOP || !(op->flags & CRL_OP_FOLLOW))
		return snprintf(path, PATH_MAX, "%s", op->target) < PATH_MAX ? 0 : -ENAMETOOLONG;
	(void)snprintf(number, sizeof(number), "%d", room->fd);
	n = readlinkat(w->fds, number, path, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	end = (size_t)n > strlen(deleted) ? (size_t)n - strlen(deleted) : 0;
	if (end && room->st.st_nlink == 0 && strcmp(path + end, deleted) == 0)
		path[end] = '\0';
	return 0;
}

/* R3: take away the mount that @room has found at op->target. */
static int detach(struct crl_renewal *w, const struct crl_mount_op *op, int root, const struct crl_side *room)
{
	char path[PATH_MAX], *slash;
	scoped_fd parent = -EBADF;
	struct stat st;
	int rc = resolve(w, op, root, room, path);

	slash = rc ? NULL : strrchr(path, '/');
	if (!slash)
		return crl_renewal_fail(w, rc ? rc : -EINVAL, "cannot find its place");
	*slash = '\0';
	rc = crl_beneath_find_dir(root, path, false, &parent);
	if (rc || fchdir(parent) < 0)
		return crl_renewal_fail(w, rc ? rc : -errno, "cannot find its place");
	if (fstatat(parent, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != room->st.st_dev ||
	    st.st_ino != room->st.st_ino)
		rc = -EAGAIN;
	else if (umount2(slash + 1, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		rc = -errno;
	(void)!chdir("/");
	return rc ? crl_renewal_fail(w, rc, "cannot take the old one away") : 0;
}

/* R2 */
int crl_renewal_replace(struct crl_renewal *w, const struct crl_mount_op *op, int root, int clone,
			struct crl_side *room)
{
	int rc;

	if (room->is_mount && move_mount(clone, "", room->fd, "",
					 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH) == 0)
		return detach(w, op, root, room);
	if (room->is_mount) {
		rc = detach(w, op, root, room);
		if (rc)
			return rc;
		crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, room);
		if (room->rc)
			return crl_renewal_fail(w, room->rc, "cannot find its place");
	}
	rc = crl_mount_attach(clone, room->fd);
	return rc ? crl_renewal_fail(w, rc, "cannot attach") : 0;
}

int crl_renewal_slip(struct crl_renewal *w, const struct crl_mount_op *op, int root, int clone,
		     const struct crl_side *room)
{
	int rc;

	if (move_mount(clone, "", room->fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH) < 0)
		return 0;
	rc = detach(w, op, root, room);
	return rc ? rc : 1;
}

/* Clone what the host has, as the plan would. */
static int clone_source(struct crl_renewal *w, const struct crl_mount_op *op, bool *ret_is_dir, int *ret_clone)
{
	bool whole = op->kind != CRL_MOUNT_OFFER && op->kind != CRL_MOUNT_DEVLOG;
	scoped(crl_side) host = {.fd = -EBADF};
	scoped_fd root = -EBADF, clone = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->source, op->kind != CRL_MOUNT_DEVLOG, &host);
	rc = host.rc ? host.rc : crl_mount_clone(host.fd, whole, &clone);
	if (!rc)
		rc = crl_mount_change(clone, whole, crl_mount_attributes(op->flags), 0);
	if (rc)
		return crl_renewal_fail(w, rc, "cannot clone");
	*ret_is_dir = S_ISDIR(host.st.st_mode);
	*ret_clone = take_fd(&clone);
	return 0;
}

/* The place is there, of the right kind, in @room. */
static int find_place(struct crl_renewal *w, const struct crl_mount_op *op, int root, bool is_dir,
		      struct crl_side *room)
{
	int rc;

	crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, room);
	if (room->rc == 0 && S_ISDIR(room->st.st_mode) == is_dir)
		return 0;
	if (room->rc == 0 && room->is_mount) {
		rc = detach(w, op, root, room);
		if (rc)
			return rc;
		crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, room);
	}
	if (room->rc == 0 && S_ISDIR(room->st.st_mode) == is_dir)
		return 0;
	if (op->place_tree == CRL_TREE_NONE)
		return crl_renewal_fail(w,
					room->rc ? room->rc
					: is_dir ? -ENOTDIR
						 : -EISDIR,
					"the room's root has no such place");
	if (room->rc == 0)
		crl_renew_place_away(w, op, root);
	rc = crl_renew_place(w, op, root, is_dir);
	if (rc)
		return crl_renewal_fail(w, rc, "cannot make its place");
	crl_side_look(root, op->target, false, room);
	return room->rc ? crl_renewal_fail(w, room->rc, "cannot find its place") : 0;
}

/* @hosts  what is mounted there in the room is the host's own mount, which stays beneath */
static int put(struct crl_renewal *w, const struct crl_mount_op *op, bool hosts)
{
	scoped(crl_side) room = {.fd = -EBADF};
	scoped_fd root = -EBADF, clone = -EBADF;
	bool is_dir = false;
	int rc = clone_source(w, op, &is_dir, &clone);

	if (!rc)
		rc = crl_renewal_enter(w, w->room, &root);
	if (!rc)
		rc = find_place(w, op, root, is_dir, &room);
	if (rc == -ENOENT && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc)
		return rc;
	room.is_mount = room.is_mount && !hosts;
	rc = crl_renewal_replace(w, op, root, clone, &room);
	return rc ? rc : 1;
}

static int vanish(struct crl_renewal *w, const struct crl_mount_op *op, int root, const struct crl_side *room)
{
	int rc;

	if (room->rc || !room->is_mount)
		return 0;
	rc = detach(w, op, root, room);
	if (!rc && op->place_tree != CRL_TREE_NONE)
		crl_renew_place_away(w, op, root);
	return rc ? rc : 1;
}

static int renew_clone(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped(crl_side) host = {.fd = -EBADF}, under = {.fd = -EBADF, .rc = -ENOENT}, room = {.fd = -EBADF};
	scoped_fd root = -EBADF;
	bool hosts;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->source, true, &host);
	if (host.rc && host.rc != -ENOENT)
		return crl_renewal_fail(w, host.rc, "cannot look at the source");
	if (op->place_tree == CRL_TREE_NONE)
		crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, &under);
	rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	crl_side_look(root, op->target, op->flags & CRL_OP_FOLLOW, &room);
	/* R4 */
	if (room.rc == -ELOOP && crl_path_is_within(op->target, CRL_LAST_ROOT))
		return 0;
	if (room.rc && room.rc != -ENOENT)
		return crl_renewal_fail(w, room.rc, "cannot look at its place");
	hosts = crl_side_is_same(&room, &under);
	if (host.rc)
		return hosts ? 0 : vanish(w, op, root, &room);
	return room.is_mount && crl_side_is_same(&room, &host) ? 0 : put(w, op, hosts);
}

/*
 * A name that steers is never without its cover, not for a moment: the new one comes beneath the old one, which then
 * goes. Where the kernel cannot do that (before Linux 6.5) the old one stays. What has no cover needs none.
 */
static int renew_steering(struct crl_renewal *w, const struct crl_mount_op *op)
{
	scoped(crl_side) host = {.fd = -EBADF}, room = {.fd = -EBADF};
	scoped_fd root = -EBADF, clone = -EBADF;
	bool is_dir = false;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	crl_side_look(root, op->source, true, &host);
	if (!host.rc)
		rc = clone_source(w, op, &is_dir, &clone);
	if (!rc)
		rc = crl_renewal_enter(w, w->room, &root);
	if (rc || host.rc)
		return rc;
	crl_side_look(root, op->target, false, &room);
	if (room.rc || !room.is_mount || crl_side_is_same(&room, &host) || S_ISDIR(room.st.st_mode) != is_dir)
		return 0;
	return crl_renewal_slip(w, op, root, clone, &room);
}

/* The log: a socket, a link of root's, or nothing. @ret_link  "" = it is none */
static void look_at_log(int root, struct crl_side *ret, char *ret_link, size_t size)
{
	ssize_t n;

	crl_side_look(root, "/dev/log", false, ret);
	ret_link[0] = '\0';
	if (ret->rc != -ELOOP)
		return;
	n = readlinkat(root, "dev/log", ret_link, size - 1);
	ret_link[n > 0 ? n : 0] = '\0';
}

static int renew_log(struct crl_renewal *w, const struct crl_mount_op *given)
{
	scoped(crl_side) host = {.fd = -EBADF}, room = {.fd = -EBADF};
	const struct crl_mount_op op = {
		.kind = given->kind, .source = "/dev/log", .target = "/dev/log", .place_tree = CRL_TREE_SYSTEM};
	char want[256], have[256];
	scoped_fd root = -EBADF;
	int rc = crl_renewal_enter(w, w->from, &root);

	if (rc)
		return rc;
	look_at_log(root, &host, want, sizeof(want));
	rc = crl_renewal_enter(w, w->room, &root);
	if (rc)
		return rc;
	look_at_log(root, &room, have, sizeof(have));
	if ((want[0] && strcmp(want, have) == 0) || (room.is_mount && crl_side_is_same(&room, &host)) ||
	    (host.rc == -ENOENT && room.rc == -ENOENT))
		return 0;
	if (have[0])
		crl_renew_place_away(w, &op, root);
	if (host.rc == 0 && S_ISSOCK(host.st.st_mode))
		return put(w, &op, false);
	rc = vanish(w, &op, root, &room);
	if (rc >= 0 && want[0])
		rc = crl_renew_place_link(w, &op, root, want);
	return rc < 0 ? rc : 1;
}

int crl_renew(struct crl_renewal *w, const struct crl_mount_op *op)
{
	w->step = "";
	switch ((int)op->kind) {
	case CRL_MOUNT_OFFER:
	case CRL_MOUNT_BIND:
	case CRL_MOUNT_WRITABLE:
		return renew_clone(w, op);
	case CRL_MOUNT_DEVLOG:
		return renew_log(w, op);
	case CRL_MOUNT_STEER:
		return renew_steering(w, op);
	case CRL_MOUNT_READ_ONLY:
		return crl_renew_read_only(w, op);
	case CRL_MOUNT_HIDE:
		return crl_renew_cover(w, op);
	case CRL_MOUNT_SOCKET:
		return crl_renew_socket(w, op);
	case CRL_MOUNT_HOSTS:
		return crl_renew_hosts(w, op);
	case CRL_MOUNT_RESOLV:
		return crl_renew_resolv(w, op);
	case CRL_MOUNT_USERS:
		return crl_renew_users(w, op);
	default:
		return 0;
	}
}
