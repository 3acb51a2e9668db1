// SPDX-License-Identifier: Apache-2.0
/*
 * The root of those who are in the room's user namespace, and what of the room stands in it.
 *
 * Runs in: the room's init, root; another room of the same user may show the same files meanwhile.
 * Trusts: nothing in that tree: it is its root's, who may have put anything at any name.
 * R1: a place is made step by step by descriptor, no link is followed, and what is in the way is put aside. Where it
 * ends up is in that tree in any case, and all that is mounted there is what the user sees elsewhere.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"

int crl_mounting_namespace(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	int rc;

	room->ns = fcntl((int)op->number - 1, F_DUPFD_CLOEXEC, 0);
	if (room->ns < 0)
		return crl_mounting_fail(room, op, -errno, "it was not handed over");
	rc = crl_mount_clone(room->ns, false, &fd);
	if (rc == 0)
		rc = crl_mount_change(fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot mount it") : crl_mounting_attach(room, op, fd, false);
}

/* What another user of these ids has left is nobody's here: it would be seen, and could not be changed. */
static int check_owner(struct crl_mounting *room, const struct crl_mount_op *op, int root)
{
	struct stat st;

	if (fstatat(root, "", &st, AT_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot look at it");
	if (st.st_uid == op->uid)
		return 0;
	return crl_err_set(room->err, EPERM, CRL_STAGE_MOUNT,
			   "the kept root was made with other ids, its root is %u and not %u: give the user the range "
			   "back that they had (/etc/subuid), or remove it by carrelctl root",
			   st.st_uid, op->uid);
}

int crl_mounting_inside(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF, to = -EBADF;
	int rc;

	room->inside_uid = op->uid;
	room->inside_gid = op->gid;
	room->inside_is_given = room->root_given >= 0;
	rc = crl_mounting_put_under(room, op, room->tree[CRL_TREE_LOWER], room->ns, &fd);
	if (rc == 0)
		rc = check_owner(room, op, fd);
	if (rc < 0)
		return rc;
	rc = crl_mount_change(fd, false, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID);
	if (rc == 0)
		rc = crl_beneath_find_dir(room->tree[CRL_TREE_ROOT], op->target, false, &to);
	if (rc == 0)
		rc = crl_mount_attach(fd, to);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot attach");
	room->tree[CRL_TREE_INSIDE] = take_fd(&fd);
	return 0;
}

/* One step. R1 */
static int make_step(const struct crl_mounting *room, int dir, const char *name, bool is_dir)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = 0;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0) {
		if (is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
			return 0;
		rc = S_ISLNK(st.st_mode) ? (unlinkat(dir, name, 0) ? -errno : 0) : crl_beneath_put_aside(dir, name);
	} else if (errno != ENOENT) {
		rc = -errno;
	}
	if (rc < 0)
		return rc;
	if (is_dir && mkdirat(dir, name, 0755))
		return -errno;
	if (!is_dir) {
		fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0)
			return -errno;
	}
	return fchownat(dir, name, room->inside_uid, room->inside_gid, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* R1 */
int crl_mounting_make_inside_place(struct crl_mounting *room, const char *path, bool is_dir)
{
	scoped_fd dir = fcntl(room->tree[CRL_TREE_INSIDE], F_DUPFD_CLOEXEC, 0);
	char part[PATH_MAX];
	char *rest = part;
	int rc = dir < 0 ? -errno : 0;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	for (char *name; rc == 0 && (name = strsep(&rest, "/"));) {
		int next;

		rc = make_step(room, dir, name, rest || is_dir);
		if (rc < 0 || !rest)
			return rc;
		next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		drop_fd(&dir);
		dir = next;
	}
	return rc;
}

static int share(int mount, bool recursive)
{
	struct mount_attr attr = {.propagation = MS_SHARED};

	return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) ? -errno
													     : 0;
}

/* Theirs are slaves, since another user namespace owns them: what they mount does not come back. */
int crl_mounting_share_inside(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int rc = share(room->tree[CRL_TREE_INSIDE], true);

	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot share its mounts") : 0;
}

int crl_mounting_also(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd source = -EBADF, fd = -EBADF;
	struct stat st;
	int rc;

	if (op->flags & CRL_OP_OWNED && room->homeless[0])
		return 0;
	rc = crl_beneath_find(room->tree[CRL_TREE_ROOT], op->source, true, &source);
	if (op->flags & CRL_OP_OPTIONAL && (rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP))
		return 0;
	if (rc == 0 && op->flags & CRL_OP_SHARED)
		rc = share(source, false);
	if (rc == 0)
		rc = crl_mount_clone(source, op->flags & CRL_OP_DIR, &fd);
	if (rc == 0 && fstatat(fd, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot clone")
		      : crl_mounting_attach(room, op, fd, S_ISDIR(st.st_mode));
}
