// SPDX-License-Identifier: Apache-2.0
/*
 * /proc, /sys and /dev.
 *
 * Runs in: helper, carrelctl. Pure. Source: proc(5), the OCI runtime's default masks, docs/mounts.md.
 */
#include "plan/mounts/build.h"

#include <string.h>

#define TTY_GID 5 /* as everywhere */

#define OP(...) ((struct crl_mount_op){__VA_ARGS__})

/*
 * What would tell of the host or of other users: their files, processes, addresses. Directories read as empty, files
 * as nothing. docs/mounts.md says why, and why the rest stays.
 */
static const char *const proc_masked[] = {
	"acpi",        "asound",   "scsi",  "keys",    "key-users", "latency_stats", "timer_stats",
	"sched_debug", "kallsyms", "iomem", "ioports", "locks",     "cmdline",       "fs",
	"spl",         "mdstat",   "swaps", "modules", "config.gz", "interrupts",
};

/* What the kernel shows to root alone. It stays what cannot be opened, since programs know that answer. */
static const char *const proc_closed[] = {
	"kcore",      "kmsg",       "slabinfo",   "vmallocinfo", "pagetypeinfo",
	"timer_list", "kpagecount", "kpageflags", "kpagecgroup", "allocinfo",
};

static const char *const proc_frozen[] = {"bus", "irq", "sys", "sysrq-trigger"};

/*
 * debugfs, tracefs, securityfs and bpffs need no mask: they are mounts, and a new sysfs comes without them.
 * virtual/block has the backing files of loop devices and the names of volumes, sunrpc the addresses of NFS servers,
 * slab the names of cgroups on older kernels, irq what /proc/interrupts has, the last three addresses of the kernel.
 */
static const char *const sys_masked[] = {
	"firmware",
	"module",
	"power",
	"devices/virtual/powercap",
	"devices/virtual/block",
	"fs/ext4",
	"fs/btrfs",
	"fs/xfs",
	"fs/f2fs",
	"fs/nfs",
	"fs/bcachefs",
	"fs/fuse",
	"kernel/slab",
	"kernel/irq",
	"kernel/sunrpc",
	"kernel/boot_params",
	"kernel/notes",
	"kernel/vmcoreinfo",
};

static bool has_ns(const struct crl_build *b, enum crl_ns ns)
{
	return b->policy->namespaces & CRL_NS_BIT(ns);
}

/* The host's own mount points may be links that root made; an image that has links there is refused. */
static uint32_t follow(const struct crl_build *b)
{
	return b->policy->root_mode != CRL_ROOT_IMAGE ? CRL_OP_FOLLOW : 0;
}

/* @like has all but the target. */
static int add_all(struct crl_build *b, struct crl_mount_op like, const char *const *names, size_t len)
{
	like.flags |= CRL_OP_OPTIONAL;
	for (size_t i = 0; i < len; i++) {
		int rc;

		like.target = names[i];
		rc = crl_build_add(b, &like);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_proc(struct crl_build *b)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_PROC, .target = "/proc");

	if (rc == 0)
		rc = add_all(b, OP(.kind = CRL_MOUNT_MASK, .tree = CRL_TREE_PROC), proc_masked,
			     CRL_ARRAY_LEN(proc_masked));
	if (rc == 0)
		rc = add_all(b, OP(.kind = CRL_MOUNT_MASK, .tree = CRL_TREE_PROC, .flags = CRL_OP_CLOSED), proc_closed,
			     CRL_ARRAY_LEN(proc_closed));
	if (rc == 0)
		rc = add_all(b, OP(.kind = CRL_MOUNT_FREEZE, .tree = CRL_TREE_PROC), proc_frozen,
			     CRL_ARRAY_LEN(proc_frozen));
	return rc;
}

/*
 * Programs size themselves by what /sys/fs/cgroup and their "/" in /proc/self/cgroup say together. So the first is what
 * holds the user's limits, where the login's own cgroup has none.
 */
