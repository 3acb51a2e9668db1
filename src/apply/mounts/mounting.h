// SPDX-License-Identifier: Apache-2.0
/*
 * A room that is being mounted: what the functions that carry out a mount plan share.
 *
 * Runs in: the room's init, root; inside src/apply only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/scope.h"
#include "plan/mounts/mountop.h"
#include "plan/mounts/plan.h"
#include "policy/policy.h"
#include "wire/login.h"

struct crl_mounting {
	const struct crl_login *login;
	struct crl_err *err;
	int tree[CRL_TREE_COUNT]; /* -EBADF until made */
	int home; /* the home on the host */
	int lower[CRL_HOME_LOWERS_MAX]; /* what its overlay has instead, youngest first */
	size_t lowers;
	const uint32_t *layer; /* names of a kept home's own layers, the youngest first */
	size_t layers;
	bool shared; /* the home is a mount of another room's */
	const uint32_t *root_layer; /* the same for a kept root */
	size_t root_layers;
	bool root_is_kept; /* its upper is in the store */
	struct crl_host_public public; /* borrowed; -EBADF: the root is the host's as it is, or an image */
	int public_tree; /* what crl_mounting_public() has made of it */
	int root_given; /* the root, by another room; -EBADF: it is made */
	int ns; /* user namespace of who is inside; -EBADF: there is none */
	uid_t inside_uid; /* its root */
	gid_t inside_gid;
	bool inside_is_given; /* by another room, whose users are at work in it */
	bool binds_devices; /* of the host, since none can be made */
	bool alone; /* in a user namespace of the user's own, who is 0 there and has no other number */
	int lower_ids; /* user namespace that those are mapped by, -EBADF: its files keep their owners */
	int home_mount; /* what is attached for the home instead, -EBADF: the home itself */
	const char *const *far; /* mounts that a name of a user's choice does not lead into */
	size_t far_len;
	unsigned int uncovered; /* sockets that a service without openat2(2) cannot look up */
	char covered[192]; /* for the view */
	char homeless[192]; /* why there is no home; "" = there is one. For the view */
	gid_t accounting_gid; /* who may write utmp on the host */
};

/* Every step: 0 or a negative errno with room->err set. */
typedef int crl_mounting_step(struct crl_mounting *room, const struct crl_mount_op *op);

crl_mounting_step crl_mounting_over_kept, crl_mounting_over_shared;
crl_mounting_step crl_mounting_over, crl_mounting_root, crl_mounting_skeleton, crl_mounting_image, crl_mounting_apart,
	crl_mounting_own, crl_mounting_steer, crl_mounting_users, crl_mounting_merge, crl_mounting_firm;
crl_mounting_step crl_mounting_namespace, crl_mounting_inside, crl_mounting_inside_users, crl_mounting_also;
crl_mounting_step crl_mounting_public;
crl_mounting_step crl_mounting_launcher, crl_mounting_prove;
crl_mounting_step crl_mounting_isolate, crl_mounting_keep, crl_mounting_protect, crl_mounting_writable,
	crl_mounting_read_only, crl_mounting_hide, crl_mounting_cover_socket, crl_mounting_mask, crl_mounting_freeze,
	crl_mounting_show, crl_mounting_bare, crl_mounting_offer, crl_mounting_bind, crl_mounting_device,
	crl_mounting_terminal, crl_mounting_devlog, crl_mounting_seal, crl_mounting_pivot;
crl_mounting_step crl_mounting_system, crl_mounting_user, crl_mounting_proc, crl_mounting_sysfs, crl_mounting_sys_bind,
	crl_mounting_cgroup, crl_mounting_devpts, crl_mounting_mqueue;
crl_mounting_step crl_mounting_dir, crl_mounting_file, crl_mounting_link, crl_mounting_node, crl_mounting_accounting,
	crl_mounting_lastlog, crl_mounting_hosts;
crl_mounting_step crl_mounting_home_open, crl_mounting_lower_open, crl_mounting_home_tmpfs, crl_mounting_home_overlay,
	crl_mounting_home_kept, crl_mounting_home_shared, crl_mounting_home_lower, crl_mounting_home;

/* Record that @op failed at @step with negative errno @rc, naming its path. Returns @rc. */
int crl_mounting_fail(struct crl_mounting *room, const struct crl_mount_op *op, int rc, const char *step);

/* Clone what a descriptor stands for. @recursive: with all that is mounted beneath. Returns 0 or -errno. */
int crl_mount_clone(int fd, bool recursive, int *ret_fd) CRL_MUST_CHECK;

