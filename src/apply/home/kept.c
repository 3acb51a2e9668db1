// SPDX-License-Identifier: Apache-2.0
/*
 * A home that is kept: an overlay whose upper is in the store, or the mount of it that another room of the user gave.
 *
 * Runs in: the room's init, root. Trusts: what the helper found in the store (parts/home.c): it holds the lock and has
 * proved that nobody else shows the upper.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"

/* Clones come from what is attached here. */
int crl_mounting_attach_data(struct crl_mounting *room, const struct crl_mount_op *op, int data)
{
	int scaffold = room->tree[CRL_TREE_SYSTEM];
	char place[32];

	(void)snprintf(place, sizeof(place), "%s/data", op->target);
	if (mkdirat(scaffold, place, 0700) < 0 || move_mount(data, "", scaffold, place, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return crl_mounting_fail(room, op, -errno, "cannot attach the store");
	return 0;
}

static int merge(struct crl_mounting *room, const struct crl_mount_op *op)
{
	const struct crl_mounting_layers layers = {
		.frozen = room->layer,
		.own = room->layers,
		.lower = room->lowers > 0 ? room->lower : &room->home,
		.len = room->lowers > 0 ? room->lowers : 1,
		.ids = room->lower_ids,
		.upper = op->target,
		.kept = true,
	};
	int rc = crl_mounting_make_overlay(room, op, &layers, &room->home_mount);

	return rc < 0 ? rc : crl_mounting_home_read(room, op);
}

/* Found once more, among this namespace's own mounts: the descriptor is of a mount that is not. */
static int clone_own(struct crl_mounting *room, const struct crl_mount_op *op, int known, int *ret_fd)
{
	struct stat is, was;
	scoped_fd fd = -EBADF;
	int rc = op->source ? crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, false, &fd) : -ENODATA;

	if (rc == 0 && (fstat(fd, &is) < 0 || fstat(known, &was) < 0))
		rc = -errno;
	if (rc == 0 && (is.st_dev != was.st_dev || is.st_ino != was.st_ino))
		rc = -ESTALE;
	return rc < 0 ? rc : crl_mount_clone(fd, false, ret_fd);
}

/* What the store has made for others; it stays as it was last left. */
static int make_own(struct crl_mounting *room, const struct crl_mount_op *op, int data)
{
	scoped_fd fd = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : crl_mounting_home_upper(room, op, fd);

	return rc == -EEXIST ? 0 : rc;
}

/* Who is alone keeps it in a directory of their own. */
static int attach_own(struct crl_mounting *room, const struct crl_mount_op *op, int known)
{
	scoped_fd mount = -EBADF;
	int rc = clone_own(room, op, known, &mount);

	if (rc == 0)
		rc = make_own(room, op, mount);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot use the directory for what is kept");
	return crl_mounting_attach_data(room, op, mount);
}

int crl_mounting_home_kept(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int data = (int)op->number - 1, rc;

	if (room->homeless[0])
		return 0;
	if (data < 0)
		return crl_mounting_fail(room, op, -ENODATA, "it was not there when the store was opened");
	rc = room->alone ? attach_own(room, op, data) : crl_mounting_attach_data(room, op, data);
	return rc < 0 ? rc : merge(room, op);
}

int crl_mounting_home_shared(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int fd, rc;

	if (room->homeless[0])
		return 0;
	fd = fcntl((int)op->number - 1, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return crl_mounting_fail(room, op, -errno, "the other room's home is not there");
	room->home_mount = fd;
	room->shared = true;
	/* Whether programs can be run is this room's to say. */
	rc = crl_mount_change(fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot take the other room's home") : 0;
}

/* As this room merges it, without what is the user's own. */
static int clone_lower(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	const struct crl_mounting_layers layers = {
		.own = room->layers,
		.len = room->lowers,
		.upper = "upper",
	};
	char place[32];
	scoped_fd fd = -EBADF;
	int rc;

	if (room->lowers > 1)
		return crl_mounting_make_merged(room, op, &layers, ret_fd);
	(void)snprintf(place, sizeof(place), "upper/%zu", room->layers + 1);
	fd = openat(room->tree[CRL_TREE_SYSTEM], place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return crl_mounting_fail(room, op, -errno, "it is not among the layers");
	rc = crl_mount_clone(fd, false, ret_fd);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot clone") : 0;
}

int crl_mounting_home_lower(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	int rc = 0;

	if (room->homeless[0])
		return 0;
	if (op->number > 0)
		fd = fcntl((int)op->number - 1, F_DUPFD_CLOEXEC, 0);
	else if (room->shared)
		return 0; /* the other room shows none */
	else
		rc = clone_lower(room, op, &fd);
	if (rc < 0 || fd < 0)
		return rc;
	if (!(op->flags & CRL_OP_EXEC))
		attributes |= MOUNT_ATTR_NOEXEC;
	rc = crl_mount_change(fd, false, attributes, 0);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make it read-only")
		      : crl_mounting_attach(room, op, fd, true);
}
