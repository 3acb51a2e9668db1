// SPDX-License-Identifier: Apache-2.0
/* What this host cannot give a policy; see lacks.h. The same questions as the helper's at a login. */
#include "ctl/lacks.h"

#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "apply/device.h"
#include "apply/idmap.h"
#include "plan/filter.h"
#include "plan/filter_need.h"
#include "policy/sysgroups.h"

struct asker {
	const struct crl_config *config;
	const struct crl_policy *p;
	ctl_each_lack *each;
	void *arg;
};

static void tell(const struct asker *a, const char *key, enum crl_need need, const char *mend, const char *text)
{
	a->each(a->arg, &(struct ctl_lack){.key = key, .need = need, .mend = mend, .text = text});
}

/* The controllers that limits need, each where one is set. */
static void want_controllers(const struct crl_limits *l, bool ret[4])
{
	ret[0] |= l->cpu_permille != CRL_UNLIMITED || l->cpu_weight;
	ret[1] |= l->memory != CRL_UNLIMITED || l->memory_high != CRL_UNLIMITED || l->swap != CRL_UNLIMITED;
	ret[2] |= l->tasks != CRL_UNLIMITED;
	ret[3] |= l->io_len > 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && strchr(" \n", p[len]))
			return true;
	return false;
}

static void ask_limits(const struct asker *a)
{
	static const char *const name[] = {"cpu", "memory", "pids", "io"};
	const struct crl_limits *budget = crl_config_budget(a->config, a->p->budget);
	enum crl_need need = a->p->need[CRL_FEATURE_LIMITS];
	const char *configured = crl_config_cgroup_root(a->config);
	scoped_fd root = -EBADF;
	char prefix[CRL_SLICE_MAX], file[CRL_SLICE_MAX + 32], there[256] = "", missing[64] = "", text[160];
	bool want[4] = {false};

	want_controllers(&a->p->limits, want);
	if (budget)
		want_controllers(budget, want);
	if (crl_cgroup_open_root(configured, &root, prefix, NULL) == 0) {
		(void)snprintf(file, sizeof(file), "%s%scgroup.controllers", prefix, prefix[0] ? "/" : "");
		crl_ignore(crl_cgroup_read(root, file, there, sizeof(there)) < 0);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(name); i++)
		if (want[i] && !has_word(there, name[i]))
			(void)snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s", missing[0] ? ", " : "",
				       name[i]);
	(void)snprintf(text, sizeof(text), "needs the controllers %s, which this host's cgroup v2 has not", missing);
	if (missing[0] && need != CRL_NEED_OFF)
		tell(a, "features.limits", need, "boot with cgroup v2 alone (systemd.unified_cgroup_hierarchy=1)", text);
}

static void ask_namespaces(const struct asker *a)
{
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		bool time = ns == CRL_NS_TIME;
		enum crl_need need = time ? a->p->need[CRL_FEATURE_TIME] : CRL_NEED_REQUIRE;
		char path[64], text[100];

		if (!(a->p->namespaces & CRL_NS_BIT(ns)) || need == CRL_NEED_OFF)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", crl_nskinds[ns].init_name);
		(void)snprintf(text, sizeof(text), "needs %s namespaces, which this kernel has not", crl_nskinds[ns].name);
		if (access(path, F_OK) != 0)
			tell(a, time ? "features.time" : "namespaces", need,
			     time ? "features = { time = \"off\"; }" : "take it out, or boot a kernel that has them", text);
	}
}

/* A set that refuses what every login does is a mistake, unless nobody shall get in. */
static void ask_needed_calls(const struct asker *a, const struct crl_sysgroups *groups)
{
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	char names[128], text[256];

	if (!set || crl_callset_build(&a->p->seccomp, groups, set, NULL) < 0 ||
	    !crl_callset_lacks(set, names, sizeof(names)))
		return;
	(void)snprintf(text, sizeof(text), "leaves out %s, without which sshd, su or a shell does not start", names);
	tell(a, a->p->seccomp.deny.len ? "seccomp.deny" : "seccomp.base", CRL_NEED_REQUIRE, "allow what every login needs",
	     text);
}

