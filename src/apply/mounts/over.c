// SPDX-License-Identifier: Apache-2.0
/*
 * What the room's root is: the host's, or an image, as it is or under an overlay that takes the writes; and which
 * directories of that are the user's.
 *
 * Runs in: the room's init, root. Source: the kernel's filesystems/overlayfs.rst.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "base/path.h"
#include "base/root.h"

#define BELOW_MAX 2 /* layers that are not the user's own */

int crl_mounting_over(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF; /* what is in it is found through the scaffold */

	return crl_mounting_make_tmpfs(room, op, 0755, &fd);
}

static int attach_root(struct crl_mounting *room, const struct crl_mount_op *op, int mount)
{
	if (move_mount(mount, "", room->tree[CRL_TREE_SYSTEM], op->target, MOVE_MOUNT_F_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot attach");
	room->tree[CRL_TREE_ROOT] = mount;
	return 0;
}

/* The merged directory has owner and mode of the upper's: those of the lower. */
static int make_upper(const struct crl_mount_op *op, int dir, int lower, bool mapped)
{
	struct stat st;

	if (fstatat(lower, "", &st, AT_EMPTY_PATH))
		return -errno;
	if (mapped) {
		st.st_uid = op->uid;
		st.st_gid = op->gid;
	}
	if (mkdirat(dir, "up", 0700) || mkdirat(dir, "work", 0700) ||
	    fchownat(dir, "up", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) ||
	    fchmodat(dir, "up", st.st_mode & 07777, 0))
		return -errno;
	return 0;
}

/*
 * What is below who is inside: the public layer, whose owners are mapped already, where the room has one. @ids  changed
 * then. @ret  BELOW_MAX. Returns how many.
 */
static size_t find_below(const struct crl_mounting *room, const struct crl_mount_op *op, int lower, int *ids, int *ret)
{
	ret[0] = lower;
	if (op->kind != CRL_MOUNT_INSIDE || room->public_tree < 0)
		return 1;
	*ids = -EBADF;
	ret[0] = room->public.files;
	ret[1] = room->public_tree;
	return 2;
}

/* @op->data  where the upper goes; its file system is nobody's yet but ours */
static int put_under_overlay(struct crl_mounting *room, const struct crl_mount_op *op, int lower, int ids, int *ret_fd)
{
	struct crl_mounting_layers layers = {.ids = ids, .upper = op->data};
	int scaffold = room->tree[CRL_TREE_SYSTEM], all[BELOW_MAX], rc = 0;
	scoped_fd dir = -EBADF;

	layers.len = find_below(room, op, lower, &layers.ids, all);
	layers.lower = all;
	if (mkdirat(scaffold, op->data, 0700) && errno != EEXIST)
		rc = -errno;
	if (rc == 0)
		rc = crl_beneath_find_dir(scaffold, op->data, false, &dir);
	if (rc == 0)
		rc = make_upper(op, dir, all[0], ids >= 0);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make the upper")
		      : crl_mounting_make_overlay(room, op, &layers, ret_fd);
}

int crl_mounting_over_kept(struct crl_mounting *room, const struct crl_mount_op *op)
{
	room->root_is_kept = true;
	if (!op->number)
		return crl_mounting_fail(room, op, -ENODATA, "it was not there when the store was opened");
	return crl_mounting_attach_data(room, op, (int)op->number - 1);
}

int crl_mounting_over_shared(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int fd = fcntl((int)op->number - 1, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return crl_mounting_fail(room, op, -errno, "the other room's root is not there");
	room->root_given = fd;
	return 0;
}

/* Its upper, and layers that were frozen, are in the store. */
static int put_under_kept(struct crl_mounting *room, const struct crl_mount_op *op, int lower, int ids, int *ret_fd)
{
	struct crl_mounting_layers layers = {
		.frozen = room->root_layer, .own = room->root_layers, .ids = ids, .upper = op->data, .kept = true};
	int all[BELOW_MAX];

	layers.len = find_below(room, op, lower, &layers.ids, all);
	layers.lower = all;
	return crl_mounting_make_overlay(room, op, &layers, ret_fd);
}

int crl_mounting_put_under(struct crl_mounting *room, const struct crl_mount_op *op, int lower, int ids, int *ret_fd)
{
	if (room->root_given >= 0) {
		*ret_fd = take_fd(&room->root_given);
		return 0;
	}
	return room->root_is_kept ? put_under_kept(room, op, lower, ids, ret_fd)
				  : put_under_overlay(room, op, lower, ids, ret_fd);
}

static int make_root(struct crl_mounting *room, const struct crl_mount_op *op, int lower)
{
	scoped_fd fd = -EBADF;
	int rc;

	if (op->flags & CRL_OP_WRITABLE) {
		rc = crl_mounting_put_under(room, op, lower, -EBADF, &fd);
	} else {
		rc = crl_mount_clone(lower, false, &fd);
		if (rc < 0)
			(void)crl_mounting_fail(room, op, rc, "cannot clone"); /* rc goes up as it is */
	}
	if (rc == 0)
		rc = attach_root(room, op, fd);
	return rc < 0 ? rc : (take_fd(&fd), 0);
}

int crl_mounting_root(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return make_root(room, op, room->tree[CRL_TREE_HOST]);
}

int crl_mounting_skeleton(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct stat st;
	int rc = crl_mounting_make_tmpfs(room, op, 0755, &room->tree[CRL_TREE_ROOT]);

	if (rc == 0 && fstatat(room->tree[CRL_TREE_ROOT], "", &st, AT_EMPTY_PATH))
		rc = crl_mounting_fail(room, op, -errno, "cannot look at it");
	if (rc == 0)
		crl_hostroot_adopt(st.st_dev);
	return rc;
}

/* Before Linux 6.15 nothing is cloned from a mount that is not attached. */
static int take_mount(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	int scaffold = room->tree[CRL_TREE_SYSTEM];
	int mount = fcntl((int)op->number - 1, F_DUPFD_CLOEXEC, 0); /* that one is the job's */

	if (mount < 0)
		return crl_mounting_fail(room, op, -errno, "it was not handed over");
	*ret_fd = mount;
	if (mkdirat(scaffold, "image", 0700) || move_mount(mount, "", scaffold, "image", MOVE_MOUNT_F_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot attach");
	return 0;
}

static int open_image(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	int rc;

	if (op->number)
		return take_mount(room, op, ret_fd);
	rc = crl_path_open_trusted(op->source, CRL_PATH_DIR, CRL_STAGE_MOUNT, ret_fd, room->err);
	return rc < 0 ? crl_err_wrap(room->err, rc, CRL_STAGE_MOUNT, "image") : 0;
}

int crl_mounting_image(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd image = -EBADF;
	int rc = open_image(room, op, &image);

	if (rc < 0)
		return rc;
	rc = make_root(room, op, image);
	if (rc == 0)
		room->tree[CRL_TREE_LOWER] = take_fd(&image);
	return rc;
}

int crl_mounting_apart(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd lower = -EBADF;
	scoped_fd fd = -EBADF;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, false, &lower);

	if ((rc == -ENOENT || rc == -ENOTDIR) && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot open it on the host");
	rc = put_under_overlay(room, op, lower, -EBADF, &fd);
	return rc < 0 ? rc : crl_mounting_attach(room, op, fd, true);
}

/* A directory that is not root's is left to whom it belongs. */
int crl_mounting_own(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_ROOT], op->target, false, &fd);

	if ((rc == -ENOENT || rc == -ENOTDIR) && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc == 0 && op->flags & CRL_OP_WRITABLE)
		rc = crl_mount_change(fd, false, 0, MOUNT_ATTR_RDONLY);
	if (rc == 0 && fstatat(fd, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	if (rc == 0 && st.st_uid == 0 && fchownat(fd, "", op->uid, (gid_t)-1, AT_EMPTY_PATH))
		rc = -errno;
	return rc < 0 ? crl_mounting_fail(room, op, rc,
					  rc == -ELOOP ? "a symbolic link is in its place"
						       : "cannot give it to the user")
		      : 0;
}
