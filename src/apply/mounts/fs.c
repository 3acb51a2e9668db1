// SPDX-License-Identifier: Apache-2.0
/*
 * New filesystems of a room: tmpfs, procfs, sysfs, cgroup2, devpts, mqueue, overlay.
 *
 * Runs in: the room's init, root. Source: fsopen(2), tmpfs(5), the kernel's
 * filesystems/{proc,overlayfs,devpts}.rst.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "apply/home/idmap.h"
#include "apply/mounts/beneath.h"
#include "base/compat.h"
#include "base/file.h"
#include "store/stack.h"

#define INODE_BYTES 8192 /* one inode for so many bytes of a tmpfs: an empty file costs kernel memory as well */
#define INODES_MIN 1024
#define INODES_MAX (1u << 20)

/* The kernel tells what it did not like as "e text" lines in the context. */
static int fail_fs(struct crl_mounting *room, const struct crl_mount_op *op, int fd, int rc, const char *step)
{
	char text[128];
	char said[200];
	ssize_t n = fd >= 0 ? crl_file_read_fd(fd, text, sizeof(text)) : -1;

	if (n <= 0)
		return crl_mounting_fail(room, op, rc, step);
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(said, sizeof(said), "%s: kernel: %s", step, text);
	return crl_mounting_fail(room, op, rc, said);
}

struct fs_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

struct fs {
	const char *type;
	const struct fs_option *options; /* ended by a NULL key */
	uint64_t attr; /* MOUNT_ATTR_* */
};

/* A new filesystem, not attached. On error room->err has the kernel's own words where it has any. */
static int make_fs(struct crl_mounting *room, const struct crl_mount_op *op, const struct fs *fs, int *ret_fd)
{
	scoped_fd context = fsopen(fs->type, FSOPEN_CLOEXEC);
	int fd;

	if (context < 0)
		return crl_mounting_fail(room, op, -errno, fs->type);
	for (const struct fs_option *o = fs->options; o->key; o++)
		if (fsconfig(context, o->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o->key, o->value, 0))
			return fail_fs(room, op, context, -errno, o->key);
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail_fs(room, op, context, -errno, fs->type);
	fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)fs->attr);
	if (fd < 0)
		return fail_fs(room, op, context, -errno, fs->type);
	*ret_fd = fd;
	return 0;
}

static int make_tmpfs(struct crl_mounting *room, const struct crl_mount_op *op, mode_t mode, uint64_t attr, int *ret_fd)
{
	char size[32];
	char inodes[32];
	char octal[16];
	uint64_t n = op->number / INODE_BYTES;
	const struct fs_option options[] = {
		{"source", "tmpfs"}, {"size", size}, {"nr_inodes", inodes}, {"mode", octal}, {NULL, NULL},
	};

	n = n < INODES_MIN ? INODES_MIN : n > INODES_MAX ? INODES_MAX : n;
	n = op->inodes ? op->inodes : n;
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)op->number);
	(void)snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)n);
	(void)snprintf(octal, sizeof(octal), "%o", (unsigned int)mode);
	return make_fs(room, op, &(struct fs){"tmpfs", options, attr}, ret_fd);
}

int crl_mounting_make_apart(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	return make_tmpfs(room, op, 0755, MOUNT_ATTR_NODEV, ret_fd);
}

int crl_mounting_make_tmpfs(struct crl_mounting *room, const struct crl_mount_op *op, mode_t mode, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	int rc = make_tmpfs(room, op, mode, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &fd);

	if (rc < 0)
		return rc;
	/* Before Linux 6.15 neither clones nor overlay layers come from a mount that is not attached. */
	if (move_mount(fd, "", room->tree[CRL_TREE_SYSTEM], op->target, MOVE_MOUNT_F_EMPTY_PATH))
		return crl_mounting_fail(room, op, -errno, "cannot attach");
	*ret_fd = take_fd(&fd);
	return 0;
}

/*
 * The system tmpfs goes over the namespace's "/": a place that every host has. Lookups by the host's
 * descriptor and from the process's root do not climb onto it. The pivot moves it out of the way.
 */