static int add_cgroup(struct crl_build *b)
{
	const char *source = NULL;

	if (!b->host->cgroup2_unified || !has_ns(b, CRL_NS_CGROUP))
		return 0;
	if (b->host->cgroup[0]) {
		source = crl_build_text(b, "/sys/fs/cgroup/%s", b->host->cgroup);
		if (!source)
			return -ENOMEM;
	}
	return CRL_ADD(b, .kind = CRL_MOUNT_CGROUP, .source = source, .target = "/sys/fs/cgroup",
		       .flags = CRL_OP_OPTIONAL);
}

/*
 * libselinux asks there, by files that everybody may write a question to: sshd(8) ends in the room where it cannot,
 * permissive or not.
 */
static int add_selinux(struct crl_build *b)
{
	if (!b->host->selinux)
		return 0;
	return CRL_ADD(b, .kind = CRL_MOUNT_BIND, .source = CRL_SELINUX_DIR, .target = CRL_SELINUX_DIR,
		       .flags = CRL_OP_WRITABLE | CRL_OP_OPTIONAL);
}

static int add_sys(struct crl_build *b)
{
	/* A sysfs shows the network namespace of who mounts it; the host's serves as well where that is
	 * shared. */
	bool own = has_ns(b, CRL_NS_NET);
	int rc = CRL_ADD(b, .kind = own ? CRL_MOUNT_SYSFS : CRL_MOUNT_SYS_BIND, .source = "/sys", .target = "/sys",
			 .flags = b->policy->root_mode == CRL_ROOT_IMAGE ? CRL_OP_OPTIONAL : 0);

	if (rc == 0)
		rc = add_all(b, OP(.kind = CRL_MOUNT_MASK, .tree = CRL_TREE_SYS), sys_masked,
			     CRL_ARRAY_LEN(sys_masked));
	if (rc == 0)
		rc = add_selinux(b);
	return rc < 0 ? rc : add_cgroup(b);
}

/* Read-only: nobody changes a node's mode or owner, not even one who owns it. The device does not know of that. */
static int add_given(struct crl_build *b)
{
	int rc = 0;

	for (size_t i = 0; i < b->host->devices_len && rc == 0; i++)
		rc = crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
								   .source = b->host->devices[i],
								   .target = b->host->devices[i],
								   .flags = CRL_OP_DEVICES | CRL_OP_OPTIONAL});
	return rc;
}

static int add_dev(struct crl_build *b)
{
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_SHOW, .tree = CRL_TREE_SEALED, .source = "dev", .target = "/dev",
			 .flags = CRL_OP_DEVICES | follow(b));

	if (rc == 0)
		rc = crl_build_devices(b);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DEVPTS, .target = "/dev/pts", .number = b->policy->ptys,
			     .gid = crl_policy_owns_users(b->policy) ? b->host->tty_gid : TTY_GID);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_SHOW, .tree = CRL_TREE_USER, .source = "shm", .target = "/dev/shm",
			     .flags = CRL_OP_WRITABLE | crl_build_exec(b, "/dev/shm"));
	if (rc == 0 && has_ns(b, CRL_NS_IPC))
		rc = CRL_ADD(b, .kind = CRL_MOUNT_MQUEUE, .target = "/dev/mqueue");
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DEVLOG, .tree = CRL_TREE_SYSTEM, .source = "/dev/log",
			     .target = "/dev/log", .place_tree = CRL_TREE_SYSTEM, .place = "dev/log");
	if (rc == 0 && b->host->outer_tty[0])
		rc = CRL_ADD(b, .kind = CRL_MOUNT_TERMINAL, .source = b->host->outer_tty, .target = "/dev/console");
	return rc < 0 ? rc : add_given(b);
}

int crl_build_kernel(struct crl_build *b)
{
	int rc = add_proc(b);

	if (rc == 0)
		rc = add_sys(b);
	if (rc == 0)
		rc = add_dev(b);
	return rc;
}
