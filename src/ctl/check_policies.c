// SPDX-License-Identifier: Apache-2.0
/* Policies that can be evaluated, and yet are not what somebody would want. See findings.h. */
#include "ctl/findings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"

#define ITEMS_MAX 128

/* The place of each value, by key. */
struct places {
	struct crl_explained item[ITEMS_MAX];
	char file[ITEMS_MAX][256];
	size_t len;
};

static void add_place(void *arg, const struct crl_explained *v)
{
	struct places *p = arg;

	if (p->len == ITEMS_MAX)
		return;
	p->item[p->len] = *v; /* path stays valid, being the key table's; value does not */
	(void)snprintf(p->file[p->len], sizeof(p->file[0]), "%s", v->file ? v->file : "");
	p->len++;
}

static const char *place_of(const struct places *p, const char *path, int *ret_line)
{
	for (size_t i = 0; i < p->len; i++) {
		if (strcmp(p->item[i].path, path) == 0) {
			*ret_line = p->item[i].line;
			return p->file[i];
		}
	}
	*ret_line = 0;
	return "";
}

struct one {
	struct findings *f;
	const char *shipped; /* directory of what carrel brings along: its authors have thought about it */
	const struct crl_policy *p;
	const struct crl_policy *parent; /* NULL = none */
	struct places places;
};

static void say(struct one *o, const char *path, const char *mend, const char *text)
{
	int line;
	const char *file = place_of(&o->places, path, &line);

	find(o->f, WARNING, file, line, mend, "policy %s: %s %s", o->p->name, path, text);
}

static void check_alone(struct one *o)
{
	const struct crl_policy *p = o->p;

	if (!p->no_new_privs && p->trim_caps && p->cap_bounding == 0)
		say(o, "no_new_privs", "no_new_privs = true, or capabilities.bounding with what those programs need",
		    "is false with an empty bounding set: set-user-ID programs become root and can then do little");
	if (!p->no_new_privs && p->seccomp.base[0] && crl_strv_has(&p->seccomp.deny, "setuid"))
		say(o, "seccomp.deny", "no_new_privs = true",
		    "refuses setuid to programs that no_new_privs = false lets become root");
	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) && p->no_new_privs)
		say(o, "namespaces", "add \"mount\"", "has no \"mount\": the whole host is seen");
	if (p->trim_caps && (p->cap_bounding & (UINT64_C(1) << 21)) && !p->no_new_privs)
		say(o, "capabilities.bounding", "take sys_admin out",
		    "has sys_admin: whoever becomes root inside can leave the room");
}

static bool lacks(const struct crl_strv *child, const struct crl_strv *parent)
{
	for (size_t i = 0; i < parent->len; i++)
		if (!crl_strv_has(child, parent->item[i]))
			return true;
	return false;
}

static void check_parent(struct one *o)
{
	const struct crl_policy *p = o->p, *q = o->parent;
	const struct crl_limits *a = &p->limits, *b = &q->limits;
	const struct {
		bool weaker;
		const char *path;
	} ask[] = {
		{q->no_new_privs && !p->no_new_privs, "no_new_privs"},
		{q->seccomp.base[0] && !p->seccomp.base[0], "seccomp.base"},
		{lacks(&q->seccomp.allow, &p->seccomp.allow), "seccomp.allow"},
		{lacks(&p->seccomp.deny, &q->seccomp.deny), "seccomp.deny"},
		{(p->cap_bounding & ~q->cap_bounding) != 0 || (q->trim_caps && !p->trim_caps), "capabilities.bounding"},
		{(q->namespaces & ~p->namespaces) != 0, "namespaces"},
		{lacks(&p->hide, &q->hide), "root.hide"},
		{lacks(&q->run, &p->run), "root.run"},
		{lacks(&q->writable, &p->writable), "root.writable_paths"},
		{q->net_mode == CRL_NET_NONE && p->net_mode != CRL_NET_NONE, "network.mode"},
		{a->cpu_permille > b->cpu_permille, "limits.cpu"},
		{a->memory > b->memory, "limits.memory"},
		{a->tasks > b->tasks, "limits.tasks"},
		{a->swap > b->swap, "limits.swap"},
		{q->budget[0] && !p->budget[0], "limits.budget"},
	};
	char text[160];

	(void)snprintf(text, sizeof(text), "is weaker than in policy %.*s, which it inherits from",
		       CRL_POLICY_NAME_MAX - 1, q->name);
	for (size_t i = 0; i < CRL_ARRAY_LEN(ask); i++) {
		int line;
		const char *file = place_of(&o->places, ask[i].path, &line);

		if (ask[i].weaker && strncmp(file, o->shipped, strlen(o->shipped)) != 0)
			say(o, ask[i].path, "nothing, if that is meant", text);
	}
}

static bool has_filesystem(const char *name)
{
	char text[4096], want[40];

	(void)snprintf(want, sizeof(want), "\t%s\n", name);
	return crl_cgroup_read(AT_FDCWD, "/proc/filesystems", text, sizeof(text)) > 0 && strstr(text, want);
}

static void check_host(struct one *o)
{
	static const char *const outcome[] = {"logins are refused", "logins go on without", ""};
	const struct crl_policy *p = o->p;
	scoped_fd root = -EBADF;
	char there[256] = "", text[160];
	bool limited = crl_policy_names_limits(p);
	enum crl_need need = p->need[CRL_FEATURE_LIMITS];

	if (crl_cgroup_open_root("", &root, NULL) == 0)
		crl_ignore(crl_cgroup_read(root, "cgroup.controllers", there, sizeof(there)) < 0);
	(void)snprintf(text, sizeof(text), "cannot be held, this host's cgroup v2 has no such controllers: %s", outcome[need]);
	if (limited && need != CRL_NEED_OFF && !(strstr(there, "memory") && strstr(there, "pids") && strstr(there, "cpu")))
		say(o, "features.limits", "boot with cgroup v2 alone (systemd.unified_cgroup_hierarchy=1)", text);
	need = p->need[CRL_FEATURE_TIME];
	(void)snprintf(text, sizeof(text), "cannot be had, this kernel has no time namespaces: %s", outcome[need]);
	if ((p->namespaces & CRL_NS_BIT(CRL_NS_TIME)) && need != CRL_NEED_OFF && access("/proc/self/ns/time", F_OK) != 0)
		say(o, "features.time", "features = { time = \"off\"; }", text);
	if (p->home_mode == CRL_HOME_OVERLAY && !has_filesystem("overlay"))
		say(o, "home.mode", "load the kernel module overlay at boot", "is \"overlay\", which this kernel does not have now");
	if (p->root_path && access(p->root_path, F_OK) != 0)
		say(o, "root.path", "make the image", "is not there");
}

void check_policies(struct findings *f, const struct crl_config *config)
{
	const char *name;

	for (size_t i = 0; (name = crl_config_policy_name(config, i)); i++) {
		scoped(crl_policy) p = {0};
		scoped(crl_policy) parent = {0};
		struct one *o = calloc(1, sizeof(*o));
		char above[CRL_POLICY_NAME_MAX];

		if (!o)
			return;
		o->f = f;
		o->p = &p;
		o->shipped = crl_config_data_dir(config);
		if (crl_config_policy(config, name, &p, NULL) == 0 &&
		    crl_config_explain(config, name, add_place, &o->places, NULL) == 0) {
			check_alone(o);
			check_host(o);
			if (crl_config_parent(config, name, above) == 0 &&
			    crl_config_policy(config, above, &parent, NULL) == 0) {
				o->parent = &parent;
				check_parent(o);
			}
		}
		free(o);
	}
}
