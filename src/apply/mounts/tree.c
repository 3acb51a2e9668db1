// SPDX-License-Identifier: Apache-2.0
/*
 * Clones of what the host has, put into the room's root; the way into that root and out of the host's.
 *
 * Runs in: the room's init, a child of carrel-steward; root.
 * Source: open_tree(2), move_mount(2), mount_setattr(2), pivot_root(2).
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "base/root.h"

#define RENEWALS_MAX 16 /* times that a file may be replaced under our hands */

int crl_mount_clone(int fd, bool recursive, int *ret_fd)
{
	int clone = open_tree(fd, "",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
				      (recursive ? AT_RECURSIVE : 0u));

	if (clone < 0)
		return -errno;
	*ret_fd = clone;
	return 0;
}

int crl_mount_change(int fd, bool recursive, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = MS_PRIVATE};

	return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof(attr)) ? -errno : 0;
}

int crl_mount_attach(int mount, int to)
{
	return move_mount(mount, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) ? -errno : 0;
}

/* Only in the room's own trees, where nobody but this process has been yet. */
static int make_place(int tree, const char *path, bool is_dir)
{
	char part[4096];
	size_t len = strlen(path);
	int fd;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && (path[i] || !is_dir))
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(tree, part, 0755) && errno != EEXIST)
			return -errno;
	}
	if (is_dir)
		return 0;
	fd = openat(tree, path, O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written */
	return 0;
}

static bool is_absent(int rc)
{
	return rc == -ENOENT || rc == -ENOTDIR;
}

int crl_mounting_attach(struct crl_mounting *room, const struct crl_mount_op *op, int mount, bool is_dir)
{
	scoped_fd to = -EBADF;
	int rc;

	if (op->flags & CRL_OP_PLACE) {
		rc = op->place_tree == CRL_TREE_INSIDE ? crl_mounting_make_inside_place(room, op->place, is_dir)
						       : make_place(room->tree[op->place_tree], op->place, is_dir);
		if (rc < 0)
			return crl_mounting_fail(room, op, rc, "cannot make its place");
	}
	rc = crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, op->flags & CRL_OP_FOLLOW, &to);
	if (is_absent(rc) && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc,
					 rc == -ELOOP ? "a symbolic link is in its place"
						      : "the room's root has no such place");
	rc = crl_mount_attach(mount, to);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot attach") : 0;
}

int crl_mounting_isolate(struct crl_mounting *room, const struct crl_mount_op *op)
{
	/* Slave, not private, until the tree stands: a home that an automounter brings arrives. */
	struct mount_attr attr = {.propagation = MS_SLAVE};

	if (mount_setattr(room->tree[CRL_TREE_HOST], "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)))
		return crl_mounting_fail(room, op, -errno, "cannot cut propagation");
	return 0;
}

static bool is_out_of_reach(int rc)
{
	return rc == -EACCES || rc == -ELOOP || rc == -ENOTCONN || rc == -ESTALE || rc == -EIO;
}

/* "/a: Input/output error, /b: …", cut where it is too long. */
static void note_covered(struct crl_mounting *room, const char *path, int rc)
{
	size_t at = strlen(room->covered);

	(void)snprintf(room->covered + at, sizeof(room->covered) - at, "%s%s: %s", at ? ", " : "", path,
		       strerrordesc_np(-rc) ?: "unknown error");
}

/* What it lies on was never meant to be seen: the room shows nothing there. */
static int cover_unreachable(struct crl_mounting *room, const struct crl_mount_op *op, int why)
{
	const struct crl_mount_op cover = {.kind = op->kind, .target = op->target, .flags = CRL_OP_OPTIONAL};
	scoped_fd to = -EBADF;
	int rc = crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, false, &to);

	note_covered(room, op->target, why);
	return rc < 0 ? 0
		      : crl_mounting_hide(room, &cover); /* what is not reached in the room, either, shows nothing */
}

/*
 * A mount that has no place any more, since it ended or lies below another, is no part of what the room could show.
 * Without root nothing comes without what is mounted on it: the kernel keeps it covered.
 */
int crl_mounting_keep(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd source = -EBADF;
	scoped_fd to = -EBADF;
	scoped_fd fd = -EBADF;
	int rc = crl_beneath_find(room->tree[CRL_TREE_HOST], op->source, false, &source);

	if (rc == 0)
		rc = crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, false, &to);
	if (is_absent(rc))
		return 0;
	/* At the top of a host that cannot be read a room without root is none. */
	if (is_out_of_reach(rc) && !(room->alone && rc == -EIO))
		return cover_unreachable(room, op, rc);
	if (rc == 0)
		rc = crl_mount_clone(source, room->alone, &fd);
	if (rc == 0)
		rc = crl_mount_attach(fd, to);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot clone") : 0;
}

int crl_mounting_protect(struct crl_mounting *room, const struct crl_mount_op *op)
{
	uint64_t set = MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY;
	int rc;

	set |= op->flags & CRL_OP_SUID ? 0 : MOUNT_ATTR_NOSUID;
	rc = crl_mount_change(room->tree[CRL_TREE_ROOT], true, set, 0);
	if (rc == 0 && op->flags & CRL_OP_WRITABLE) /* that one alone, not what the host has mounted in it */
		rc = crl_mount_change(room->tree[CRL_TREE_ROOT], false, 0, MOUNT_ATTR_RDONLY);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot set attributes") : 0;
}