int crl_mounting_system(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	int rc = make_tmpfs(room, op, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &fd);

	if (rc == 0 &&
	    move_mount(fd, "", room->tree[CRL_TREE_HOST], "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		rc = crl_mounting_fail(room, op, -errno, "cannot attach");
	if (rc == 0)
		room->tree[CRL_TREE_SYSTEM] = take_fd(&fd);
	return rc;
}

int crl_mounting_user(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return crl_mounting_make_tmpfs(room, op, 0755, &room->tree[CRL_TREE_USER]);
}

/* Where an optional one has no place it was attached to nothing: nothing in it is seen, covered or cloned. */
static bool is_nowhere(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd to = -EBADF;

	return op->flags & CRL_OP_OPTIONAL &&
	       crl_beneath_find(room->tree[CRL_TREE_ROOT], op->target, op->flags & CRL_OP_FOLLOW, &to) < 0;
}

static int make_kernel_fs(struct crl_mounting *room, const struct crl_mount_op *op, const char *type,
			  const struct fs_option *options, uint64_t attr)
{
	scoped_fd fd = -EBADF;
	int rc = make_fs(room, op, &(struct fs){type, options, attr | MOUNT_ATTR_NOSUID}, &fd);

	if (rc == 0)
		rc = crl_mounting_attach(room, op, fd, true);
	if (rc < 0)
		return rc;
	if (op->kind == CRL_MOUNT_PROC)
		room->tree[CRL_TREE_PROC] = take_fd(&fd);
	if (op->kind == CRL_MOUNT_SYSFS && !is_nowhere(room, op))
		room->tree[CRL_TREE_SYS] = take_fd(&fd);
	return 0;
}

static const struct fs_option no_options[] = {{NULL, NULL}};

int crl_mounting_proc(struct crl_mounting *room, const struct crl_mount_op *op)
{
	/* Others' processes are not there at all; new instance, so the host's own is not changed. */
	static const struct fs_option options[] = {{"source", "proc"}, {"hidepid", "invisible"}, {NULL, NULL}};

	return make_kernel_fs(room, op, "proc", options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int crl_mounting_sysfs(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return make_kernel_fs(room, op, "sysfs", no_options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* The host's @op->source, to be looked at. */
static int take_kernel_fs(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	scoped_fd source = -EBADF;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, false, &source);

	if (rc == 0)
		rc = crl_mount_clone(source, room->alone, &fd);
	if (rc == 0)
		rc = crl_mount_change(fd, room->alone,
				      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot take the host's");
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_mounting_sys_bind(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	int rc = take_kernel_fs(room, op, &fd);

	if (rc == 0)
		rc = crl_mounting_attach(room, op, fd, true);
	if (rc == 0 && !is_nowhere(room, op))
		room->tree[CRL_TREE_SYS] = take_fd(&fd);
	return rc;
}

int crl_mounting_cgroup(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;

	if (op->source) {
		int rc = take_kernel_fs(room, op, &fd);

		return rc < 0 ? rc : crl_mounting_attach(room, op, fd, true);
	}
	return make_kernel_fs(room, op, "cgroup2", no_options,
			      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int crl_mounting_devpts(struct crl_mounting *room, const struct crl_mount_op *op)
{
	char max[32], gid[16];
	const struct fs_option options[] = {
		{"source", "devpts"},
		{"mode", "620"},
		{"ptmxmode", "666"},
		{"max", max},
		{room->alone ? NULL : "gid", gid}, /* which is nobody's where only the user has a number */
		{NULL, NULL},
	};

	(void)snprintf(max, sizeof(max), "%llu", (unsigned long long)op->number);
	(void)snprintf(gid, sizeof(gid), "%u", op->gid);
	return make_kernel_fs(room, op, "devpts", options, MOUNT_ATTR_NOEXEC);
}

int crl_mounting_mqueue(struct crl_mounting *room, const struct crl_mount_op *op)
{
	return make_kernel_fs(room, op, "mqueue", no_options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Attach a clone of a lower where a short path finds it. */
static int place_lower(struct crl_mounting *room, const struct crl_mount_op *op, const struct crl_mounting_layers *l,
		       size_t i, int at)
{
	scoped_fd clone = -EBADF;
	char name[24];
	int rc = crl_mount_clone(l->lower[i], false, &clone);

	(void)snprintf(name, sizeof(name), "%zu", l->own + i + 1);
	if (rc == 0 && l->ids >= 0) {
		rc = crl_idmap_apply(clone, l->ids);
		if (rc < 0)
			return crl_mounting_fail(room, op, rc,
						 op->kind == CRL_MOUNT_INSIDE
							 ? "the image's file system cannot map owners (user.mode)"
							 : "its file system cannot map owners (home.lower_owner)");
	}
	if (rc == 0 && mkdirat(at, name, 0700))
		rc = -errno;
	if (rc == 0 && move_mount(clone, "", at, name, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot place the lower") : 0;
}

/*
 * The user's own have links there, and no mounts: a login's time shall not grow with them. Nobody but root can write in
 * what the links lead through.
 */
static int place_own(struct crl_mounting *room, const struct crl_mount_op *op, const struct crl_mounting_layers *l,
		     int at)
{
	scoped_fd data = l->own ? openat(at, "data", O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	char name[24], place[32];

	for (size_t i = 0; i < l->own; i++) {
		scoped_fd fd = -EBADF;
		int rc = crl_stack_open_layer(data, l->frozen[i], &fd, room->err);

		if (rc < 0)
			return rc;
		(void)snprintf(name, sizeof(name), "%zu", i + 1);
		(void)snprintf(place, sizeof(place), "data/" CRL_STACK_LAYERS "/%" PRIu32, l->frozen[i]);
		if (symlinkat(place, at, name) < 0)
			return crl_mounting_fail(room, op, -errno, "cannot place a layer");
	}
	return 0;
}

/* "1:2:3". The kernel takes texts of at most 255 bytes. */
static int name_lowers(size_t first, size_t len, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = first; i < first + len && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%zu", i > first ? ":" : "", i + 1);
	return len > 0 && used < size ? 0 : -E2BIG;
}

/* Names of layers begin there: who makes an overlay has no other use for a working directory. */
static int go_to(struct crl_mounting *room, const char *upper, int *ret_fd)
{
	int fd = openat(room->tree[CRL_TREE_SYSTEM], upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return fchdir(fd) < 0 ? -errno : 0;
}

int crl_mounting_make_overlay(struct crl_mounting *room, const struct crl_mount_op *op,
			      const struct crl_mounting_layers *layers, int *ret_fd)
{
	char low[256] = "";
	/*
	 * Attributes lead somewhere only in layers where no user can write them: the upper's and the user's own were
	 * made by the kernel, home.lower's by root, and of the last layer the kernel follows none. So directories that
	 * come from below can be renamed, and links stay links. No xino: it sets the highest bit of inode numbers,
	 * which 32-bit programs and JavaScript cannot take. What is kept has no index: that would have content of the
	 * home where neither upper nor layers show it; and is written to the disk as any other.
	 */
	const struct fs_option options[] = {
		{"source", "overlay"},
		{"lowerdir", low},
		{"upperdir", layers->kept ? "data/up" : "up"},
		{"workdir", layers->kept ? "data/work" : "work"},
		{"redirect_dir", "on"},
		{"metacopy", "off"},
		{"index", layers->kept ? "off" : "on"},
		{"xino", "off"},
		{layers->kept ? NULL : "volatile", NULL},
		{NULL, NULL},
	};
	/* What a user may mount: its own notes are the user's attributes, and a directory from below is not renamed. */
	const struct fs_option alone[] = {
		{"source", "overlay"},
		{"lowerdir", low},
		{"upperdir", layers->kept ? "data/up" : "up"},
		{"workdir", layers->kept ? "data/work" : "work"},
		{"userxattr", NULL},
		{"index", "off"},
		{"xino", "off"},
		{layers->kept ? NULL : "volatile", NULL},
		{NULL, NULL},
	};
	scoped_fd at = -EBADF;
	int rc = go_to(room, layers->upper, &at);

	if (rc == 0)
		rc = name_lowers(0, layers->own + layers->len, low, sizeof(low));
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot place the layers");
	rc = place_own(room, op, layers, at);
	for (size_t i = 0; i < layers->len && rc == 0; i++)
		rc = place_lower(room, op, layers, i, at);
	return rc < 0 ? rc
		      : make_fs(room, op,
				&(struct fs){"overlay", room->alone ? alone : options,
					     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
				ret_fd);
}

/* A clone of the directory @op->target, on @place of the scaffold, from where layers are named. */
static int place_directory(struct crl_mounting *room, const struct crl_mount_op *op, const char *place)
{
	int scaffold = room->tree[CRL_TREE_SYSTEM];
	scoped_fd dir = -EBADF, clone = -EBADF;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_ROOT], op->target, false, &dir);

	if (rc < 0)
		return rc;
	rc = crl_mount_clone(dir, false, &clone);
	if (rc == 0 && (mkdirat(scaffold, place, 0700) ||
			move_mount(clone, "", scaffold, place, MOVE_MOUNT_F_EMPTY_PATH) || fchdir(scaffold)))
		rc = -errno;
	return rc;
}

/* @low  the layers by their names in the scaffold, the first counts most */
static int put_view(struct crl_mounting *room, const struct crl_mount_op *op, const char *low)
{
	/* What the last layer's attributes say is not followed, and there is nothing to write. */
	const struct fs_option options[] = {
		{"source", "overlay"}, {"lowerdir", low}, {"metacopy", "off"}, {"xino", "off"}, {NULL, NULL}};
	const uint64_t attributes =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | (op->flags & CRL_OP_SUID ? 0 : MOUNT_ATTR_NOSUID);
	scoped_fd fd = -EBADF;
	int rc = make_fs(room, op, &(struct fs){"overlay", options, attributes}, &fd);

	return rc < 0 ? rc : crl_mounting_attach(room, op, fd, true);
}

int crl_mounting_merge(struct crl_mounting *room, const struct crl_mount_op *op)
{
	char low[128], place[64];
	int rc;

	(void)snprintf(place, sizeof(place), "merged-%s",
		       op->source); /* there may be several, each of its own source */
	rc = place_directory(room, op, place);
	if (rc == -ENOENT && op->flags & CRL_OP_OPTIONAL)
		return 0;
	if (rc < 0)
		return crl_mounting_fail(room, op, rc,
					 rc == -ELOOP ? "a symbolic link is in its place" : "cannot place its layers");
	(void)snprintf(low, sizeof(low), "%s:%s", op->source, place);
	return put_view(room, op, low);
}

/*
 * Over the directory itself, since its owner is to stay who it is: an overlay of one layer needs a second. Without root
 * nothing is cloned without what the host has mounted in it (-EINVAL), and some file systems are no layer.
 */
int crl_mounting_firm(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int rc = place_directory(room, op, "firm");

	if ((rc == -EINVAL || rc == -ENOENT || rc == -ELOOP) && op->flags & CRL_OP_OPTIONAL)
		return 0;
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot place it") : put_view(room, op, "firm:empty");
}

int crl_mounting_make_merged(struct crl_mounting *room, const struct crl_mount_op *op,
			     const struct crl_mounting_layers *layers, int *ret_fd)
{
	char low[256] = "";
	const struct fs_option options[] = {
		{"source", "overlay"}, {"lowerdir", low}, {"redirect_dir", "follow"}, {"xino", "off"}, {NULL, NULL},
	};
	scoped_fd at = -EBADF;
	int rc = go_to(room, layers->upper, &at);

	if (rc == 0)
		rc = name_lowers(layers->own, layers->len, low, sizeof(low));
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot place the layers");
	return make_fs(room, op,
		       &(struct fs){"overlay", options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
		       ret_fd);
}
