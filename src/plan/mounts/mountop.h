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
	CRL_TREE_LOWER, /* what is below the room's root, where that is an overlay: the host's root, or the image */
	CRL_TREE_HOME, /* tmpfs of an overlay's upper, or of a tmpfs home */
	CRL_TREE_PROC, /* the room's procfs */
	CRL_TREE_SYS, /* the room's sysfs */
	CRL_TREE_INSIDE, /* the root of who is in the room's user namespace; what is in it may be theirs */
	CRL_TREE_COUNT
};

enum crl_mount_kind {
	CRL_MOUNT_ISOLATE, /* nothing propagates out of this namespace any more */
	/*
	 * As the user: find the home @source on the host, prove it, keep it; missing: no home. CRL_OP_OPTIONAL: no home
	 * either when it is another's. CRL_OP_OWNED: root's is another's
	 */
	CRL_MOUNT_HOME_OPEN,
	CRL_MOUNT_LOWER_OPEN, /* the template directory @source, root-owned all the way; CRL_OP_OWNED */
	CRL_MOUNT_SYSTEM, /* the system tmpfs, @number bytes */
	CRL_MOUNT_USER, /* the user tmpfs, @number bytes */
	CRL_MOUNT_DIR, /* make directory @target in @tree, @mode, @uid, @gid */
	CRL_MOUNT_FILE, /* make file @target in @tree with text @data, or its @number bytes, @mode, @uid, @gid */
	CRL_MOUNT_LINK, /* make symbolic link @target in @tree to @data */
	CRL_MOUNT_NODE, /* make character device @target in @tree, number @number, or a place for the host's */
	CRL_MOUNT_ACCOUNTING, /* make @target (utmp, wtmp) in @tree with the group that owns it on the host */
	CRL_MOUNT_LASTLOG, /* make @target in @tree with the record of @uid and no other */
	CRL_MOUNT_HOSTS, /* make @target in @tree: the root's @source and a line for the name @data */
	CRL_MOUNT_RESOLV, /* as FILE: the room's resolv.conf; @source is its service address, or NULL */
	CRL_MOUNT_USERS, /* make @target in @tree: the host's @source without other users; @number its kind (users.h) */
	CRL_MOUNT_DEVLOG, /* make @target in @tree what the host's @source is: a link, a socket to bind, or
			     nothing */
	CRL_MOUNT_SEAL, /* the read-only mount of the system tmpfs */
	CRL_MOUNT_OVER, /* a tmpfs for what is written to the root, on @target; @number bytes, @inodes files */
	CRL_MOUNT_OVER_KEPT, /* the store's data directory, a descriptor and 1 in @number, takes its place */
	CRL_MOUNT_OVER_SHARED, /* the root is a mount that another room gave: its descriptor and 1 in @number */
	/*
	 * What everybody may read of the host's root, for the next step: put together on @target, a tmpfs of @number
	 * bytes and @inodes files
	 */
	CRL_MOUNT_PUBLIC,
	/*
	 * The host's root alone. CRL_OP_WRITABLE: under an overlay; its upper is in @data of the system tree, a
	 * directory on a tmpfs
	 */
	CRL_MOUNT_ROOT,
	/* A tmpfs of @number bytes as the root: what the host has at its top is put into it one by one */
	CRL_MOUNT_SKELETON,
	CRL_MOUNT_IMAGE, /* the same with the image @source: a directory, or @number - 1 is its mount, not attached */
	CRL_MOUNT_APART, /* the same for the directory @target, which is on another of the host's file systems */
	CRL_MOUNT_KEEP, /* clone the host's mount @source to the same place */
	CRL_MOUNT_PROTECT, /* all of the root so far: read-only, nodev, private, and nosuid but for CRL_OP_SUID */
	CRL_MOUNT_OWN, /* the directory @target of a root that takes writes is @uid's; CRL_OP_WRITABLE: and it does */
	/*
	 * Where somebody else than root could put something at @target: @source of @tree, read-only, or something
	 * empty. With CRL_OP_DIR a directory. CRL_OP_PLACE: in any case
	 */
	CRL_MOUNT_STEER,
	/* On the directory @target: it with @source of the system tree before it, read-only; CRL_OP_SUID */
	CRL_MOUNT_MERGE,
	/*
	 * On the directory @target: a view of it, read-only, the names in which are the room's: what covers one stays
	 * when the host puts something else there. CRL_OP_OPTIONAL: it stays as it is where the kernel makes none
	 */
	CRL_MOUNT_FIRM,
	CRL_MOUNT_WRITABLE, /* clone the host's @source, writable, to the same place */
	CRL_MOUNT_READ_ONLY, /* clone the root's @source, read-only, to the same place */
	CRL_MOUNT_HIDE, /* put an empty directory (or @source of the sealed tree) or file over @target */
	CRL_MOUNT_SOCKET, /* put a file that cannot be opened over @target, when a socket stands there */
	CRL_MOUNT_PROC, /* a new procfs on @target */
	CRL_MOUNT_SYSFS, /* a new sysfs on @target */
	CRL_MOUNT_SYS_BIND, /* the host's sysfs on @target */
	CRL_MOUNT_CGROUP, /* the host's cgroup @source on @target; NULL = a new cgroup2 */
	CRL_MOUNT_MASK, /* something empty over @target in @tree (PROC or SYS) when it is there */
	CRL_MOUNT_FREEZE, /* @target in @tree (PROC) read-only when it is there */
	CRL_MOUNT_SHOW, /* clone @source of @tree to @target */
	CRL_MOUNT_DEVPTS, /* a new devpts on @target, @number terminals at most, of the group @gid */
	CRL_MOUNT_MQUEUE, /* a new mqueue on @target */
	CRL_MOUNT_DEVICE, /* bind the host's device @source, number @number, on @target where none could be made */
	CRL_MOUNT_TERMINAL, /* bind the terminal @source of the host on @target */
	CRL_MOUNT_BARE, /* @tree (PROC or SYS) without what covers parts of it on @target, its place made first;
			   CRL_OP_OPTIONAL: the root may have had no place for that tree */
	CRL_MOUNT_OFFER, /* bind the host's @source read-only on @target, its place made first; skip what is
			    missing */
	CRL_MOUNT_BIND, /* bind the host's @source on @target */
	CRL_MOUNT_HOME_TMPFS, /* a new tmpfs for the home, @number bytes; @source a skeleton to copy or NULL
			       */
	CRL_MOUNT_HOME_OVERLAY, /* an overlay over the home or template, @number bytes for the upper */
	/*
	 * An overlay over the home or template whose upper, with layers of its own beneath, is in the user's data
	 * directory: @number is a descriptor of a mount of that, and 1; 0 = there is none. Without root it is one of
	 * that directory itself, which is at @source of the host
	 */
	CRL_MOUNT_HOME_KEPT,
	CRL_MOUNT_HOME_SHARED, /* the home is a mount that another room gave: its descriptor @number, and 1 */
	/* What the home's own layers lie on, read-only on @target; @number as above, 0 = what this room has opened */
	CRL_MOUNT_HOME_LOWER,
	CRL_MOUNT_HOME, /* attach the home to @target; CRL_OP_OPTIONAL: no home when that is not there */
	CRL_MOUNT_NAMESPACE, /* the user namespace, a descriptor and 1 in @number, on the file @target */
	/*
	 * An overlay over what is below the root, whose owners the user namespace of @number maps; @uid and @gid are
	 * root's in it; @data as of CRL_MOUNT_ROOT. On the directory @target; set-user-ID programs count
	 */
	CRL_MOUNT_INSIDE,
	CRL_MOUNT_INSIDE_USERS, /* who is who in it: the user, whose shell is @data; @number is CRL_INSIDE_* */
	/*
	 * What stands at @source of the room's root on @target. CRL_OP_DIR: with what is mounted in it. CRL_OP_SHARED.
	 * CRL_OP_OWNED: the home, which there may be none of
	 */
	CRL_MOUNT_ALSO,
	/*
	 * A tmpfs of its own on @target, its place made first, with one file @source: @data of @number bytes, which has
	 * the file capabilities @caps, "=ei". Alone in the room it is not nosuid
	 */
	CRL_MOUNT_LAUNCHER,
	CRL_MOUNT_PIVOT, /* make the root the root, let go of the old one */
	CRL_MOUNT_PROVE, /* every mount of the room but that on @target is nosuid, as the kernel has it */
	CRL_MOUNT_KIND_COUNT
};

