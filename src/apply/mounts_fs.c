// SPDX-License-Identifier: Apache-2.0
/*
 * New filesystems of a room: tmpfs, procfs, sysfs, cgroup2, devpts, mqueue, overlay.
 *
 * Runs in: the room's init, root. Source: fsopen(2), tmpfs(5), the kernel's
 * filesystems/{proc,overlayfs,devpts}.rst.
 */
#include "apply/room.h"

#include <fcntl.h>
#include <string.h>

#include "apply/beneath.h"
#include "apply/idmap.h"

#define INODE_BYTES                                                                                          \
	8192 /* one inode for so many bytes of a tmpfs: an empty file costs kernel memory as well */
#define INODES_MIN 1024
#define INODES_MAX (1u << 20)

/* The kernel tells what it did not like as "e text" lines in the context. */
static int fail_fs(struct crl_room *room, const struct crl_mount_op *op, int fd, int rc, const char *step)
{
	char text[128];
	char said[200];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n <= 0)
		return crl_room_fail(room, op, rc, step);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(said, sizeof(said), "%s: kernel: %s", step, text);
	return crl_room_fail(room, op, rc, said);
}

int crl_room_make_fs(struct crl_room *room, const struct crl_mount_op *op, const char *type,
		     const struct crl_fs_option *options, uint64_t attr, int *ret_fd)
{
	scoped_fd fs = fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0)
		return crl_room_fail(room, op, -errno, type);
	for (; options->key; options++)
		if (fsconfig(fs, options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options->key,
			     options->value, 0))
			return fail_fs(room, op, fs, -errno, options->key);
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail_fs(room, op, fs, -errno, type);
	fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attr);
	if (fd < 0)
		return fail_fs(room, op, fs, -errno, type);
	*ret_fd = fd;
	return 0;
}

static int make_tmpfs(struct crl_room *room, const struct crl_mount_op *op, mode_t mode, uint64_t attr,
		      int *ret_fd)
{
	char size[32];
	char inodes[32];
	char octal[16];
	uint64_t n = op->number / INODE_BYTES;
	const struct crl_fs_option options[] = {
		{"source", "tmpfs"}, {"size", size}, {"nr_inodes", inodes}, {"mode", octal}, {NULL, NULL},
	};

	n = n < INODES_MIN ? INODES_MIN : n > INODES_MAX ? INODES_MAX : n;
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)op->number);
	(void)snprintf(inodes, sizeof(inodes), "%llu", (unsigned long long)n);
	(void)snprintf(octal, sizeof(octal), "%o", (unsigned int)mode);
	return crl_room_make_fs(room, op, "tmpfs", options, attr, ret_fd);
}

int crl_room_make_tmpfs(struct crl_room *room, const struct crl_mount_op *op, mode_t mode, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	int rc = make_tmpfs(room, op, mode, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, &fd);

	if (rc)
		return rc;
	/* Before Linux 6.15 neither clones nor overlay layers come from a mount that is not attached. */
	if (move_mount(fd, "", room->tree[CRL_TREE_SYSTEM], op->target, MOVE_MOUNT_F_EMPTY_PATH))
		return crl_room_fail(room, op, -errno, "cannot attach");
	*ret_fd = take_fd(&fd);
	return 0;
}

/*
 * The system tmpfs goes over the namespace's "/": a place that every host has. Lookups by the host's
 * descriptor and from the process's root do not climb onto it. The pivot moves it out of the way.
 */
