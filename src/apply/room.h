// SPDX-License-Identifier: Apache-2.0
/*
 * What the functions that carry out a mount plan share.
 *
 * Runs in: the room's init, root; inside src/apply only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "plan/mountop.h"
#include "proto/err.h"
#include "proto/login.h"
#include "proto/scope.h"

struct crl_room {
	const struct crl_login *login;
	struct crl_err *err;
	int tree[CRL_TREE_COUNT]; /* -EBADF until made */
	int home; /* the home on the host, or its template */
	int lower_ids; /* user namespace that the lower is mapped by, -EBADF: its files keep their owners */
	int home_mount; /* what is attached for the home instead, -EBADF: the home itself */
	char covered[192]; /* for the view */
	gid_t accounting_gid; /* who may write utmp on the host */
};

/* Every step: 0 or a negative errno with room->err set. */
typedef int crl_room_step(struct crl_room *room, const struct crl_mount_op *op);

crl_room_step crl_room_isolate, crl_room_root, crl_room_image, crl_room_keep, crl_room_protect,
	crl_room_writable, crl_room_read_only, crl_room_hide, crl_room_cover_socket,
	crl_room_mask, crl_room_freeze, crl_room_show,
	crl_room_offer, crl_room_bind, crl_room_terminal, crl_room_devlog, crl_room_seal, crl_room_pivot;
crl_room_step crl_room_system, crl_room_user, crl_room_proc, crl_room_sysfs, crl_room_sys_bind,
	crl_room_cgroup, crl_room_devpts, crl_room_mqueue;
crl_room_step crl_room_dir, crl_room_file, crl_room_link, crl_room_node, crl_room_accounting,
	crl_room_lastlog, crl_room_hosts;
crl_room_step crl_room_home_open, crl_room_lower_open, crl_room_home_tmpfs, crl_room_home_overlay,
	crl_room_home;

/* Record that @op failed at @step with negative errno @rc, naming its path. Returns @rc. */
int crl_room_fail(struct crl_room *room, const struct crl_mount_op *op, int rc, const char *step);

/* Clone what a descriptor stands for. @recursive: with all that is mounted beneath. Returns 0 or -errno. */
int crl_mount_clone(int fd, bool recursive, int *ret_fd) CRL_MUST_CHECK;

/* Set mount attributes on a mount (MOUNT_ATTR_*), and make it private. Returns 0 or -errno. */
int crl_mount_change(int fd, bool recursive, uint64_t set, uint64_t clear) CRL_MUST_CHECK;

/* Attach a mount to a directory or file that @to stands for. Returns 0 or -errno. */
int crl_mount_attach(int mount, int to) CRL_MUST_CHECK;

/* Clone a file or directory of the sealed tree. Returns 0 or -errno. */
int crl_room_clone_sealed(struct crl_room *room, const char *path, int *ret_fd) CRL_MUST_CHECK;

/*
 * Make the place of @op when it has one, then attach @mount to op->target in the room's root.
 * @is_dir  kind of place to make
 */
int crl_room_attach(struct crl_room *room, const struct crl_mount_op *op, int mount,
		    bool is_dir) CRL_MUST_CHECK;

struct crl_fs_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

/*
 * A new filesystem, not attached.
 * @options  ended by a NULL key
 * @attr     MOUNT_ATTR_*
 * On error room->err has the kernel's own words where it has any.
 */
int crl_room_make_fs(struct crl_room *room, const struct crl_mount_op *op, const char *type,
		     const struct crl_fs_option *options, uint64_t attr, int *ret_fd) CRL_MUST_CHECK;

/* A tmpfs of op->number bytes, its root @mode; attached to @place of the system tree; @ret_fd is its root. */
int crl_room_make_tmpfs(struct crl_room *room, const struct crl_mount_op *op, mode_t mode,
			int *ret_fd) CRL_MUST_CHECK;

/*
 * An overlay, not attached. Its layers are named by paths relative to the scaffold, so mountinfo tells no
 * host path.
 * @lower  directory
 * @upper  name in the system tree of a directory on a tmpfs that holds "up" and "work"
 */
int crl_room_make_overlay(struct crl_room *room, const struct crl_mount_op *op, int lower, const char *upper,
			  int *ret_fd) CRL_MUST_CHECK;
