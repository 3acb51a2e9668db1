// SPDX-License-Identifier: Apache-2.0
/*
 * The home: found and proved as the user, then bound, covered by an overlay, or made anew.
 *
 * Runs in: the room's init, root; single-threaded, so that the user's fsuid and groups are this process's
 * alone. Trusts: nothing in the home; of the way to it only links that root alone can have made. R1: the home
 * is looked up with the user's rights, so that a server that squashes root answers and a directory the user
 * may not pass stays closed. R2: the kernel forgets the parent's death signal, and may make the process dumpable, with
 * every change of fsuid; whoever waits for a dead server must still die with its parent.
 */
#include "apply/room.h"

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "apply/beneath.h"
#include "apply/copytree.h"
#include "apply/idmap.h"
#include "base/path.h"

struct rights {
	gid_t *groups;
	int len;
	int death_signal;
};

static int groups_of_self(struct rights *r)
{
	r->len = getgroups(0, NULL);
	if (r->len < 0)
		return -errno;
	r->groups = calloc((size_t)r->len + 1, sizeof(*r->groups));
	if (!r->groups)
		return -ENOMEM;
	r->len = getgroups(r->len, r->groups);
	return r->len < 0 ? -errno : 0;
}

/* R2 */
static int guard_again(const struct rights *r)
{
	if (prctl(PR_SET_PDEATHSIG, r->death_signal) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

/* R1: file accesses with the user's rights: leaving fsuid 0 also takes the capabilities that override modes.
 */
static int become(const struct crl_login *l, struct rights *saved)
{
	int rc = groups_of_self(saved);

	if (rc)
		return rc;
	if (prctl(PR_GET_PDEATHSIG, &saved->death_signal) < 0)
		return -errno;
	if (setgroups(l->ngroups, l->groups))
		return -errno;
	(void)setfsgid(l->gid);
	(void)setfsuid(l->uid);
	/* An impossible id changes nothing and tells what holds. */
	if ((uint32_t)setfsuid((uid_t)-1) != l->uid || (uint32_t)setfsgid((gid_t)-1) != l->gid)
		return -EPERM;
	return guard_again(saved);
}

static int come_back(struct rights *saved)
{
	int rc = 0;

	(void)setfsuid(0);
	(void)setfsgid(0);
	if (saved->groups && saved->len >= 0 && setgroups((size_t)saved->len, saved->groups))
		rc = -errno;
	free(saved->groups);
	saved->groups = NULL;
	if (setfsuid((uid_t)-1) != 0 || setfsgid((gid_t)-1) != 0)
		rc = -EPERM;
	return rc ? rc : guard_again(saved);
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

static int refuse(struct crl_room *room, const struct crl_mount_op *op, int code, const char *what)
{
	return crl_err_set(room->err, code, CRL_STAGE_HOME, "home %s is %s, expected a directory of uid %u",
			   op->source, what, op->uid);
}

/* Why the lookup failed, in words; what stands there is looked at without being opened. */
static int refuse_lookup(struct crl_room *room, const struct crl_mount_op *op, int rc)
{
	struct stat st;

	if (rc == -ENOENT)
		return refuse(room, op, ENOENT, "missing");
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
static bool is_roots_own(const struct crl_room *room, const struct crl_mount_op *op, const struct stat *home)
{
	struct stat st;

	return home->st_uid == 0 && !(home->st_mode & (S_IWGRP | S_IWOTH)) &&
	       fstatat(room->tree[CRL_TREE_HOST], op->source + 1, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	       st.st_ino == home->st_ino && st.st_dev == home->st_dev;
}

static int check_home(struct crl_room *room, const struct crl_mount_op *op, int fd)
{
	char what[64];
	struct stat st;

	if (fstatat(fd, "", &st, AT_EMPTY_PATH))
		return crl_room_fail(room, op, -errno, "cannot look at it");
	if (!S_ISDIR(st.st_mode))
		return refuse(room, op, ENOTDIR, kind_of(st.st_mode));
	if (st.st_uid != op->uid && !is_roots_own(room, op, &st)) {
		(void)snprintf(what, sizeof(what), "owned by uid %u", st.st_uid);
		return refuse(room, op, EPERM, what);
	}
	if (st.st_mode & S_IWOTH) {
		(void)snprintf(what, sizeof(what), "writable by everyone (mode %04o)", st.st_mode & 07777);
		return refuse(room, op, EPERM, what);
	}
	return 0;
}

int crl_room_home_open(struct crl_room *room, const struct crl_mount_op *op)
{
	struct rights saved = {.groups = NULL, .len = -1};
	scoped_fd fd = -EBADF;
	int back;
	int rc = become(room->login, &saved);

	if (rc)
		(void)crl_room_fail(room, op, rc, "cannot take the user's rights"); /* rc goes up as it is */
	if (!rc) {
		rc = crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, true, &fd);
		rc = rc ? refuse_lookup(room, op, rc) : check_home(room, op, fd);
	}
	back = come_back(&saved);
	if (!rc && back)
		rc = crl_room_fail(room, op, back, "cannot give the user's rights back");
	if (!rc)
		room->home = take_fd(&fd);
	return rc;
}

int crl_room_lower_open(struct crl_room *room, const struct crl_mount_op *op)
{
	int rc = crl_path_open_trusted(op->source, CRL_PATH_DIR, CRL_STAGE_HOME, &room->home, room->err);

	if (rc)
		return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.lower");
	if (!(op->flags & CRL_OP_OWNED))
		return 0;
	/* Already here: once the room's root covers ours the kernel takes us for chrooted and makes no user namespace. */
	rc = crl_idmap_open(op->uid, op->gid, &room->lower_ids);
	if (rc == -ENOSPC)
		return crl_room_fail(room, op, rc,
				     "no user namespace to map owners with (home.lower_owner; user.max_user_namespaces)");
	return rc ? crl_room_fail(room, op, rc, "cannot make a map of owners (home.lower_owner)") : 0;
}

/* A template is root's: the merged home gets the user and 0700. A real home keeps what it has. */
static int make_upper(struct crl_room *room, const struct crl_mount_op *op, int upper)
{
	struct stat st;
	uid_t uid = op->uid;
	gid_t gid = op->gid;
	mode_t mode = op->mode;

	if (fstatat(room->home, "", &st, AT_EMPTY_PATH))
		return -errno;
	if (!op->source) {
		uid = st.st_uid;
		gid = st.st_gid;
		mode = st.st_mode & 07777;
	}
	if (mkdirat(upper, "up", 0700) || mkdirat(upper, "work", 0700) ||
	    fchownat(upper, "up", uid, gid, 0) || fchmodat(upper, "up", mode, 0))
		return -errno;
	return 0;
}

/*
 * An overlay reads its lower with root's rights, and a server that squashes root refuses those, whatever the user may:
 * a home that would then be a locked door is refused here.
 */
static int read_as_user(struct crl_room *room, const struct crl_mount_op *op)
{
	struct rights saved = {.groups = NULL, .len = -1};
	int rc = become(room->login, &saved), back;
	char entries[1024];

	if (rc == 0) {
		scoped_fd fd = openat(room->home_mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_getdents64, fd, entries, sizeof(entries)) < 0)
			rc = -errno;
	}
	back = come_back(&saved);
	if (rc == -EACCES)
		return crl_err_set(room->err, EACCES, CRL_STAGE_HOME,
				   "home %s keeps root out (NFS with root_squash?), so it cannot be the lower of an "
				   "overlay; home.mode \"real\" or \"tmpfs\" can be used",
				   room->login->home);
	return rc || back ? crl_room_fail(room, op, rc ? rc : back, "cannot read the merged home") : 0;
}

int crl_room_home_overlay(struct crl_room *room, const struct crl_mount_op *op)
{
	int rc = crl_room_make_tmpfs(room, op, 0700, &room->tree[CRL_TREE_HOME]);

	if (rc)
		return rc;
	rc = make_upper(room, op, room->tree[CRL_TREE_HOME]);
	if (rc)
		return crl_room_fail(room, op, rc, "cannot make the upper");
	rc = crl_room_make_overlay(room, op, room->home, op->target, &room->home_mount);
	return rc ? rc : read_as_user(room, op);
}

int crl_room_home_tmpfs(struct crl_room *room, const struct crl_mount_op *op)
{
	scoped_fd skeleton = -EBADF;
	scoped_fd dir = -EBADF;
	int rc = crl_room_make_tmpfs(room, op, 0700, &room->tree[CRL_TREE_HOME]);

	if (rc)
		return rc;
	if (op->source) {
		rc = crl_path_open_trusted(op->source, CRL_PATH_DIR, CRL_STAGE_HOME, &skeleton, room->err);
		if (rc)
			return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.skeleton");
		rc = crl_beneath_open(room->tree[CRL_TREE_HOME], ".", O_RDONLY | O_DIRECTORY, 0, &dir);
		if (!rc)
			rc = crl_tree_copy(skeleton, dir, op->uid, op->gid, room->err);
		if (rc)
			return crl_err_wrap(room->err, rc, CRL_STAGE_HOME, "home.skeleton %s", op->source);
	}
	if (fchownat(room->tree[CRL_TREE_HOME], "", op->uid, op->gid, AT_EMPTY_PATH))
		return crl_room_fail(room, op, -errno, "cannot give it to the user");
	rc = crl_mount_clone(room->tree[CRL_TREE_HOME], false, &room->home_mount);
	return rc ? crl_room_fail(room, op, rc, "cannot clone") : 0;
}

static int bind_home(struct crl_room *room, const struct crl_mount_op *op)
{
	int rc = crl_mount_clone(room->home, true, &room->home_mount);

	if (!rc)
		rc = crl_mount_change(room->home_mount, true, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
	return rc ? crl_room_fail(room, op, rc, "cannot clone") : 0;
}

int crl_room_home(struct crl_room *room, const struct crl_mount_op *op)
{
	int rc = room->home_mount < 0 ? bind_home(room, op) : 0;

	if (!rc && !(op->flags & CRL_OP_EXEC)) {
		rc = crl_mount_change(room->home_mount, false, MOUNT_ATTR_NOEXEC, 0);
		if (rc)
			return crl_room_fail(room, op, rc, "cannot forbid programs in it");
	}
	return rc ? rc : crl_room_attach(room, op, room->home_mount, true);
}
