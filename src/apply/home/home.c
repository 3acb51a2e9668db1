// SPDX-License-Identifier: Apache-2.0
/*
 * The home: found and proved as the user, then bound, covered by an overlay, or made anew.
 *
 * Runs in: the room's init, root; single-threaded, so that the user's fsuid and groups are this process's
 * alone. Trusts: nothing in the home; of the way to it only links that root alone can have made.
 * R1: the home is looked up with the user's rights, so that a server that squashes root answers and a directory the
 * user may not pass stays closed.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "apply/home/copytree.h"
#include "apply/home/idmap.h"
#include "apply/mounts/beneath.h"
#include "apply/mounts/rights.h"
#include "base/compat.h"
#include "base/path.h"
#include "base/root.h"

/* R1. Who is alone has no other rights, and capabilities that count for no file of the host's. */
static int become(const struct crl_mounting *room, struct crl_rights *saved)
{
	const struct crl_login *l = room->login;

	return room->alone ? 0 : crl_rights_take(l->uid, l->gid, l->groups, l->ngroups, saved);
}

static int come_back(const struct crl_mounting *room, struct crl_rights *saved)
{
	return room->alone ? 0 : crl_rights_back(saved);
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	default:
		return "no directory";
	}
}

static int refuse(struct crl_mounting *room, const struct crl_mount_op *op, int code, const char *what)
{
	return crl_err_set(room->err, code, CRL_STAGE_HOME, "home %s is %s, expected a directory of uid %u", op->source,
			   what, room->login->uid);
}

/* The account can do without: it finds what the host shows of the place, or nothing. */
static int do_without(struct crl_mounting *room, const struct crl_mount_op *op, const char *what)
{
	(void)snprintf(room->homeless, sizeof(room->homeless), "home %s is %s", op->source ? op->source : op->target,
		       what);
	return 0;
}