#define CRL_OP_OPTIONAL (1u << 0) /* what is not there is skipped; everything else is still an error */
#define CRL_OP_WRITABLE (1u << 1) /* not made read-only */
#define CRL_OP_DEVICES (1u << 2) /* device nodes work */
#define CRL_OP_FOLLOW (1u << 3) /* a link that only root can have made is followed inside the room's root */
#define CRL_OP_PLACE (1u << 4) /* the place for the mount is made first: @place in @place_tree */
#define CRL_OP_EXEC (1u << 5) /* programs can be run from it */
#define CRL_OP_SUID (1u << 6) /* set-user-ID programs and file capabilities count, where the host says so too */
#define CRL_OP_OWNED (1u << 7) /* what root owns in the lower is the user's; a home of root's is none */
#define CRL_OP_DIR (1u << 9) /* where there is nothing, a directory is meant */
#define CRL_OP_CLOSED (1u << 8) /* a file is covered by one that cannot be opened, not by one that reads as empty */

#define CRL_OP_SHARED (1u << 10) /* what is mounted in the one later is in the other as well */

#define CRL_INSIDE_SUDO 1u /* the user becomes root without a password */
#define CRL_INSIDE_ROOT 2u /* and is root from the beginning */
#define CRL_INSIDE_NESTED 4u /* their own containers have ids */

struct crl_mount_op {
	enum crl_mount_kind kind;
	enum crl_tree tree;
	enum crl_tree place_tree;
	uint32_t flags; /* CRL_OP_* */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint64_t number; /* bytes, terminals or device number, by kind */
	uint64_t inodes; /* files and directories of a tmpfs; 0 = as many as @number allows for */
	uint64_t caps; /* bit = capability number */
	const char *source; /* by kind: absolute on the host, or relative in @tree; borrowed from plan or
			       policy */
	const char *target; /* absolute in the room, or relative in @tree */
	const char *data; /* text or name */
	const char *place; /* with CRL_OP_PLACE: relative path in @place_tree */
};

/* The kind's name for messages: "keep", "hide", … */
const char *crl_mount_kind_name(enum crl_mount_kind kind);