uint64_t crl_mount_attributes(uint32_t flags)
{
	uint64_t set = MOUNT_ATTR_NOSUID;

	set |= flags & CRL_OP_DEVICES ? 0 : MOUNT_ATTR_NODEV;
	set |= flags & CRL_OP_WRITABLE ? 0 : MOUNT_ATTR_RDONLY;
	set |= flags & CRL_OP_EXEC ? 0 : MOUNT_ATTR_NOEXEC;
	return set;
}

/* Clone @source with the attributes that @op's flags ask for and put it on op->target. */
static int bind_to_target(struct crl_mounting *room, const struct crl_mount_op *op, int source, bool recursive)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = fstatat(source, "", &st, AT_EMPTY_PATH) ? -errno : crl_mount_clone(source, recursive, &fd);

	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot clone");
	rc = crl_mount_change(fd, recursive, crl_mount_attributes(op->flags), 0);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot set attributes");
	return crl_mounting_attach(room, op, fd, S_ISDIR(st.st_mode));
}

static bool is_unlinked(int fd)
{
	struct stat st;

	return fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && st.st_nlink == 0;
}

/* Files such as /run/motd.dynamic are renewed by rename at every login: what was found may be gone when it is bound. */
static int bind_from(struct crl_mounting *room, const struct crl_mount_op *op, enum crl_tree tree, bool recursive)
{
	for (int left = RENEWALS_MAX;; left--) {
		scoped_fd source = -EBADF;
		int rc = crl_beneath_find(room->tree[tree], op->source, true, &source);

		/* A link of somebody's leads nowhere: where everybody may make one (mail), it keeps nobody out. */
		if ((is_absent(rc) || rc == -ELOOP) && op->flags & CRL_OP_OPTIONAL)
			return 0;
		if (rc < 0)
			return crl_mounting_fail(room, op, rc,
						 rc == -ELOOP ? "a symbolic link that is not root's is on the way"
							      : "cannot open the source");
		rc = bind_to_target(room, op, source, recursive);
		if (rc != -ENOENT || left == 0 || !is_unlinked(source))
			return rc;
		*room->err = (struct crl_err){0};
	}
}

int crl_mounting_writable(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return bind_from(room, op, CRL_TREE_HOST, true);
}

int crl_mounting_read_only(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return bind_from(room, op, CRL_TREE_ROOT, true);
}

int crl_mounting_bind(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return bind_from(room, op, CRL_TREE_HOST, true);
}

int crl_mounting_offer(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return bind_from(room, op, CRL_TREE_HOST, room->alone);
}

