// SPDX-License-Identifier: Apache-2.0
/*
 * Places for mounts in a living room's own trees.
 *
 * R1: a user may have put anything into those that they can write to. Each step is made and opened by itself, no link
 * is followed, and only a file system of the room's own is written to.
 *
 * Runs in: see renew.h; in the room's mount namespace.
 */
#include "apply/mounts/renewal.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"

/* R1. /run and /tmp are never another's, and the root inside is the user's own. */
static bool is_own(int root, enum crl_tree tree, const struct stat *st)
{
	struct stat own;

	return fstatat(root,
		       tree == CRL_TREE_USER     ? "tmp"
		       : tree == CRL_TREE_INSIDE ? "run/carrel/inside"
						 : "run",
		       &own, AT_SYMLINK_NOFOLLOW) == 0 &&
	       own.st_dev == st->st_dev;
}

/* The same directory through a mount of our own, which can be written to. */
static int open_writable(int root, const struct crl_mount_op *op, const char *path, int *ret_fd)
{
	scoped_fd dir = -EBADF, clone = -EBADF;
	struct stat st;
	int rc = crl_beneath_find_dir(root, path, false, &dir);

	if (!rc && fstatat(dir, "", &st, AT_EMPTY_PATH) < 0)
		rc = -errno;
	if (!rc && !is_own(root, op->place_tree, &st))
		rc = -EXDEV;
	if (!rc)
		rc = crl_mount_clone(dir, false, &clone);
	if (!rc)
		rc = crl_mount_change(clone, false, 0, MOUNT_ATTR_RDONLY);
	if (!rc)
		*ret_fd = take_fd(&clone);
	return rc;
}

static int make_step(int *dir, const char *name)
{
	int next;

	if (mkdirat(*dir, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	next = openat(*dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); /* R1 */
	if (next < 0)
		return -errno;
	drop_fd(dir);
	*dir = next;
	return 0;
}

/* @rest  what is to be made beneath @dir; changed */
static int make_beneath(int *dir, char *rest, bool is_dir)
{
	char *name = strsep(&rest, "/");
	int fd, rc = 0;

	for (; rest && !rc; name = strsep(&rest, "/"))
		rc = make_step(dir, name);
	if (rc || is_dir)
		return rc ? rc : mkdirat(*dir, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
	fd = openat(*dir, name, O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written */
	return 0;
}

/* The nearest directory that is there is where it begins. */
int crl_renew_place(struct crl_renewal *w, const struct crl_mount_op *op, int root, bool is_dir)
{
	char path[PATH_MAX], rest[PATH_MAX];
	int rc = -ENOENT;

	(void)w;
	if (snprintf(path, sizeof(path), "%s", op->target) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *slash; rc == -ENOENT && (slash = strrchr(path, '/')) && slash != path;) {
		scoped_fd dir = -EBADF;

		*slash = '\0';
		rc = open_writable(root, op, path, &dir);
		(void)snprintf(rest, sizeof(rest), "%s", op->target + (slash - path) + 1);
		if (!rc)
			return make_beneath(&dir, rest, is_dir);
	}
	return rc;
}

/* Its directory, to write in. @ret_name  points into op->target */
static int open_parent(const struct crl_mount_op *op, int root, const char **ret_name, int *ret_fd)
{
	const char *slash = strrchr(op->target, '/');
	char path[PATH_MAX];

	if (!slash || slash == op->target)
		return -EINVAL;
	*ret_name = slash + 1;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(slash - op->target), op->target); /* was found before */
	return open_writable(root, op, path, ret_fd);
}

int crl_renew_place_link(struct crl_renewal *w, const struct crl_mount_op *op, int root, const char *to)
{
	scoped_fd dir = -EBADF;
	const char *name = "";
	int rc = open_parent(op, root, &name, &dir);

	if (!rc && symlinkat(to, dir, name) < 0)
		rc = -errno;
	return rc ? crl_renewal_fail(w, rc, "cannot make the link") : 0;
}

/* R1: what is not root's, or not empty, is no place of ours. */
void crl_renew_place_away(struct crl_renewal *w, const struct crl_mount_op *op, int root)
{
	scoped_fd dir = -EBADF;
	const char *name;
	struct stat st;

	(void)w;
	if (open_parent(op, root, &name, &dir) < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_uid != 0 || (S_ISREG(st.st_mode) && st.st_size > 0))
		return;
	(void)unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
}
