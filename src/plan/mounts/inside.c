// SPDX-License-Identifier: Apache-2.0
/*
 * The room as those see it who are in its user namespace: an overlay of the image, of which root is its root, with the
 * room's own places in it. What leads there is in last.c.
 *
 * All else that is root's in the room (sshd's monitor, su, cron) stays outside of it, on the image as it is: what they
 * load and believe is nobody's to change.
 *
 * Runs in: helper, carrelctl. Pure. Source: docs/mounts.md.
 * R2: the host's own tree is never what it lies on, but what of that is for everybody (apply/mounts/public.c).
 * R1: from the host comes what is bound, with the covers in it that it has outside, and never by a mapped owner.
 */
#include "base/path.h"
#include "plan/mounts/build.h"
#include "policy/errands.h"
#include "wire/errand.h"
#include "wire/stage.h"

#include <errno.h>
#include <string.h>

#define INSIDE CRL_LAST_ROOT
#define RUN "inrun" /* its /run, in the user tree */
#define PUBLIC_BYTES (16u << 20) /* for names alone */
#define PUBLIC_INODES 65536
#define SHELL_DEFAULT "/bin/bash"

/* @op->target  a path of the inside; its place is made in that, or for one of /run in the tmpfs that this is on */
static int add(struct crl_build *b, struct crl_mount_op op)
{
	bool in_run = crl_path_is_within(op.target, "/run");

	op.place_tree = in_run ? CRL_TREE_USER : CRL_TREE_INSIDE;
	op.place = in_run ? crl_build_text(b, RUN "%s", op.target + strlen("/run")) : op.target + 1;
	op.target = crl_build_text(b, INSIDE "%s", op.target);
	if (!op.place || !op.target)
		return -ENOMEM;
	if (in_run && strcmp(op.place, RUN) == 0) { /* that itself */
		op.place_tree = CRL_TREE_INSIDE;
		op.place = "run";
	}
	op.flags |= CRL_OP_PLACE;
	return crl_build_add(b, &op);
}

static int also(struct crl_build *b, const char *path, uint32_t flags)
{
	return add(b, (struct crl_mount_op){.kind = CRL_MOUNT_ALSO, .source = path, .target = path, .flags = flags});
}

static int show(struct crl_build *b, const char *source, const char *target)
{
	return add(b, (struct crl_mount_op){.kind = CRL_MOUNT_SHOW,
					    .tree = CRL_TREE_USER,
					    .source = source,
					    .target = target,
					    .flags = CRL_OP_WRITABLE | CRL_OP_EXEC});
}

/* Root of the inside may write to it, as daemons and packages do; what the host's root writes is not in it. */
static int add_run(struct crl_build *b)
{
	const char *runtime = crl_build_text(b, "/run/user/%u", b->login->uid);
	int rc;

	if (!runtime)
		return -ENOMEM;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = RUN, .mode = 0755,
		     .uid = b->host->root_uid, .gid = b->host->root_gid);
	if (rc == 0)
		rc = show(b, RUN, "/run");
	if (rc == 0)
		rc = show(b, "run", runtime);
	if (rc == 0)
		rc = show(b, "lock", "/run/lock");
	if (rc == 0 && b->host->screen)
		rc = show(b, "screen", "/run/screen");
	if (rc == 0 && b->host->shm_link)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_LINK, .tree = CRL_TREE_USER, .target = RUN "/shm",
			     .data = "/dev/shm");
	if (rc == 0)
		rc = also(b, CRL_LAST_DIR, 0); /* not what is mounted in it, which would be this */
	if (rc == 0)
		rc = also(b, CRL_LAST_NS, 0); /* by which a last stage knows that it is behind it */
	if (rc == 0)
		rc = also(b, "/run/carrel-room", 0);
	if (rc == 0)
		rc = also(b, "/run/utmp", 0);
	if (rc == 0 && crl_policy_keeps_home(b->policy) && b->policy->wishes)
		rc = also(b, CRL_HOME_LOWER_PLACE, CRL_OP_DIR | CRL_OP_OPTIONAL);
	return rc;
}

/* As nest.c has it outside, which is gone from the mount namespace of who has this view for a root. */
static int add_nest(struct crl_build *b)
{
	int rc;

	if (!b->host->nest || !b->policy->nested_proc)
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_USER, .target = RUN "/carrel-nest", .mode = 0700);
	if (rc == 0)
		rc = add(b, (struct crl_mount_op){
				    .kind = CRL_MOUNT_BARE, .tree = CRL_TREE_PROC, .target = "/run/carrel-nest/proc"});
	if (rc == 0)
		rc = add(b, (struct crl_mount_op){.kind = CRL_MOUNT_BARE,
						  .tree = CRL_TREE_SYS,
						  .target = "/run/carrel-nest/sys",
						  .flags = CRL_OP_OPTIONAL});
	return rc < 0 ? rc : CRL_ADD(b, .kind = CRL_MOUNT_HIDE, .target = INSIDE "/run/carrel-nest");
}

