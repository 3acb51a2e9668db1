// SPDX-License-Identifier: Apache-2.0
/*
 * The host's tree for a room whose root is not the host's: the public layer (store/public.h) put together.
 *
 *   1     made here, out of the list of what is closed: below "r" each tree, which leads to that of the host
 *         (redirect), names that are not shown (whiteouts), directories that are shown empty (opaque)
 *   2     the host's root, without what is mounted in it
 *   tree  a read-only overlay of the two. Its own root has all of the host's, and nobody ever gets that: what the
 *         room's root lies on are the copies of the store, and "r" below them, where nothing is but what the list names
 *
 * The layer of closed names is made anew for each room, since the store is a part of the host's root as a rule, and an
 * overlay takes no two layers of which one is in the other.
 *
 * Runs in: the room's init, root. Source: the kernel's filesystems/overlayfs.rst.
 * R1: a name of the list that cannot be made refuses the room.
 * R2: what is closed has whatever the host's mode says for its owner, and nothing in it.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "store/public_list.h"

#define REDIRECT "trusted.overlay.redirect"
#define OPAQUE "trusted.overlay.opaque"

/* Where the names go, and what they are to be like. */
struct naming {
	int to;
	int host;
};

/* A directory with owner and mode of the host's, as they are mapped. @ret_fd  NULL = not wanted */
static int make_dir(const struct naming *n, const char *path, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	if (mkdirat(n->to, path, 0700) < 0 && errno != EEXIST)
		return -errno;
	rc = crl_beneath_open(n->to, path, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (rc < 0)
		return rc;
	if (fstatat(n->host, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return -ESTALE;
	if (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0)
		return -errno;
	if (ret_fd)
		*ret_fd = take_fd(&fd);
	return 0;
}

/* All that a name is in. */
static int make_way(const struct naming *n, const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	int rc = 0;

	for (size_t i = 1; path[i] && i < sizeof(part) && rc == 0; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (fstatat(n->to, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
			rc = make_dir(n, part, NULL);
	}
	return rc;
}

static int make_name(const struct naming *n, const struct crl_public_item *item)
{
	char lead[PATH_MAX + 1];
	scoped_fd fd = -EBADF;
	int rc = make_way(n, item->path);

	if (rc < 0)
		return rc;
	if (item->kind == CRL_PUBLIC_GONE)
		return mknodat(n->to, item->path, S_IFCHR, 0) < 0 ? -errno : 0;
	if (item->kind == CRL_PUBLIC_BLANK)
		return mknodat(n->to, item->path, S_IFREG | 0444, 0) < 0 ? -errno : 0;
	rc = make_dir(n, item->path, &fd);
	if (rc < 0)
		return rc;
	if (item->kind == CRL_PUBLIC_SHUT) /* R2 */
		return fsetxattr(fd, OPAQUE, "y", 1, 0) < 0 ? -errno : 0;
	(void)snprintf(lead, sizeof(lead), "/%s", item->path);
	return fsetxattr(fd, REDIRECT, lead, strlen(lead), 0) < 0 ? -errno : 0;
}

/* R1 */
static int make_names(struct crl_mounting *room, const struct crl_mount_op *op, const struct naming *n)
{
	scoped(crl_public_list) list = {0};
	int rc = crl_public_read(room->public.closed, &list);

	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot read what is closed");
	for (size_t i = 0; i < list.len && rc == 0; i++) {
		rc = make_name(n, &list.item[i]);
		if (rc < 0)
			return crl_err_set(room->err, -rc, CRL_STAGE_MOUNT, "cannot close the host's /%s in the room",
					   list.item[i].path);
	}
	return 0;
}

static int place(struct crl_mounting *room, const struct crl_mount_op *op, int at, const char *name, int mount)
{
	if (mkdirat(at, name, 0700) < 0 || move_mount(mount, "", at, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return crl_mounting_fail(room, op, -errno, name);
	return 0;
}

static int make_layer(struct crl_mounting *room, const struct crl_mount_op *op, int at)
{
	struct naming n = {.to = -EBADF, .host = room->public.host};
	scoped_fd to = -EBADF;
	int rc = mkdirat(at, "1", 0700) < 0 || mkdirat(at, "1/r", 0755) < 0 ? -errno : 0;

	if (rc == 0)
		rc = crl_beneath_open(at, "1/r", O_RDONLY | O_DIRECTORY, 0, &to);
	if (rc == 0 && fsetxattr(to, OPAQUE, "y", 1, 0) < 0)
		rc = -errno;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot make the layer of what is closed");
	n.to = to;
	return make_names(room, op, &n);
}

int crl_mounting_public(struct crl_mounting *room, const struct crl_mount_op *op)
{
	const struct crl_mounting_layers layers = {.len = 2, .ids = -EBADF, .upper = op->target};
	scoped_fd at = -EBADF, tree = -EBADF;
	int rc;

	if (room->public.files < 0 || room->public.host < 0 || room->public.closed < 0)
		return crl_mounting_fail(room, op, -EBADF, "it was not handed over");
	rc = crl_mounting_make_tmpfs(room, op, 0700, &at);
	if (rc == 0)
		rc = place(room, op, at, "2", room->public.host);
	if (rc == 0)
		rc = place(room, op, at, "files", room->public.files);
	if (rc == 0)
		rc = make_layer(room, op, at);
	if (rc == 0)
		rc = crl_mounting_make_merged(room, op, &layers, &tree);
	if (rc == 0)
		rc = place(room, op, at, "tree", tree);
	if (rc < 0)
		return rc;
	room->public_tree = openat(at, "tree/r", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return room->public_tree < 0 ? crl_mounting_fail(room, op, -errno, "cannot open it") : 0;
}
