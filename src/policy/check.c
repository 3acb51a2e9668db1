// SPDX-License-Identifier: Apache-2.0
/*
 * Rules across keys: what cannot hold, and what would be promised and not kept. A table of named rules, each
 * a pure question to the policy.
 */
#include <string.h>

#include "policy/policy.h"

static bool has_ns(const struct crl_policy *p, enum crl_ns ns)
{
	return p->namespaces & CRL_NS_BIT(ns);
}

static bool home_is_made(const struct crl_policy *p)
{
	return p->home_mode != CRL_HOME_REAL;
}

static bool pid_without_mount(const struct crl_policy *p)
{
	return has_ns(p, CRL_NS_PID) && !has_ns(p, CRL_NS_MOUNT);
}

static bool no_net_without_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_NONE && !has_ns(p, CRL_NS_NET);
}

static bool host_net_with_namespace(const struct crl_policy *p)
{
	return p->net_mode == CRL_NET_HOST && has_ns(p, CRL_NS_NET);
}

static bool image_without_path(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_IMAGE && !p->root_path;
}

static bool path_without_image(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_IMAGE && p->root_path;
}

static bool writable_without_image(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_IMAGE && p->root_writable;
}

static bool image_without_mount(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_IMAGE && !has_ns(p, CRL_NS_MOUNT);
}

static bool home_without_mount(const struct crl_policy *p)
{
	return home_is_made(p) && !has_ns(p, CRL_NS_MOUNT);
}

static bool hide_without_mount(const struct crl_policy *p)
{
	return p->hide.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool run_without_mount(const struct crl_policy *p)
{
	return p->run.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool bind_without_mount(const struct crl_policy *p)
{
	return p->bind_len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool read_only_without_mount(const struct crl_policy *p)
{
	return p->read_only.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool writable_paths_without_mount(const struct crl_policy *p)
{
	return p->writable.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool home_without_size(const struct crl_policy *p)
{
	return home_is_made(p) && p->home_size == 0;
}

static bool home_too_small(const struct crl_policy *p)
{
	return p->home_size > 0 && p->home_size < (1u << 20);
}

static bool lower_without_overlay(const struct crl_policy *p)
{
	return p->home_lower && p->home_mode != CRL_HOME_OVERLAY;
}

static bool skeleton_without_tmpfs(const struct crl_policy *p)
{
	return p->home_skeleton && p->home_mode != CRL_HOME_TMPFS;
}

static bool share_without_pid(const struct crl_policy *p)
{
	return p->share != CRL_SHARE_LOGIN && !has_ns(p, CRL_NS_PID);
}

static bool hostname_without_uts(const struct crl_policy *p)
{
	return p->hostname[0] && !has_ns(p, CRL_NS_UTS);
}

static bool linger_for_nobody(const struct crl_policy *p)
{
	return p->share == CRL_SHARE_LOGIN && p->on_close == CRL_CLOSE_KILL && p->linger_s > 0;
}

static bool keep_without_room(const struct crl_policy *p)
{
	return p->share == CRL_SHARE_LOGIN && p->on_close == CRL_CLOSE_KEEP && p->linger_s == 0 &&
	       has_ns(p, CRL_NS_PID);
}

static bool linger_without_pid(const struct crl_policy *p)
{
	return p->linger_s > 0 && !has_ns(p, CRL_NS_PID);
}

static bool high_above_memory(const struct crl_policy *p)
{
	return crl_limits_high_is_above(&p->limits);
}

static bool limits_without_cgroup(const struct crl_policy *p)
{
	return crl_policy_names_limits(p) && p->need[CRL_FEATURE_CGROUP] == CRL_NEED_OFF &&
	       p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF;
}

static bool budget_without_limits(const struct crl_policy *p)
{
	return p->budget[0] && p->need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF;
}

static bool caps_without_trim(const struct crl_policy *p)
{
	return !p->trim_caps && (p->cap_bounding || p->cap_inheritable);
}

static bool inheritable_above_bounding(const struct crl_policy *p)
{
	return p->cap_inheritable & ~p->cap_bounding;
}

static bool lists_without_filter(const struct crl_policy *p)
{
	return !p->seccomp.base[0] && (p->seccomp.allow.len || p->seccomp.deny.len);
}

static bool allow_meets_deny(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->seccomp.allow.len; i++) {
		if (crl_strv_has(&p->seccomp.deny, p->seccomp.allow.item[i])) {
			return true;
		}
	}
	return false;
}

static bool hide_meets_writable(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->hide.len; i++) {
		if (crl_strv_has(&p->writable, p->hide.item[i])) {
			return true;
		}
	}
	return false;
}

static bool read_only_meets_writable(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->read_only.len; i++) {
		if (crl_strv_has(&p->writable, p->read_only.item[i])) {
			return true;
		}
	}
	return false;
}

static bool bind_twice(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(p->bind[i].target, p->bind[j].target) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* carrel mounts these itself: a bind over them would undo what they hide. */
static bool bind_over_own(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++) {
		const char *t = p->bind[i].target;

		if (strcmp(t, "/proc") == 0 || strncmp(t, "/proc/", 6) == 0 || strcmp(t, "/dev") == 0 ||
		    strcmp(t, "/sys") == 0 || strcmp(t, "/run") == 0) {
			return true;
		}
	}
	return false;
}

/* What of /run is to be seen is root.run's to say: here it would look as if a socket were reachable that is not. */
static bool sockets_in_run(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->sockets.len; i++)
		if (strcmp(p->sockets.item[i], "/run") == 0 || strncmp(p->sockets.item[i], "/run/", 5) == 0)
			return true;
	return false;
}

static bool io_without_limit(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->limits.io_len; i++) {
		const struct crl_io_limit *io = &p->limits.io[i];

		if (io->read_bps == CRL_UNLIMITED && io->write_bps == CRL_UNLIMITED &&
		    io->read_iops == CRL_UNLIMITED && io->write_iops == CRL_UNLIMITED) {
			return true;
		}
	}
	return false;
}

