// SPDX-License-Identifier: Apache-2.0
/*
 * The order of a room's mounts, and what every part of the planner needs.
 *
 * Runs in: helper, carrelctl; the steward has the names of steps alone. Pure.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define FS_SIZE_MIN (1ull << 16) /* bytes */
#define FS_SIZE_MAX (1ull << 50)

static const char *const kind_names[CRL_MOUNT_KIND_COUNT] = {
	[CRL_MOUNT_ISOLATE] = "isolate",
	[CRL_MOUNT_HOME_OPEN] = "home-open",
	[CRL_MOUNT_LOWER_OPEN] = "lower-open",
	[CRL_MOUNT_SYSTEM] = "system",
	[CRL_MOUNT_USER] = "user",
	[CRL_MOUNT_DIR] = "dir",
	[CRL_MOUNT_FILE] = "file",
	[CRL_MOUNT_LINK] = "link",
	[CRL_MOUNT_NODE] = "node",
	[CRL_MOUNT_ACCOUNTING] = "accounting",
	[CRL_MOUNT_LASTLOG] = "lastlog",
	[CRL_MOUNT_HOSTS] = "hosts",
	[CRL_MOUNT_RESOLV] = "resolv",
	[CRL_MOUNT_USERS] = "users",
	[CRL_MOUNT_DEVLOG] = "devlog",
	[CRL_MOUNT_SEAL] = "seal",
	[CRL_MOUNT_OVER] = "over",
	[CRL_MOUNT_OVER_KEPT] = "over-kept",
	[CRL_MOUNT_OVER_SHARED] = "over-shared",
	[CRL_MOUNT_PUBLIC] = "public",
	[CRL_MOUNT_ROOT] = "root",
	[CRL_MOUNT_SKELETON] = "skeleton",
	[CRL_MOUNT_IMAGE] = "image",
	[CRL_MOUNT_APART] = "apart",
	[CRL_MOUNT_KEEP] = "keep",
	[CRL_MOUNT_PROTECT] = "protect",
	[CRL_MOUNT_OWN] = "own",
	[CRL_MOUNT_STEER] = "steer",
	[CRL_MOUNT_MERGE] = "merge",
	[CRL_MOUNT_FIRM] = "firm",
	[CRL_MOUNT_WRITABLE] = "writable",
	[CRL_MOUNT_READ_ONLY] = "read-only",
	[CRL_MOUNT_HIDE] = "hide",
	[CRL_MOUNT_SOCKET] = "socket",
	[CRL_MOUNT_PROC] = "proc",
	[CRL_MOUNT_SYSFS] = "sysfs",
	[CRL_MOUNT_SYS_BIND] = "sys-bind",
	[CRL_MOUNT_CGROUP] = "cgroup",
	[CRL_MOUNT_MASK] = "mask",
	[CRL_MOUNT_FREEZE] = "freeze",
	[CRL_MOUNT_SHOW] = "show",
	[CRL_MOUNT_DEVPTS] = "devpts",
	[CRL_MOUNT_MQUEUE] = "mqueue",
	[CRL_MOUNT_DEVICE] = "device",
	[CRL_MOUNT_TERMINAL] = "terminal",
	[CRL_MOUNT_BARE] = "bare",
	[CRL_MOUNT_OFFER] = "offer",
	[CRL_MOUNT_BIND] = "bind",
	[CRL_MOUNT_HOME_TMPFS] = "home-tmpfs",
	[CRL_MOUNT_HOME_OVERLAY] = "home-overlay",
	[CRL_MOUNT_HOME_KEPT] = "home-kept",
	[CRL_MOUNT_HOME_SHARED] = "home-shared",
	[CRL_MOUNT_HOME_LOWER] = "home-lower",
	[CRL_MOUNT_HOME] = "home",
	[CRL_MOUNT_NAMESPACE] = "namespace",
	[CRL_MOUNT_INSIDE] = "inside",
	[CRL_MOUNT_INSIDE_USERS] = "inside-users",
	[CRL_MOUNT_ALSO] = "also",
	[CRL_MOUNT_LAUNCHER] = "launcher",
	[CRL_MOUNT_PIVOT] = "pivot",
	[CRL_MOUNT_PROVE] = "prove",
};

const char *crl_mount_kind_name(enum crl_mount_kind kind)
{
	return (unsigned int)kind < CRL_MOUNT_KIND_COUNT ? kind_names[kind] : "?";
}