/* Set mount attributes on a mount (MOUNT_ATTR_*), and make it private. Returns 0 or -errno. */
int crl_mount_change(int fd, bool recursive, uint64_t set, uint64_t clear) CRL_MUST_CHECK;

/* MOUNT_ATTR_* of what is bound with these CRL_OP_* flags. */
uint64_t crl_mount_attributes(uint32_t flags);

/* Attach a mount to a directory or file that @to stands for. Returns 0 or -errno. */
int crl_mount_attach(int mount, int to) CRL_MUST_CHECK;

/* Clone a file or directory of the sealed tree. Returns 0 or -errno. */
int crl_mounting_clone_sealed(struct crl_mounting *room, const char *path, int *ret_fd) CRL_MUST_CHECK;

/*
 * Make the place of @op when it has one, then attach @mount to op->target in the room's root.
 * @is_dir  kind of place to make
 */
int crl_mounting_attach(struct crl_mounting *room, const struct crl_mount_op *op, int mount,
			bool is_dir) CRL_MUST_CHECK;

/* Write all of it into a new file. Returns 0 or -errno. */
int crl_mounting_write(int fd, const char *text, size_t len) CRL_MUST_CHECK;

/* A tmpfs of op->number bytes that is attached to nothing, and where file capabilities count; @ret_fd is its root. */
int crl_mounting_make_apart(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd) CRL_MUST_CHECK;

/* A tmpfs of op->number bytes, its root @mode; attached to @place of the system tree; @ret_fd is its root. */
int crl_mounting_make_tmpfs(struct crl_mounting *room, const struct crl_mount_op *op, mode_t mode,
			    int *ret_fd) CRL_MUST_CHECK;

/* What an overlay is made of. */
struct crl_mounting_layers {
	const uint32_t *frozen; /* numbers of layers in "data" that are the user's own, the youngest first */
	size_t own; /* how many */
	const int *lower; /* directories below them, the youngest first */
	size_t len;
	int ids; /* user namespace that owners of these are mapped by, or -EBADF */
	const char *upper; /* name in the system tree of root's directory on a tmpfs that holds "up" and "work" */
	bool kept; /* those are in its "data", with the frozen ones, and outlive the room. Else they are in it */
};

/*
 * An overlay, not attached. Its layers are named by paths relative to @layers->upper, so mountinfo tells no host path;
 * the lowers get their places there.
 */
int crl_mounting_make_overlay(struct crl_mounting *room, const struct crl_mount_op *op,
			      const struct crl_mounting_layers *layers, int *ret_fd) CRL_MUST_CHECK;

/*
 * over.c: the lower under an overlay whose upper is on a tmpfs, or in the store, in op->data of the system tree; or
 * what another room gave. @ids  user namespace that maps owners of @lower, in which op->uid is root; -EBADF = none
 */
int crl_mounting_put_under(struct crl_mounting *room, const struct crl_mount_op *op, int lower, int ids,
			   int *ret_fd) CRL_MUST_CHECK;

/* inside.c: mount namespaces that are made from the room's have what is mounted later in the tree INSIDE as well. */
int crl_mounting_share_inside(struct crl_mounting *room, const struct crl_mount_op *op) CRL_MUST_CHECK;

/* inside.c: make a place in the tree INSIDE, whatever its users have put there. Returns 0 or -errno. */
int crl_mounting_make_inside_place(struct crl_mounting *room, const char *path, bool is_dir) CRL_MUST_CHECK;

/* An overlay of those that are not the user's own, read-only, when all have got their places by the above. */
int crl_mounting_make_merged(struct crl_mounting *room, const struct crl_mount_op *op,
			     const struct crl_mounting_layers *layers, int *ret_fd) CRL_MUST_CHECK;

/*
 * kept.c: put a data directory of the store, a mount that is nowhere attached, on "data" of op->target in the system
 * tree.
 */
int crl_mounting_attach_data(struct crl_mounting *room, const struct crl_mount_op *op, int data) CRL_MUST_CHECK;

/* home.c: make "up" and "work" in @upper. Returns 0; -EEXIST they were there, and are as they were; -errno. */
int crl_mounting_home_upper(struct crl_mounting *room, const struct crl_mount_op *op, int upper) CRL_MUST_CHECK;

/* home.c: can the user read the merged home that was just made? */
int crl_mounting_home_read(struct crl_mounting *room, const struct crl_mount_op *op) CRL_MUST_CHECK;
