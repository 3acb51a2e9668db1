// SPDX-License-Identifier: Apache-2.0
/*
 * What the planner refuses, and what the room's mounts name that this host has not; see lacks.h.
 *
 * The plan of a login is made as the helper makes it, and nothing of it is done.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/lacks.h"
#include "plan/mounts.h"

struct asker {
	const struct crl_policy *p;
	const struct crl_mount_plan *plan;
	ctl_each_lack *each;
	void *arg;
};

static void tell(const struct asker *a, const char *key, enum crl_need need, const char *mend, const char *text)
{
	a->each(a->arg, &(struct ctl_lack){.key = key, .need = need, .mend = mend, .text = text});
}

/* Not there for certain: what may not be looked at may be there. @root  before it, "" = none */
static bool is_missing(const char *root, const char *path)
{
	char whole[2 * PATH_MAX];
	struct stat st;

	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	return stat(whole, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* What is put over it later, and is no part of it. */
static const char *is_hidden_later(const struct asker *a, size_t at)
{
	const char *target = a->plan->op[at].target;

	for (size_t i = at + 1; i < a->plan->len; i++) {
		const struct crl_mount_op *op = &a->plan->op[i];
		size_t len = op->kind == CRL_MOUNT_HIDE && op->target ? strlen(op->target) : 0;

		if (len > 1 && strncmp(target, op->target, len) == 0 && target[len] == '/')
			return op->target;
	}
	return NULL;
}

static void ask_step(const struct asker *a, size_t at)
{
	const struct crl_mount_op *op = &a->plan->op[at];
	const char *root = a->p->root_mode == CRL_ROOT_IMAGE ? a->p->root_path : "";
	const char *over = op->kind == CRL_MOUNT_WRITABLE ? is_hidden_later(a, at) : NULL;
	char text[2 * PATH_MAX + 100];

	if (over) {
		(void)snprintf(text, sizeof(text), "names %s, which is beneath %s of root.hide", op->target, over);
		tell(a, "root.writable_paths", CRL_NEED_OFF, "bind it, writable, or take what is above it out of root.hide", text);
	} else if (op->kind == CRL_MOUNT_WRITABLE && !(op->flags & CRL_OP_OPTIONAL) && is_missing("", op->source)) {
		(void)snprintf(text, sizeof(text), "names %s, which is not there", op->source);
		tell(a, "root.writable_paths", CRL_NEED_REQUIRE, "make it, or bind it with optional = true", text);
	} else if (op->kind == CRL_MOUNT_WRITABLE && !(op->flags & CRL_OP_OPTIONAL) && root[0] && is_missing(root,
			op->target)) {
		(void)snprintf(text, sizeof(text), "names %s, for which the image has no place", op->target);
		tell(a, "root.writable_paths", CRL_NEED_REQUIRE, "make it in the image", text);
	} else if (op->kind == CRL_MOUNT_BIND && !(op->flags & (CRL_OP_PLACE | CRL_OP_OPTIONAL)) && is_missing(root,
			op->target)) {
		(void)snprintf(text, sizeof(text), "has the target %s, which is not there, and the room's root is read-only",
				op->target);
		tell(a, "root.bind", CRL_NEED_REQUIRE, "make it (an empty directory, or file), or another target", text);
	}
}

/* "KEY: what is wrong": the planner names the key. */
static void tell_refusal(const struct asker *a, const struct crl_err *err)
{
	size_t len = strcspn(err->text, ":");
	char key[64];

	(void)snprintf(key, sizeof(key), "%.*s", (int)len, err->text);
	if (!err->text[len] || strchr(key, ' ') || strcmp(key, "home") == 0)
		tell(a, "home.mode", CRL_NEED_REQUIRE, "another home, or another policy for that user", err->text);
	else
		tell(a, key, CRL_NEED_REQUIRE, "mend the line", err->text + len + 1 + strspn(err->text + len + 1, " "));
}

static void ask_binds(const struct asker *a, const struct crl_policy *original)
{
	char text[PATH_MAX + 60];

	for (size_t i = 0; original && i < a->p->bind_len && i < original->bind_len; i++) {
		const struct crl_bind *bind = &a->p->bind[i];

		if (bind->optional || !strchr(original->bind[i].source, '%') || !is_missing("", bind->source))
			continue;
		(void)snprintf(text, sizeof(text), "names %s, which is not there", bind->source);
		tell(a, "root.bind", CRL_NEED_REQUIRE, "make it, or say optional = true", text);
	}
}

void ctl_find_plan_lacks(const struct ctl_planned *q, ctl_each_lack *each, void *arg)
{
	struct crl_mount_plan plan = {.len = 0};
	struct asker a = {.p = q->policy, .plan = &plan, .each = each, .arg = arg};
	struct crl_host host = {.room_id = "check", .cgroup2_unified = true};
	scoped_fd mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct crl_err err = {0};

	if (!(q->policy->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	crl_ignore(gethostname(host.name, sizeof(host.name) - 1) < 0);
	if (mountinfo < 0 || crl_host_read_mounts(mountinfo, &host, &err) < 0)
		return;
	if (crl_mount_plan_build(q->policy, q->login, &host, &plan, &err) < 0)
		tell_refusal(&a, &err);
	else
		ask_binds(&a, q->original);
	for (size_t i = 0; i < plan.len; i++)
		ask_step(&a, i);
	crl_mount_plan_done(&plan);
	crl_host_done(&host);
}
