// SPDX-License-Identifier: Apache-2.0
/*
 * What the planner refuses, and what the room's mounts name that this host has not; see lacks.h.
 *
 * The plan of a login is made as the helper makes it, and nothing of it is done.
 */
#include "ctl/conf/lacks_plan.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/mounts/host_devices.h"
#include "base/err.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/conf/lacks.h"
#include "plan/mounts/mountop.h"
#include "plan/mounts/plan.h"
#include "policy/policy.h"
#include "policy/publish.h"

struct plan_asker {
	const struct crl_policy *p;
	const struct crl_policy *original;
	const struct crl_mount_plan *plan;
	ctl_each_lack *each;
	void *arg;
};

/* Each is something that refuses the login. */
static void tell(const struct plan_asker *a, const char *key, const char *item, const char *mend, const char *text)
{
	a->each(a->arg,
		&(struct ctl_lack){.key = key, .item = item, .need = CRL_NEED_REQUIRE, .mend = mend, .text = text});
}

/* Not there for certain: what may not be looked at may be there. @root  before it, "" = none */
/* @root  of an image that is no directory nothing is known */
static bool is_missing(const char *root, const char *path)
{
	char whole[2 * PATH_MAX];
	struct stat st;

	if (!root || (*root && (stat(root, &st) < 0 || !S_ISDIR(st.st_mode))))
		return false;
	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	return stat(whole, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* As the policy has it before its templates are replaced. */
static const char *item_of(const struct plan_asker *a, const char *path)
{
	for (size_t i = 0; i < a->p->writable.len && i < a->original->writable.len; i++)
		if (strcmp(a->p->writable.item[i], path) == 0)
			return a->original->writable.item[i];
	return path;
}

static void ask_step(const struct plan_asker *a, size_t at)
{
	const struct crl_mount_op *op = &a->plan->op[at];
	const char *root = a->p->root_mode == CRL_ROOT_IMAGE ? a->p->root_path : "";
	char text[2 * PATH_MAX + 100];

	if (op->kind == CRL_MOUNT_WRITABLE && !(op->flags & CRL_OP_OPTIONAL) && is_missing("", op->source)) {
		(void)snprintf(text, sizeof(text), "names %s, which is not there", op->source);
		tell(a, "root.writable_paths", item_of(a, op->target),
		     "make it, or say { path = \"/...\"; optional = true; }", text);
	} else if (op->kind == CRL_MOUNT_WRITABLE && !(op->flags & (CRL_OP_PLACE | CRL_OP_OPTIONAL)) && root &&
		   root[0] && is_missing(root, op->target)) {
		(void)snprintf(text, sizeof(text), "names %s, for which the image has no place", op->target);
		tell(a, "root.writable_paths", item_of(a, op->target), "make it in the image", text);
	} else if (op->kind == CRL_MOUNT_BIND && !(op->flags & (CRL_OP_PLACE | CRL_OP_OPTIONAL)) &&
		   is_missing(root, op->target)) {
		(void)snprintf(text, sizeof(text),
			       "has the target %s, which is not there, and the room's root is read-only", op->target);
		tell(a, "root.bind", op->target, "make it (an empty directory, or file), or another target", text);
	}
}

/* "KEY: what is wrong": the planner names the key. */
static void tell_refusal(const struct plan_asker *a, const struct crl_err *err)
{
	size_t len = strcspn(err->text, ":");
	char key[64];

	(void)snprintf(key, sizeof(key), "%.*s", (int)len, err->text);
	if (!err->text[len] || strchr(key, ' ') || strcmp(key, "home") == 0)
		tell(a, "home.mode", NULL, "another home, or another policy for that user", err->text);
	else
		tell(a, key, NULL, "mend the line", err->text + len + 1 + strspn(err->text + len + 1, " "));
}

static void ask_binds(const struct plan_asker *a, const struct crl_policy *original)
{
	char text[PATH_MAX + 60];

	for (size_t i = 0; original && i < a->p->bind_len && i < original->bind_len; i++) {
		const struct crl_bind *bind = &a->p->bind[i];

		if (bind->optional || !strchr(original->bind[i].source, '%') || !is_missing("", bind->source))
			continue;
		(void)snprintf(text, sizeof(text), "names %s, which is not there", bind->source);
		tell(a, "root.bind", original->bind[i].source, "make it, or say optional = true", text);
	}
}

/* Those of the user's that lead into the room: has their number a range, and one of its own? */
static void ask_ports(const struct plan_asker *a, const struct crl_login *login)
{
	struct crl_publish_port port[CRL_PUBLISH_MAX];
	struct crl_err err = {0};
	size_t len;

	if (crl_publish_ports(a->p, login->uid, port, &len, &err) < 0)
		tell_refusal(a, &err);
}

static int note_device(void *arg, const struct crl_device_found *found)
{
	*(bool *)arg |= !found->why_not;
	return 0;
}

static void ask_devices(const struct plan_asker *a)
{
	const struct crl_strv *required = &a->p->devices_required;
	scoped_fd dev = required->len ? open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	char text[PATH_MAX + 60];

	for (size_t i = 0; dev >= 0 && i < required->len; i++) {
		bool met = false;

		if (crl_find_devices(dev, required->item[i], note_device, &met) < 0 || met)
			continue;
		(void)snprintf(text, sizeof(text), "names %s, and this host has no such device", required->item[i]);
		tell(a, "root.devices_required", required->item[i], "load its driver, or say it in root.devices", text);
	}
}

void ctl_find_plan_lacks(const struct ctl_planned *q, ctl_each_lack *each, void *arg)
{
	struct crl_mount_plan plan = {.len = 0};
	struct plan_asker a = {.p = q->policy,
			       .original = q->original ? q->original : q->policy,
			       .plan = &plan,
			       .each = each,
			       .arg = arg};
	struct crl_host host = {.room_id = "check", .cgroup2_unified = true};
	scoped_fd mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct crl_err err = {0};

	ask_ports(&a, q->login);
	ask_devices(&a);
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
