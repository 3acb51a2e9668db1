// SPDX-License-Identifier: Apache-2.0
/*
 * One step of a mount plan: shared by the planner, which writes them, and src/apply, which has one function a
 * kind.
 *
 * Pure data. Source: docs/mounts.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The trees that a step works in; each is one descriptor while the plan is carried out. */
enum crl_tree {
	CRL_TREE_NONE,
	CRL_TREE_HOST, /* the host's mounts as this namespace copied them */
	CRL_TREE_ROOT, /* the room's root to be */
	CRL_TREE_SYSTEM, /* the room's system tmpfs: root alone writes there; never visible as a whole */
	CRL_TREE_SEALED, /* the same tmpfs through a read-only mount, from which clones inherit that */
	CRL_TREE_USER, /* the room's user tmpfs: /tmp and its kind share one size */
	CRL_TREE_HOME, /* tmpfs of an overlay's upper, or of a tmpfs home */
	CRL_TREE_PROC, /* the room's procfs */
	CRL_TREE_SYS, /* the room's sysfs */
	CRL_TREE_COUNT
};

enum crl_mount_kind {
	CRL_MOUNT_ISOLATE, /* nothing propagates out of this namespace any more */
	CRL_MOUNT_HOME_OPEN, /* as the user: find the home @source on the host, prove it, clone it, keep it */
	CRL_MOUNT_LOWER_OPEN, /* the template directory @source, root-owned all the way; CRL_OP_OWNED */
	CRL_MOUNT_SYSTEM, /* the system tmpfs, @number bytes */
	CRL_MOUNT_USER, /* the user tmpfs, @number bytes */
	CRL_MOUNT_DIR, /* make directory @target in @tree, @mode, @uid, @gid */
	CRL_MOUNT_FILE, /* make file @target in @tree with text @data, @mode, @uid, @gid */
	CRL_MOUNT_LINK, /* make symbolic link @target in @tree to @data */
	CRL_MOUNT_NODE, /* make character device @target in @tree, number @number */
	CRL_MOUNT_ACCOUNTING, /* make @target (utmp, wtmp) in @tree with the group that owns it on the host */
	CRL_MOUNT_LASTLOG, /* make @target in @tree with the record of @uid and no other */
	CRL_MOUNT_HOSTS, /* make @target in @tree: the root's @source and a line for the name @data */
	CRL_MOUNT_DEVLOG, /* make @target in @tree what the host's @source is: a link, a socket to bind, or
			     nothing */
	CRL_MOUNT_SEAL, /* the read-only mount of the system tmpfs */
	CRL_MOUNT_ROOT, /* clone the host's root alone */
	CRL_MOUNT_IMAGE, /* clone the image directory @source; CRL_OP_WRITABLE: under a throw-away overlay */
	CRL_MOUNT_KEEP, /* clone the host's mount @source to the same place */
	CRL_MOUNT_PROTECT, /* all of the root so far: read-only, nodev, private, and nosuid but for CRL_OP_SUID */
	CRL_MOUNT_WRITABLE, /* clone the host's @source, writable, to the same place */
	CRL_MOUNT_READ_ONLY, /* clone the root's @source, read-only, to the same place */
	CRL_MOUNT_HIDE, /* put an empty directory (or @source of the sealed tree) or file over @target */
	CRL_MOUNT_SOCKET, /* put a file that cannot be opened over @target, when a socket stands there */
	CRL_MOUNT_PROC, /* a new procfs on @target */
	CRL_MOUNT_SYSFS, /* a new sysfs on @target */
	CRL_MOUNT_SYS_BIND, /* the host's sysfs on @target */
	CRL_MOUNT_CGROUP, /* a new cgroup2 on @target */
	CRL_MOUNT_MASK, /* something empty over @target in @tree (PROC or SYS) when it is there */
	CRL_MOUNT_FREEZE, /* @target in @tree (PROC) read-only when it is there */
	CRL_MOUNT_SHOW, /* clone @source of @tree to @target */
	CRL_MOUNT_DEVPTS, /* a new devpts on @target, @number terminals at most */
	CRL_MOUNT_MQUEUE, /* a new mqueue on @target */
	CRL_MOUNT_TERMINAL, /* bind the terminal @source of the host on @target */
	CRL_MOUNT_OFFER, /* bind the host's @source read-only on @target, its place made first; skip what is
			    missing */
	CRL_MOUNT_BIND, /* bind the host's @source on @target */
	CRL_MOUNT_HOME_TMPFS, /* a new tmpfs for the home, @number bytes; @source a skeleton to copy or NULL
			       */
	CRL_MOUNT_HOME_OVERLAY, /* an overlay over the home or template, @number bytes for the upper */
	CRL_MOUNT_HOME, /* attach the home to @target */
	CRL_MOUNT_PIVOT, /* make the root the root, let go of the old one */
	CRL_MOUNT_KIND_COUNT
};

#define CRL_OP_OPTIONAL (1u << 0) /* what is not there is skipped; everything else is still an error */
#define CRL_OP_WRITABLE (1u << 1) /* not made read-only */
#define CRL_OP_DEVICES  (1u << 2) /* device nodes work */
#define CRL_OP_FOLLOW   (1u << 3) /* a link that only root can have made is followed inside the room's root */
#define CRL_OP_PLACE    (1u << 4) /* the place for the mount is made first: @place in @place_tree */
#define CRL_OP_EXEC     (1u << 5) /* programs can be run from it */
#define CRL_OP_SUID     (1u << 6) /* set-user-ID programs and file capabilities count, where the host says so too */
#define CRL_OP_OWNED    (1u << 7) /* what root owns in the lower is the user's */
#define CRL_OP_CLOSED   (1u << 8) /* a file is covered by one that cannot be opened, not by one that reads as empty */

struct crl_mount_op {
	enum crl_mount_kind kind;
	enum crl_tree tree;
	enum crl_tree place_tree;
	uint32_t flags; /* CRL_OP_* */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint64_t number; /* bytes, terminals or device number, by kind */
	const char *source; /* by kind: absolute on the host, or relative in @tree; borrowed from plan or
			       policy */
	const char *target; /* absolute in the room, or relative in @tree */
	const char *data; /* text or name */
	const char *place; /* with CRL_OP_PLACE: relative path in @place_tree */
};

/* The kind's name for messages: "keep", "hide", … */
const char *crl_mount_kind_name(enum crl_mount_kind kind);