struct rule {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame; its line is shown */
	const char *text;
};

static const struct rule rules[] = {
	{pid_without_mount, "namespaces",
	 "found \"pid\" without \"mount\", expected both: /proc has to be mounted anew"},
	{no_net_without_namespace, "network.mode",
	 "found \"none\" without the namespace \"net\", expected both"},
	{host_net_with_namespace, "network.mode",
	 "found \"host\" with the namespace \"net\", expected namespaces without it"},
	{image_without_path, "root.mode", "found \"image\" without root.path"},
	{path_without_image, "root.path", "has no effect, expected root.mode = \"image\""},
	{writable_without_image, "root.writable", "has no effect, expected root.mode = \"image\""},
	{image_without_mount, "root.mode", "found \"image\" without the namespace \"mount\""},
	{home_without_mount, "home.mode", "cannot be made without the namespace \"mount\""},
	{hide_without_mount, "root.hide", "nothing is hidden without the namespace \"mount\", expected [ ]"},
	{run_without_mount, "root.run",
	 "all of /run is visible without the namespace \"mount\", expected [ ]"},
	{bind_without_mount, "root.bind", "needs the namespace \"mount\""},
	{read_only_without_mount, "root.read_only", "needs the namespace \"mount\""},
	{writable_paths_without_mount, "root.writable_paths",
	 "has no effect without the namespace \"mount\""},
	{home_without_size, "home.mode", "needs home.size"},
	{home_too_small, "home.size", "expected at least \"1M\""},
	{lower_without_overlay, "home.lower", "has no effect, expected home.mode = \"overlay\""},
	{skeleton_without_tmpfs, "home.skeleton", "has no effect, expected home.mode = \"tmpfs\""},
	{share_without_pid, "share", "a shared room needs the namespace \"pid\": its init holds it"},
	{hostname_without_uts, "hostname", "needs the namespace \"uts\""},
	{linger_for_nobody, "linger",
	 "keeps a room that nobody can join, expected share = \"user\" or on_close = \"keep\""},
	{keep_without_room, "on_close",
	 "found \"keep\" in a room that ends with its login, expected share or linger"},
	{linger_without_pid, "linger", "needs the namespace \"pid\": its init holds the room"},
	{high_above_memory, "limits.memory_high",
	 "is above limits.memory, expected less: a policy that inherits one of them may have to say both"},
	{limits_without_cgroup, "features.cgroup",
	 "found \"off\" with limits, expected features.limits = \"off\" too"},
	{budget_without_limits, "limits.budget",
	 "has no effect with features.limits = \"off\""},
	{caps_without_trim, "capabilities.trim", "found false with sets that then have no effect"},
	{inheritable_above_bounding, "capabilities.inheritable",
	 "has capabilities that capabilities.bounding has not"},
	{lists_without_filter, "seccomp.base", "found no filter, but lists for one"},
	{allow_meets_deny, "seccomp.allow", "has a name that seccomp.deny has too"},
	{hide_meets_writable, "root.writable_paths", "has a path that root.hide has too"},
	{read_only_meets_writable, "root.writable_paths", "has a path that root.read_only has too"},
	{bind_twice, "root.bind", "has one target twice"},
	{bind_over_own, "root.bind", "has a target that carrel mounts itself: /proc, /dev, /sys or /run"},
	{sockets_in_run, "root.sockets", "has a path of /run, which has no effect, expected it in root.run"},
	{io_without_limit, "limits.io", "has a device without any limit"},
};

int crl_policy_check(const struct crl_policy *p, const char **ret_key, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++) {
		if (rules[i].broken(p)) {
			*ret_key = rules[i].key;
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", rules[i].key,
					   rules[i].text);
		}
	}
	return 0;
}