static void ask_filter(const struct asker *a)
{
	enum crl_need need = a->p->need[CRL_FEATURE_SECCOMP];
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	scoped(crl_sysgroups) groups = {0};
	struct crl_err err = {0};
	char path[PATH_MAX];

	if (!filter || !a->p->seccomp.base[0] || need == CRL_NEED_OFF)
		return;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		tell(a, "features.seccomp", CRL_NEED_REQUIRE, "boot a kernel with CONFIG_SECCOMP_FILTER",
		     "needs a filter, which this kernel has not");
	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(a->config));
	if (crl_sysgroups_load(path, &groups, &err) < 0 ||
	    crl_filter_compile(&a->p->seccomp, &groups, crl_ns_clone_flags(a->p->namespaces), filter, &err) < 0)
		tell(a, "seccomp.base", CRL_NEED_REQUIRE, "mend the lists of seccomp; a name that may be unknown has a ? before it",
		     err.text);
	else
		ask_needed_calls(a, &groups);
}

static void ask_accounting(const struct asker *a)
{
	if (a->p->need[CRL_FEATURE_ACCOUNTING] == CRL_NEED_REQUIRE && (a->p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) &&
	    (access(_PATH_UTMP, F_OK) != 0 || access(_PATH_WTMP, F_OK) != 0))
		tell(a, "features.accounting", CRL_NEED_REQUIRE, "features = { accounting = \"prefer\"; }",
		     "needs " _PATH_UTMP " and " _PATH_WTMP ", which this host has not");
}

static bool has_filesystem(const char *name)
{
	char text[4096], want[40];

	(void)snprintf(want, sizeof(want), "\t%s\n", name);
	return crl_cgroup_read(AT_FDCWD, "/proc/filesystems", text, sizeof(text)) > 0 && strstr(text, want);
}

static void ask_path(const struct asker *a, const char *key, const char *path, const char *mend)
{
	char text[PATH_MAX + 40];

	if (!path || strchr(path, '%') || access(path, F_OK) == 0)
		return;
	(void)snprintf(text, sizeof(text), "names %s, which is not there", path);
	tell(a, key, CRL_NEED_REQUIRE, mend, text);
}

/* What the login is refused for, but for a path without a device: that the login's own text says best. */
static void ask_device(const struct asker *a, const char *path)
{
	uint32_t major_nr, minor_nr;
	char text[PATH_MAX + 80];
	int r = !path || strchr(path, '%') ? 0 : crl_device_find(path, &major_nr, &minor_nr);

	if (r == -ENOENT)
		ask_path(a, "limits.io", path, "make it, or take it out");
	if (r != -EPERM && r != -ELOOP)
		return;
	(void)snprintf(text, sizeof(text), r == -ELOOP ? "names %s, of which a part is a link"
						       : "names %s, below a directory that is not root's", path);
	tell(a, "limits.io", CRL_NEED_REQUIRE, "name the mount point of the disk", text);
}

/* Needs root's power; anybody else is told nothing rather than something wrong. */
static void ask_owner(const struct asker *a)
{
	const char *path = a->p->home_lower;
	scoped_fd dir = -EBADF;
	char text[PATH_MAX + 100];
	int r;

	if (!path || strchr(path, '%') || a->p->lower_owner != CRL_LOWER_USER || geteuid() != 0)
		return;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? 0 : crl_idmap_try(dir);
	if (r == 0)
		return;
	(void)snprintf(text, sizeof(text), "names %s, whose owners cannot be mapped to the user: %s", path,
		       strerrordesc_np(-r));
	tell(a, "home.lower", CRL_NEED_REQUIRE, "put it on ext4, XFS or Btrfs, or say lower_owner = \"keep\"", text);
}

static void ask_files(const struct asker *a)
{
	const struct crl_policy *p = a->p;

	if (p->home_mode == CRL_HOME_OVERLAY && !has_filesystem("overlay"))
		tell(a, "home.mode", CRL_NEED_REQUIRE, "load the kernel module overlay at boot",
		     "is \"overlay\", which this kernel does not have now");
	ask_path(a, "root.path", p->root_path, "make the image");
	ask_path(a, "home.lower", p->home_lower, "make the template");
	ask_owner(a);
	ask_path(a, "home.skeleton", p->home_skeleton, "make the skeleton");
	for (size_t i = 0; i < p->bind_len; i++)
		if (!p->bind[i].optional)
			ask_path(a, "root.bind", p->bind[i].source, "make it, or say optional = true");
	for (size_t i = 0; i < p->limits.io_len && p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF; i++)
		ask_device(a, p->limits.io[i].path);
}

void ctl_find_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	const struct asker a = {.config = config, .p = p, .each = each, .arg = arg};

	ask_limits(&a);
	ask_namespaces(&a);
	ask_filter(&a);
	ask_accounting(&a);
	ask_files(&a);
}

const char *ctl_lack_outcome(enum crl_need need)
{
	if (need == CRL_NEED_OFF)
		return "it has no effect";
	return need == CRL_NEED_REQUIRE ? "the login is refused" : "the login goes on without, and it is logged";
}