int crl_build_add(struct crl_build *b, const struct crl_mount_op *op)
{
	struct crl_mount_plan *plan = b->plan;

	if (plan->len == plan->capacity) {
		size_t capacity = plan->capacity ? plan->capacity * 2 : 128;
		struct crl_mount_op *bigger = reallocarray(plan->op, capacity, sizeof(*bigger));

		if (!bigger)
			return crl_err_set(b->err, ENOMEM, CRL_STAGE_MOUNT, "no memory for the mount plan");
		plan->op = bigger;
		plan->capacity = capacity;
	}
	plan->op[plan->len++] = *op;
	return 0;
}

static int keep_text(struct crl_mount_plan *plan, char *text)
{
	if (plan->text_len == plan->text_capacity) {
		size_t capacity = plan->text_capacity ? plan->text_capacity * 2 : 32;
		char **bigger = reallocarray(plan->text, capacity, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		plan->text = bigger;
		plan->text_capacity = capacity;
	}
	plan->text[plan->text_len++] = text;
	return 0;
}

const char *crl_build_text(struct crl_build *b, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n >= 0 && !keep_text(b->plan, text))
		return text;
	if (n >= 0)
		free(text);
	(void)crl_err_set(b->err, ENOMEM, CRL_STAGE_MOUNT, "no memory for the mount plan");
	return NULL;
}

bool crl_build_is_home(const struct crl_build *b, const char *path)
{
	return b->kind == CRL_HOME_OWN && crl_path_is_within(path, b->login->home);
}

uint32_t crl_build_exec(const struct crl_build *b, const char *path)
{
	return crl_host_is_noexec(b->host, path) ? 0 : CRL_OP_EXEC;
}

static const struct crl_build_fixed *nearest(const struct crl_build_fixed *list, size_t len, const char *target,
					     const struct crl_build_fixed *best)
{
	for (size_t i = 0; i < len; i++)
		if (list[i].dir && strcmp(list[i].path, target) != 0 && crl_path_is_within(target, list[i].path) &&
		    (!best || strlen(list[i].path) > strlen(best->path)))
			best = &list[i];
	return best;
}

/*
 * Where the place for a mount on @target has to be made.
 * @ret_tree   CRL_TREE_NONE when the room's root has to have it already
 * @ret_place  path in the tree
 * Returns 0 or -ENOMEM.
 */
static int find_place(struct crl_build *b, const char *target, enum crl_tree *ret_tree, const char **ret_place)
{
	const struct crl_build_fixed *place = nearest(b->fixed, b->fixed_len, target, NULL);

	place = nearest(b->hidden, b->hidden_len, target, place);
	*ret_tree = CRL_TREE_NONE;
	*ret_place = NULL;
	if (!place)
		return 0;
	*ret_place = crl_build_text(b, "%s%s", place->dir, target + strlen(place->path));
	if (!*ret_place)
		return -ENOMEM;
	*ret_tree = place->tree;
	return 0;
}

int crl_build_add_placed(struct crl_build *b, struct crl_mount_op op)
{
	int rc = find_place(b, op.target, &op.place_tree, &op.place);

	if (rc < 0)
		return rc;
	if (op.place)
		op.flags |= CRL_OP_PLACE;
	return crl_build_add(b, &op);
}

static int check_path(struct crl_build *b, const char *key, const char *path)
{
	const char *fault = path ? crl_path_fault(path) : "a path";

	if (!fault && !strcmp(path, "/"))
		fault = "a path below the root";
	if (!fault)
		return 0;
	return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "%s: found \"%s\", expected %s", key, path ? path : "",
			   fault);
}

static int check_list(struct crl_build *b, const char *key, const struct crl_strv *list)
{
	for (size_t i = 0; i < list->len; i++) {
		int rc = check_path(b, key, list->item[i]);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int check_binds(struct crl_build *b)
{
	for (size_t i = 0; i < b->policy->bind_len; i++) {
		const struct crl_bind *bind = &b->policy->bind[i];
		int rc = check_path(b, "root.bind", bind->source);

		if (rc == 0)
			rc = check_path(b, "root.bind", bind->target);
		if (rc < 0)
			return rc;
		if (!crl_own_may_bind(bind->target) ||
		    (b->kind == CRL_HOME_OWN && crl_path_is_within(b->login->home, bind->target)))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.bind: the target \"%s\" is the room's own or holds the home",
					   bind->target);
	}
	return 0;
}

/* A size of 0 means "no limit" to tmpfs, and so would a devpts without terminals. */
static int check_number(struct crl_build *b, const char *key, uint64_t number, uint64_t min, uint64_t max)
{
	if (number >= min && number <= max)
		return 0;
	return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT, "%s: %llu is not between %llu and %llu", key,
			   (unsigned long long)number, (unsigned long long)min, (unsigned long long)max);
}