int crl_mounting_seal(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	int rc = crl_mount_clone(room->tree[CRL_TREE_SYSTEM], false, &fd);

	if (rc == 0)
		rc = crl_mount_change(fd, false, MOUNT_ATTR_RDONLY, 0);
	if (rc == 0 && move_mount(fd, "", room->tree[CRL_TREE_SYSTEM], op->target, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot make it read-only");
	room->tree[CRL_TREE_SEALED] = take_fd(&fd);
	return 0;
}

int crl_mounting_clone_sealed(struct crl_mounting *room, const char *path, int *ret_fd)
{
	int fd = open_tree(room->tree[CRL_TREE_SEALED], path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int crl_mounting_hide(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd to = -EBADF;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, op->flags & CRL_OP_FOLLOW, &to);

	if (is_absent(rc) && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc == 0 && fstatat(to, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc,
					 rc == -ELOOP ? "a symbolic link that is not root's is on the way"
						      : "cannot find it");
	if (S_ISDIR(st.st_mode))
		rc = crl_mounting_clone_sealed(room, op->source ? op->source : "empty", &fd);
	else
		rc = op->source ? -ENOTDIR : crl_mounting_clone_sealed(room, "blank", &fd);
	if (rc == 0)
		rc = crl_mount_attach(fd, to);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot cover") : 0;
}

int crl_mounting_mask(struct crl_mounting *room, const struct crl_mount_op *op)
{
	const char *file = op->flags & CRL_OP_CLOSED ? "blank" : "mask";
	int tree = room->tree[op->tree];
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = 0;

	if (fstatat(tree, op->target, &st, AT_SYMLINK_NOFOLLOW))
		rc = errno == ENOENT || tree < 0 ? 0 : -errno;
	else if (S_ISLNK(st.st_mode))
		rc = -ELOOP;
	else
		rc = crl_mounting_clone_sealed(room, S_ISDIR(st.st_mode) ? "empty" : file, &fd);
	if (fd >= 0 && move_mount(fd, "", tree, op->target, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot cover") : 0;
}

int crl_mounting_freeze(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd =
		open_tree(room->tree[op->tree], op->target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	int rc = fd < 0 ? -errno : crl_mount_change(fd, false, MOUNT_ATTR_RDONLY, 0);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0 && move_mount(fd, "", room->tree[op->tree], op->target, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make it read-only") : 0;
}

int crl_mounting_show(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = open_tree(room->tree[op->tree], op->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct stat st;
	int rc = fd < 0 ? -errno : 0;

	/* What the tree is mounted with is inherited: nosuid, nodev, for the system tree noexec, sealed
	 * read-only. */
	if (rc == 0 && op->flags & CRL_OP_DEVICES)
		rc = crl_mount_change(fd, false, 0, MOUNT_ATTR_NODEV);
	if (rc == 0 && op->tree == CRL_TREE_USER && !(op->flags & CRL_OP_EXEC))
		rc = crl_mount_change(fd, false, MOUNT_ATTR_NOEXEC, 0);
	if (rc == 0 && fstatat(fd, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot clone");
	return crl_mounting_attach(room, op, fd, S_ISDIR(st.st_mode));
}

int crl_mounting_bare(struct crl_mounting *room, const struct crl_mount_op *op)
{
	/* Not recursive: what covers parts of it are mounts of their own. */
	scoped_fd fd = open_tree(room->tree[op->tree], ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 && op->flags & CRL_OP_OPTIONAL && room->tree[op->tree] < 0)
		return 0;
	if (fd < 0)
		return crl_mounting_fail(room, op, -errno, "cannot clone");
	return crl_mounting_attach(room, op, fd, true);
}

/* Consoles, serial lines and pseudo terminals: not /dev/tty or a ptmx, which are other things for each
 * opener. */
static bool is_terminal(const struct stat *st)
{
	unsigned int n = major(st->st_rdev);

	if (!S_ISCHR(st->st_mode))
		return false;
	return n == 4 || (n >= 136 && n <= 143) || n == 204 || n == 229 || (n == 5 && minor(st->st_rdev) == 1);
}

/* The host's, read-only: writing to the device is another thing, and changing its mode nobody's business. */
int crl_mounting_device(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd source = -EBADF;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	if (!room->binds_devices)
		return 0;
	rc = crl_beneath_find(room->tree[CRL_TREE_HOST], op->source, false, &source);
	if (rc == 0 && fstatat(source, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	if (rc == 0 && (!S_ISCHR(st.st_mode) || st.st_rdev != op->number))
		rc = -ENODEV;
	if (rc == 0)
		rc = crl_mount_clone(source, false, &fd);
	if (rc == 0)
		rc = crl_mount_change(fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				      MOUNT_ATTR_NODEV);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make the device, nor take the host's")
		      : crl_mounting_attach(room, op, fd, false);
}

int crl_mounting_terminal(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd source = -EBADF;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_beneath_find(room->tree[CRL_TREE_HOST], op->source, false, &source);

	if (rc == 0 && fstatat(source, "", &st, AT_EMPTY_PATH))
		rc = -errno;
	if (rc == 0 && !is_terminal(&st))
		rc = -ENOTTY;
	if (rc == 0)
		rc = crl_mount_clone(source, false, &fd);
	if (rc == 0)
		rc = crl_mount_change(fd, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NODEV);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot take the login's terminal");
	return crl_mounting_attach(room, op, fd, false);
}

int crl_mounting_devlog(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct crl_mount_op bind = *op;
	scoped_fd source = -EBADF;
	char target[256];
	struct stat st;
	ssize_t n;

	source = openat(room->tree[CRL_TREE_HOST], "dev/log", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		return errno == ENOENT ? 0 : crl_mounting_fail(room, op, -errno, "cannot look");
	if (fstatat(source, "", &st, AT_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot look");
	if (S_ISSOCK(st.st_mode)) {
		bind.flags |= CRL_OP_PLACE;
		return bind_to_target(room, &bind, source, false);
	}
	if (!S_ISLNK(st.st_mode) || !crl_hostroot_owns(&st))
		return 0;
	n = readlinkat(source, "", target, sizeof(target) - 1);
	if (n < 0)
		return crl_mounting_fail(room, op, -errno, "cannot read the link");
	target[n] = '\0';
	if (symlinkat(target, room->tree[CRL_TREE_SYSTEM], op->place))
		return crl_mounting_fail(room, op, -errno, "cannot make the link");
	return 0;
}

int crl_mounting_pivot(struct crl_mounting *room, const struct crl_mount_op *op)
{
	/*
	 * The old root is let go of by its path, and that must not find the system tmpfs on top of it: that
	 * one goes beneath, to /proc, which every host has; both leave in one go, and one wait for the kernel
	 * is enough.
	 */
	if (move_mount(room->tree[CRL_TREE_SYSTEM], "", room->tree[CRL_TREE_HOST], "proc", MOVE_MOUNT_F_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot put the scaffold away");
	if (fchdir(room->tree[CRL_TREE_ROOT]) || syscall(SYS_pivot_root, ".", "."))
		return crl_mounting_fail(room, op, -errno, "cannot change the root");
	if (umount2(".", MNT_DETACH) || chdir("/"))
		return crl_mounting_fail(room, op, -errno, "cannot let go of the host's root");
	return 0;
}