int crl_room_system(struct crl_room *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	int rc = make_tmpfs(room, op, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &fd);

	if (!rc && move_mount(fd, "", room->tree[CRL_TREE_HOST], "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		rc = crl_room_fail(room, op, -errno, "cannot attach");
	if (!rc)
		room->tree[CRL_TREE_SYSTEM] = take_fd(&fd);
	return rc;
}

int crl_room_user(struct crl_room *room, const struct crl_mount_op *op)
{
	return crl_room_make_tmpfs(room, op, 0755, &room->tree[CRL_TREE_USER]);
}

static int make_kernel_fs(struct crl_room *room, const struct crl_mount_op *op, const char *type,
			  const struct crl_fs_option *options, uint64_t attr)
{
	scoped_fd fd = -EBADF;
	int rc = crl_room_make_fs(room, op, type, options, attr | MOUNT_ATTR_NOSUID, &fd);

	if (!rc)
		rc = crl_room_attach(room, op, fd, true);
	if (rc)
		return rc;
	if (op->kind == CRL_MOUNT_PROC)
		room->tree[CRL_TREE_PROC] = take_fd(&fd);
	if (op->kind == CRL_MOUNT_SYSFS)
		room->tree[CRL_TREE_SYS] = take_fd(&fd);
	return 0;
}

static const struct crl_fs_option no_options[] = {{NULL, NULL}};

int crl_room_proc(struct crl_room *room, const struct crl_mount_op *op)
{
	/* Others' processes are not there at all; new instance, so the host's own is not changed. */
	static const struct crl_fs_option options[] = {
		{"source", "proc"}, {"hidepid", "invisible"}, {NULL, NULL}};

	return make_kernel_fs(room, op, "proc", options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int crl_room_sysfs(struct crl_room *room, const struct crl_mount_op *op)
{
	return make_kernel_fs(room, op, "sysfs", no_options,
			      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int crl_room_sys_bind(struct crl_room *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	scoped_fd source = -EBADF;
	int rc = crl_beneath_find_dir(room->tree[CRL_TREE_HOST], op->source, false, &source);

	if (!rc)
		rc = crl_mount_clone(source, false, &fd);
	if (!rc)
		rc = crl_mount_change(
			fd, false,
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0);
	if (rc)
		return crl_room_fail(room, op, rc, "cannot take the host's");
	rc = crl_room_attach(room, op, fd, true);
	if (!rc)
		room->tree[CRL_TREE_SYS] = take_fd(&fd);
	return rc;
}

int crl_room_cgroup(struct crl_room *room, const struct crl_mount_op *op)
{
	return make_kernel_fs(room, op, "cgroup2", no_options,
			      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int crl_room_devpts(struct crl_room *room, const struct crl_mount_op *op)
{
	char max[32];
	const struct crl_fs_option options[] = {
		{"source", "devpts"}, {"gid", "5"}, {"mode", "620"},
		{"ptmxmode", "666"},  {"max", max}, {NULL, NULL},
	};

	(void)snprintf(max, sizeof(max), "%llu", (unsigned long long)op->number);
	return make_kernel_fs(room, op, "devpts", options, MOUNT_ATTR_NOEXEC);
}

int crl_room_mqueue(struct crl_room *room, const struct crl_mount_op *op)
{
	return make_kernel_fs(room, op, "mqueue", no_options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Attach a clone of the lower beneath the scaffold, where a short path finds it. */
static int place_lower(struct crl_room *room, const struct crl_mount_op *op, int lower, const char *name)
{
	int scaffold = room->tree[CRL_TREE_SYSTEM];
	scoped_fd clone = -EBADF;
	int rc = crl_mount_clone(lower, false, &clone);

	if (!rc && room->lower_ids >= 0) {
		rc = crl_idmap_apply(clone, room->lower_ids);
		if (rc)
			return crl_room_fail(room, op, rc, "its file system cannot map owners (home.lower_owner)");
	}
	if (!rc && mkdirat(scaffold, name, 0700))
		rc = -errno;
	if (!rc && move_mount(clone, "", scaffold, name, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	if (!rc && fchdir(scaffold))
		rc = -errno;
	return rc ? crl_room_fail(room, op, rc, "cannot place the lower") : 0;
}

int crl_room_make_overlay(struct crl_room *room, const struct crl_mount_op *op, int lower, const char *upper,
			  int *ret_fd)
{
	char low[32];
	char up[32];
	char work[32];
	/* Nothing that an attacker may have left in a layer as an attribute leads anywhere (nofollow, off).
	 */
	const struct crl_fs_option options[] = {
		{"source", "overlay"},
		{"lowerdir", low},
		{"upperdir", up},
		{"workdir", work},
		{"redirect_dir", "nofollow"},
		{"metacopy", "off"},
		{"index", "off"},
		{"volatile", NULL},
		{NULL, NULL},
	};
	int rc;

	(void)snprintf(low, sizeof(low), "%s-lower", upper);
	(void)snprintf(up, sizeof(up), "%s/up", upper);
	(void)snprintf(work, sizeof(work), "%s/work", upper);
	rc = place_lower(room, op, lower, low);
	if (!rc)
		rc = crl_room_make_fs(room, op, "overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				      ret_fd);
	return rc;
}