static int check_numbers(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	int rc = check_number(b, "tmp.size", p->tmp_size, FS_SIZE_MIN, FS_SIZE_MAX);

	if (rc == 0)
		rc = check_number(b, "ptys", p->ptys, 1, 4096);
	if (rc == 0 && p->home_mode != CRL_HOME_REAL && p->home_quota != CRL_QUOTA_NONE)
		rc = check_number(b, "home.size", p->home_size, FS_SIZE_MIN, FS_SIZE_MAX);
	if (rc == 0 && p->root_size > 0)
		rc = check_number(b, "root.size", p->root_size, FS_SIZE_MIN, FS_SIZE_MAX);
	return rc;
}

static int check_policy(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	int rc = check_numbers(b);

	if (rc == 0)
		rc = check_list(b, "root.hide", &p->hide);

	if (rc == 0)
		rc = check_list(b, "root.read_only", &p->read_only);
	if (rc == 0)
		rc = check_list(b, "root.writable_paths", &p->writable);
	if (rc == 0)
		rc = check_list(b, "root.own", &p->own);
	if (rc == 0)
		rc = check_binds(b);
	if (rc == 0 && p->root_mode == CRL_ROOT_IMAGE && !p->root_image)
		rc = check_path(b, "root.path", p->root_path);
	return rc;
}

typedef int part(struct crl_build *b);

static int hide_files(struct crl_build *b)
{
	return crl_build_hide(b, false);
}

static int hide_kernel(struct crl_build *b)
{
	return crl_build_hide(b, true);
}

static int isolate(struct crl_build *b)
{
	return CRL_ADD(b, .kind = CRL_MOUNT_ISOLATE);
}

static int pivot(struct crl_build *b)
{
	return CRL_ADD(b, .kind = CRL_MOUNT_PIVOT);
}

/* What the room's own places are made from. */
static void place_own(struct crl_build *b)
{
	static const struct crl_build_fixed from[CRL_OWN_COUNT] = {
		[CRL_OWN_PROC] = {NULL, CRL_TREE_NONE, NULL},   [CRL_OWN_SYS] = {NULL, CRL_TREE_NONE, NULL},
		[CRL_OWN_DEV] = {NULL, CRL_TREE_SYSTEM, "dev"}, [CRL_OWN_RUN] = {NULL, CRL_TREE_SYSTEM, "run"},
		[CRL_OWN_TMP] = {NULL, CRL_TREE_USER, "tmp"},   [CRL_OWN_VAR_TMP] = {NULL, CRL_TREE_USER, "vartmp"},
		[CRL_OWN_LOG] = {NULL, CRL_TREE_SYSTEM, "log"},
	};

	for (size_t i = 0; i < CRL_OWN_COUNT; i++) {
		b->fixed[i] = from[i];
		b->fixed[i].path = crl_own_places[i].path;
	}
	b->fixed_len = CRL_OWN_COUNT;
}

int crl_mount_plan_build(const struct crl_policy *p, const struct crl_login *login, const struct crl_host *host,
			 struct crl_mount_plan *ret, struct crl_err *err)
{
	/* What is hidden comes before what is shown in its place; the home and the binds may stand in any of
	 * it. */
	static part *const parts[] = {crl_build_home_judge, check_policy,   isolate,         crl_build_home_open,
				      crl_build_system,     crl_build_root, hide_files,      crl_build_sockets,
				      crl_build_kernel,     hide_kernel,    crl_build_show,  crl_build_nest,
				      crl_build_errands,    crl_build_home, crl_build_binds, crl_build_inside,
				      crl_build_launcher,   pivot,          crl_build_proof};
	struct crl_build b = {
		.policy = p,
		.login = login,
		.host = host,
		.plan = ret,
		.err = err,
	};
	int rc = 0;

	*ret = (struct crl_mount_plan){.host = host};
	place_own(&b);
	b.hidden = calloc(p->hide.len + 1, sizeof(*b.hidden));
	if (!b.hidden)
		return crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "no memory for the mount plan");
	for (size_t i = 0; i < CRL_ARRAY_LEN(parts) && rc == 0; i++)
		rc = parts[i](&b);
	free(b.hidden);
	if (rc < 0)
		crl_mount_plan_done(ret);
	return rc;
}

void crl_mount_plan_done(struct crl_mount_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->text_len; i++)
		free(plan->text[i]);
	free(plan->text);
	free(plan->op);
	*plan = (struct crl_mount_plan){.len = 0};
}