/* Why the lookup failed, in words; what stands there is looked at without being opened. */
static int refuse_lookup(struct crl_mounting *room, const struct crl_mount_op *op, int rc)
{
	struct stat st;

	if (rc == -ENOENT)
		return do_without(room, op, "missing"); /* as on the host, where a login goes on in "/" */
	if (rc == -EACCES)
		return refuse(room, op, EACCES, "not reachable with the user's rights");
	if (fstatat(room->tree[CRL_TREE_HOST], op->source + 1, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		st.st_mode = S_IFDIR;
	if (S_ISDIR(st.st_mode) && rc == -ELOOP)
		return refuse(room, op, ELOOP, "behind a symbolic link that others than root can make");
	if (rc == -ELOOP || rc == -ENOTDIR)
		return refuse(room, op, -rc, kind_of(st.st_mode));
	return crl_err_set(room->err, -rc, CRL_STAGE_HOME, "home %s cannot be opened", op->source);
}

/*
 * sshd's ChrootDirectory wants a home that is root's and that nobody else can write. It has to stand where the account
 * says: a link to another directory of root's, /etc say, would show what the room hides.
 */
static bool is_roots_own(const struct crl_mounting *room, const struct crl_mount_op *op, const struct stat *home)
{
	struct stat st;

	return crl_hostroot_owns(home) && !(home->st_mode & (S_IWGRP | S_IWOTH)) &&
	       fstatat(room->tree[CRL_TREE_HOST], op->source + 1, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	       st.st_ino == home->st_ino && st.st_dev == home->st_dev;
}

static int check_home(struct crl_mounting *room, const struct crl_mount_op *op, int fd)
{
	char what[64];
	struct stat st;

	if (fstatat(fd, "", &st, AT_EMPTY_PATH)) {
		if (errno != EACCES)
			return crl_mounting_fail(room, op, -errno, "cannot look at it");
		return crl_err_set(room->err, EACCES, CRL_STAGE_HOME,
				   "home %s lets in nobody but whose processes have mounted it (FUSE without "
				   "allow_other?); with that option, or home.mode \"tmpfs\", it can be used",
				   op->source);
	}
	if (!S_ISDIR(st.st_mode))
		return refuse(room, op, ENOTDIR, kind_of(st.st_mode));
	if (st.st_uid != op->uid && (op->flags & CRL_OP_OWNED || !is_roots_own(room, op, &st))) {
		(void)snprintf(what, sizeof(what), "owned by uid %u", st.st_uid);
		return op->flags & CRL_OP_OPTIONAL ? do_without(room, op, what) : refuse(room, op, EPERM, what);
	}
	if (st.st_mode & S_IWOTH) {
		(void)snprintf(what, sizeof(what), "writable by everyone (mode %04o)", st.st_mode & 07777);
		return refuse(room, op, EPERM, what);
	}
	return 0;
}

int crl_mounting_home_open(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct crl_rights saved = {.groups = NULL, .len = -1};
	scoped_fd fd = -EBADF;
	int back;
	int rc = become(room, &saved);

	if (rc < 0)
		(void)crl_mounting_fail(room, op, rc, "cannot take the user's rights"); /* rc goes up as it is */
	if (rc == 0) {
		rc = crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, true, &fd);
		rc = rc ? refuse_lookup(room, op, rc) : check_home(room, op, fd);
	}
	back = come_back(room, &saved);
	if (rc == 0 && back)
		rc = crl_mounting_fail(room, op, back, "cannot give the user's rights back");
	if (rc == 0 && !room->homeless[0])
		room->home = take_fd(&fd);
	return rc;
}

/*
 * Already here: once the room's root covers ours the kernel takes us for chrooted and makes no user namespace.
 */
static int map_owners(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int rc = crl_idmap_open(op->uid, op->gid, &room->lower_ids);

	if (rc == -ENOSPC)
		return crl_mounting_fail(
			room, op, rc,
			"no user namespace to map owners with (home.lower_owner; user.max_user_namespaces)");
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make a map of owners (home.lower_owner)") : 0;
}

int crl_mounting_lower_open(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int rc;

	if (room->homeless[0])
		return 0;
	if (room->lowers >= CRL_ARRAY_LEN(room->lower))
		return crl_mounting_fail(room, op, -E2BIG, "too many directories");
	rc = crl_path_open_trusted(op->source, CRL_PATH_DIR, CRL_STAGE_HOME, &room->lower[room->lowers], room->err);
	if (rc < 0)
		return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.lower");
	room->lowers++;
	return op->flags & CRL_OP_OWNED && room->lower_ids < 0 ? map_owners(room, op) : 0;
}

/* A template is root's: the merged home gets the user and 0700. A real home keeps what it has. */
int crl_mounting_home_upper(struct crl_mounting *room, const struct crl_mount_op *op, int upper)
{
	struct stat st;
	uid_t uid = op->uid;
	gid_t gid = op->gid;
	mode_t mode = op->mode;

	if (room->lowers == 0) {
		if (fstatat(room->home, "", &st, AT_EMPTY_PATH))
			return -errno;
		uid = st.st_uid;
		gid = room->alone ? gid : st.st_gid; /* a group of many has no number there */
		mode = st.st_mode & 07777;
	}
	/* "up" last: who finds it has both. */
	if ((mkdirat(upper, "work", 0700) && errno != EEXIST) || mkdirat(upper, "up", 0700) ||
	    fchownat(upper, "up", uid, gid, 0) || fchmodat(upper, "up", mode, 0))
		return -errno;
	return 0;
}

/*
 * An overlay reads its lower with root's rights, and a server that squashes root refuses those, whatever the user may:
 * a home that would then be a locked door is refused here.
 */
int crl_mounting_home_read(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct crl_rights saved = {.groups = NULL, .len = -1};
	int rc = become(room, &saved), back;
	char entries[1024];

	if (rc == 0) {
		scoped_fd fd = openat(room->home_mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_getdents64, fd, entries, sizeof(entries)) < 0)
			rc = -errno;
	}
	back = come_back(room, &saved);
	if (rc == -EACCES)
		return crl_err_set(room->err, EACCES, CRL_STAGE_HOME,
				   "home %s keeps root out (NFS with root_squash?), so it cannot be the lower of an "
				   "overlay; home.mode \"real\" or \"tmpfs\" can be used",
				   room->login->home);
	return rc || back ? crl_mounting_fail(room, op, rc ? rc : back, "cannot read the merged home") : 0;
}

int crl_mounting_home_overlay(struct crl_mounting *room, const struct crl_mount_op *op)
{
	const struct crl_mounting_layers layers = {
		.lower = room->lowers > 0 ? room->lower : &room->home,
		.len = room->lowers > 0 ? room->lowers : 1,
		.ids = room->lower_ids,
		.upper = op->target,
	};
	int rc = 0;

	if (room->homeless[0])
		return 0;
	rc = crl_mounting_make_tmpfs(room, op, 0700, &room->tree[CRL_TREE_HOME]);
	if (rc < 0)
		return rc;
	rc = crl_mounting_home_upper(room, op, room->tree[CRL_TREE_HOME]);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot make the upper");
	rc = crl_mounting_make_overlay(room, op, &layers, &room->home_mount);
	return rc < 0 ? rc : crl_mounting_home_read(room, op);
}

int crl_mounting_home_tmpfs(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd skeleton = -EBADF;
	scoped_fd dir = -EBADF;
	int rc = 0;

	if (room->homeless[0])
		return 0;
	rc = crl_mounting_make_tmpfs(room, op, 0700, &room->tree[CRL_TREE_HOME]);
	if (rc < 0)
		return rc;
	if (op->source) {
		rc = crl_path_open_trusted(op->source, CRL_PATH_DIR, CRL_STAGE_HOME, &skeleton, room->err);
		if (rc < 0)
			return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.skeleton");
		rc = crl_beneath_open(room->tree[CRL_TREE_HOME], ".", O_RDONLY | O_DIRECTORY, 0, &dir);
		if (rc == 0)
			rc = crl_copy_tree(skeleton, dir, op->uid, op->gid, room->err);
		if (rc < 0)
			return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.skeleton %s", op->source);
	}
	if (fchownat(room->tree[CRL_TREE_HOME], "", op->uid, op->gid, AT_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot give it to the user");
	rc = crl_mount_clone(room->tree[CRL_TREE_HOME], false, &room->home_mount);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot clone") : 0;
}

static int bind_home(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int rc = crl_mount_clone(room->home, true, &room->home_mount);

	if (rc == 0)
		rc = crl_mount_change(room->home_mount, true, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot clone") : 0;
}

/* A home that is new needs a place, which nobody can make on the host's read-only root. */
static bool has_no_place(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd to = -EBADF;

	return op->flags & CRL_OP_OPTIONAL && !(op->flags & CRL_OP_PLACE) &&
	       crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, true, &to) == -ENOENT;
}

int crl_mounting_home(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct crl_mount_op here = *op;
	int rc = 0;

	if (room->homeless[0])
		return 0;
	if (has_no_place(room, op))
		return do_without(room, op, "missing");
	if (room->home_mount < 0)
		rc = bind_home(room, op);
	if (rc == 0 && !(op->flags & CRL_OP_EXEC)) {
		rc = crl_mount_change(room->home_mount, false, MOUNT_ATTR_NOEXEC, 0);
		if (rc < 0)
			return crl_mounting_fail(room, op, rc, "cannot forbid programs in it");
	}
	here.flags &= ~CRL_OP_OPTIONAL; /* what is missing is told, not passed over */
	return rc < 0 ? rc : crl_mounting_attach(room, &here, room->home_mount, true);
}