static int add_own(struct crl_build *b)
{
	static const struct {
		const char *path;
		uint32_t flags;
	} own[] = {
		{"/proc", CRL_OP_DIR},
		{"/sys", CRL_OP_DIR},
		{"/dev", CRL_OP_DIR | CRL_OP_SHARED}, /* /dev/log comes and goes */
		{"/tmp", CRL_OP_DIR},
		{"/var/tmp", CRL_OP_DIR | CRL_OP_OPTIONAL},
	};
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(own) && rc == 0; i++)
		rc = also(b, own[i].path, own[i].flags);
	if (rc == 0 && b->kind != CRL_HOME_NONE)
		rc = also(b, b->login->home, CRL_OP_DIR | CRL_OP_OPTIONAL | CRL_OP_OWNED);
	if (rc == 0 && b->host->resolv)
		rc = also(b, "/etc/resolv.conf", CRL_OP_OPTIONAL);
	if (rc == 0 && b->host->room_name[0])
		rc = also(b, "/etc/hosts", CRL_OP_OPTIONAL);
	if (rc == 0 && b->host->room_name[0])
		rc = also(b, "/etc/hostname", CRL_OP_OPTIONAL);
	return rc;
}

/* Does it come along with one of the places above? */
static bool comes_along(const struct crl_build *b, const char *path)
{
	static const char *const places[] = {"/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/run/user", "/run/lock"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(places); i++)
		if (crl_path_is_within(path, places[i]))
			return true;
	return crl_build_is_home(b, path);
}

static bool is_errand(const struct crl_build *b, const struct crl_mount_op *op)
{
	return op->kind == CRL_MOUNT_BIND && crl_policy_has_errands(b->policy) &&
	       (strcmp(op->target, CRL_ERRAND_PLACE) == 0 ||
		(b->host->errand_client && strcmp(op->source, b->host->errand_client) == 0));
}

/* What hide.c shows outside, where more is hidden: inside it is there with what is for everybody, and root's. */
static bool is_profiles(const struct crl_mount_op *op)
{
	return strcmp(op->source, CRL_PROFILES_DIR) == 0 && strcmp(op->target, CRL_PROFILES_DIR) == 0;
}

/* Of the host's, for the host's sake: what the room's root may change is not there. */
static bool is_wanted(const struct crl_build *b, const struct crl_mount_op *op)
{
	switch ((int)op->kind) {
	case CRL_MOUNT_BIND:
	case CRL_MOUNT_WRITABLE:
		return !comes_along(b, op->target) && !is_errand(b, op) && !is_profiles(op);
	case CRL_MOUNT_OFFER:
		return !comes_along(b, op->target) &&
		       (crl_path_is_within(op->target, "/run") || strcmp(op->target, "/etc/resolv.conf") == 0);
	default:
		return false;
	}
}

/* Is it in what was brought before it? Then it stands in that as it does outside. */
static bool is_in_brought(const struct crl_build *b, size_t at)
{
	const struct crl_mount_op *op = &b->plan->op[at];

	for (size_t i = 0; i < at; i++)
		if (is_wanted(b, &b->plan->op[i]) && crl_path_is_within(op->target, b->plan->op[i].target))
			return true;
	return false;
}

static bool covers(enum crl_mount_kind kind)
{
	return kind == CRL_MOUNT_HIDE || kind == CRL_MOUNT_READ_ONLY || kind == CRL_MOUNT_SOCKET;
}

/* R1. @op  a copy; the plan grows meanwhile */
static int bring(struct crl_build *b, struct crl_mount_op op, bool within)
{
	if (!within)
		return add(b, op);
	op.target = crl_build_text(b, INSIDE "%s", op.target);
	if (op.kind == CRL_MOUNT_READ_ONLY)
		op.source = op.target;
	return op.target ? crl_build_add(b, &op) : -ENOMEM;
}

static int add_brought(struct crl_build *b, size_t len)
{
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		const struct crl_mount_op op = b->plan->op[i];
		bool absolute = op.target && op.target[0] == '/';
		bool within = absolute && (is_wanted(b, &op) || covers(op.kind)) && is_in_brought(b, i);

		if (absolute && (within || is_wanted(b, &op)))
			rc = bring(b, op, within);
	}
	return rc;
}

/* R2. What another room gave lies on that one's. */
static int add_public(struct crl_build *b)
{
	int rc;

	if (b->policy->root_mode != CRL_ROOT_OVERLAY || (crl_policy_keeps_root(b->policy) && b->host->root.shared))
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "public", .mode = 0700);
	return rc < 0 ? rc
		      : CRL_ADD(b, .kind = CRL_MOUNT_PUBLIC, .target = "public", .number = PUBLIC_BYTES,
				.inodes = PUBLIC_INODES);
}

int crl_build_inside(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	size_t outer = b->plan->len;
	int rc;

	if (!crl_policy_owns_users(p))
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_NAMESPACE, .target = CRL_LAST_NS, .number = (uint64_t)b->host->user_ns);
	if (rc == 0)
		rc = add_public(b);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_INSIDE, .target = INSIDE, .uid = b->host->root_uid,
			     .gid = b->host->root_gid, .number = (uint64_t)b->host->user_ns,
			     .data = crl_build_upper_place(b), .flags = CRL_OP_WRITABLE | CRL_OP_EXEC | CRL_OP_SUID);
	if (rc == 0)
		rc = add_run(b);
	if (rc == 0)
		rc = add_own(b);
	if (rc == 0)
		rc = add_nest(b);
	if (rc == 0)
		rc = add_brought(b, outer);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_INSIDE_USERS, .target = INSIDE,
			     .data = b->policy->shell_path ? b->policy->shell_path : SHELL_DEFAULT,
			     .number = (p->user_sudo ? CRL_INSIDE_SUDO : 0) |
				       (p->user_mode == CRL_USER_ROOT ? CRL_INSIDE_ROOT : 0) |
				       (p->user_nested ? CRL_INSIDE_NESTED : 0));
	return rc;
}
