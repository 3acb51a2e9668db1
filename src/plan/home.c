// SPDX-License-Identifier: Apache-2.0
/*
 * The home: whether there is one, what it is made from, and where it goes.
 *
 * Accounts of the system have homes that are not there ("/nonexistent") or are everybody's ("/", "/usr/sbin"). Their
 * room has none: R1 a directory of the system's is never bound, covered or made writable for being somebody's home.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"

/* Directories that belong to the system: nobody has a home there because passwd(5) has to say something. */
static const char *const system_places[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/boot",
};

bool crl_is_system_account(uint32_t uid)
{
	return uid < 1000 || uid == 65534;
}

static bool is_system_place(const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(system_places); i++)
		if (crl_path_is_within(path, system_places[i]))
			return true;
	return false;
}

static bool is_hidden_at(const struct crl_policy *p, const char *home)
{
	for (size_t i = 0; i < p->hide.len; i++)
		if (strcmp(p->hide.item[i], home) == 0)
			return true;
	return false;
}

/* True when something is hidden within, which the home would bring back. */
static bool holds_hidden(const struct crl_policy *p, const char *home)
{
	for (size_t i = 0; i < p->hide.len; i++)
		if (strcmp(p->hide.item[i], home) != 0 && crl_path_is_within(p->hide.item[i], home))
			return true;
	return false;
}

/* R1. Why a home there is none, whoever has it and whatever stands there; NULL = it may be one. */
static const char *fault_of_place(const struct crl_build *b)
{
	const char *home = b->login->home;

	if (!strcmp(home, "/"))
		return "is the root";
	for (size_t i = 0; i < b->fixed_len; i++)
		if (!strcmp(home, b->fixed[i].path) || crl_path_is_within(b->fixed[i].path, home))
			return "is a place of the room's own";
	if (crl_path_is_within(home, "/proc") || crl_path_is_within(home, "/sys") || crl_path_is_within(home, "/dev"))
		return "is in a place of the kernel's";
	if (crl_path_is_within(home, "/run/user"))
		return "is a place of the room's own";
	return b->kind == CRL_HOME_PERHAPS && holds_hidden(b->policy, home) ? "holds what root.hide hides" : NULL;
}

int crl_build_home_judge(struct crl_build *b)
{
	const char *home = b->login->home;
	const char *fault = crl_path_fault(home);

	if (fault)
		return crl_err_set(b->err, EINVAL, CRL_STAGE_HOME, "home: found \"%s\", expected %s", home, fault);
	b->kind = crl_is_system_account(b->login->uid) || is_system_place(home) ? CRL_HOME_PERHAPS : CRL_HOME_OWN;
	fault = fault_of_place(b);
	if (!fault)
		return 0;
	b->kind = CRL_HOME_NONE;
	b->plan->homeless = crl_build_text(b, "home %s %s", home, fault);
	return b->plan->homeless ? 0 : -ENOMEM;
}

static int check_sources(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const char *fault = NULL, *path = NULL, *key = "home.lower";

	for (size_t i = 0; i < p->home_lower.len && !fault; i++) {
		path = p->home_lower.item[i];
		fault = crl_path_fault(path);
	}
	if (!fault && p->home_mode == CRL_HOME_TMPFS && p->home_skeleton) {
		path = p->home_skeleton;
		key = "home.skeleton";
		fault = crl_path_fault(path);
	}
	if (!fault)
		return 0;
	return crl_err_set(b->err, EINVAL, CRL_STAGE_HOME, "%s: found \"%s\", expected %s", key, path, fault);
}

/* Root's own counts for what is bound, unless that would show what is hidden. */
static uint32_t conditions(const struct crl_build *b, bool made_anew)
{
	const char *home = b->login->home;
	uint32_t flags = b->kind == CRL_HOME_PERHAPS ? CRL_OP_OPTIONAL : 0;

	if (is_hidden_at(b->policy, home) || (flags && (made_anew || is_system_place(home))))
		flags |= CRL_OP_OWNED;
	return flags;
}

int crl_build_home_open(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const struct crl_login *l = b->login;
	bool template = p->home_mode == CRL_HOME_OVERLAY && p->home_lower.len > 0;
	/* Of one that another room shows that room has found and proved what is beneath. */
	bool shared = crl_policy_keeps_home(p) && b->host->home.shared;
	bool anew = template || shared || p->home_mode == CRL_HOME_TMPFS;
	int rc = check_sources(b);

	if (rc || b->kind == CRL_HOME_NONE)
		return rc;
	template = template && !shared;
	/* Nothing is asked of the host's for a person's home that is new: its server may be dead. */
	if (!anew || b->kind == CRL_HOME_PERHAPS)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HOME_OPEN, .source = l->home, .uid = l->uid, .gid = l->gid,
			     .flags = conditions(b, anew));
	for (size_t i = 0; template && i < p->home_lower.len && rc == 0; i++)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_LOWER_OPEN, .source = p->home_lower.item[i], .uid = l->uid,
			     .gid = l->gid, .flags = p->lower_owner == CRL_LOWER_USER ? CRL_OP_OWNED : 0);
	return rc;
}

/* Where the user finds what is beneath the changes, and the socket at which they ask. */
static int add_lower(struct crl_build *b)
{
	int rc;

	if (!crl_policy_keeps_home(b->policy) || !b->policy->wishes)
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "run/carrel/home", .mode = 0755);
	if (rc < 0)
		return rc;
	return crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_HOME_LOWER,
							     .target = CRL_HOME_LOWER_PLACE,
							     .number = (uint64_t)b->host->home.lower,
							     .flags = crl_build_exec(b, b->login->home)});
}

static int add_made(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const struct crl_login *l = b->login;
	struct crl_mount_op op = {
		.target = "upper",
		.number = p->home_size,
		.inodes = p->home_inodes,
		.mode = 0700,
		.uid = l->uid,
		.gid = l->gid,
	};
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "upper", .mode = 0700);

	if (rc < 0)
		return rc;
	if (crl_policy_keeps_home(p)) {
		op.kind = b->host->home.shared ? CRL_MOUNT_HOME_SHARED : CRL_MOUNT_HOME_KEPT;
		op.number = (uint64_t)(b->host->home.shared ? b->host->home.shared : b->host->home.data);
		op.source = b->host->home.place;
	} else if (p->home_mode == CRL_HOME_OVERLAY) {
		op.kind = CRL_MOUNT_HOME_OVERLAY;
		op.source = p->home_lower.len > 0 ? p->home_lower.item[0] : NULL;
	} else {
		op.kind = CRL_MOUNT_HOME_TMPFS;
		op.source = p->home_skeleton;
	}
	return crl_build_add(b, &op);
}

int crl_build_home(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	bool anew = p->home_mode == CRL_HOME_TMPFS || (p->home_mode == CRL_HOME_OVERLAY && p->home_lower.len > 0);
	uint32_t flags = CRL_OP_WRITABLE | CRL_OP_FOLLOW | crl_build_exec(b, b->login->home);
	int rc = 0;

	if (b->kind == CRL_HOME_NONE)
		return 0;
	if (anew && p->root_mode != CRL_ROOT_IMAGE)
		flags |= CRL_OP_OPTIONAL; /* a place that the host has not cannot be made on a read-only root */
	if (p->home_mode != CRL_HOME_REAL)
		rc = add_made(b);
	if (rc == 0)
		rc = crl_build_add_placed(
			b, (struct crl_mount_op){.kind = CRL_MOUNT_HOME, .target = b->login->home, .flags = flags});
	return rc < 0 ? rc : add_lower(b);
}
