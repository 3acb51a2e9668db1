// SPDX-License-Identifier: Apache-2.0
/*
 * Rules across keys: what cannot hold, and what would be promised and not kept. A table of named rules, each
 * a pure question to the policy.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "policy/check_caps.h"
#include "policy/check_net.h"
#include "policy/check_shell.h"
#include "policy/check_user.h"
#include "policy/places.h"
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

static bool image_without_path(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_IMAGE && !p->root_path && !p->root_image;
}

static bool path_without_image(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_IMAGE && p->root_path;
}

static bool stored_without_image(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_IMAGE && p->root_image;
}

static bool path_and_stored(const struct crl_policy *p)
{
	return p->root_path && p->root_image;
}

static bool writable_without_image(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_HOST && p->root_writable;
}

static bool over_without_image(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_HOST && p->root_over != CRL_ROOT_OVER_NOTHING;
}

static bool overlay_without_over(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_OVERLAY && !crl_policy_root_is_written(p);
}

static bool persistent_without_size(const struct crl_policy *p)
{
	return crl_policy_keeps_root(p) && p->root_size == 0 && p->root_quota != CRL_QUOTA_NONE;
}

static bool root_quota_without_persistent(const struct crl_policy *p)
{
	return p->root_quota != CRL_QUOTA_AUTO && !crl_policy_keeps_root(p);
}

static bool root_size_without_quota(const struct crl_policy *p)
{
	return crl_policy_keeps_root(p) && p->root_quota == CRL_QUOTA_NONE && (p->root_size || p->root_inodes);
}

static bool root_size_without_over(const struct crl_policy *p)
{
	return p->root_size > 0 && !crl_policy_root_is_written(p);
}

static bool root_too_small(const struct crl_policy *p)
{
	return p->root_size > 0 && p->root_size < (1u << 20);
}

static bool root_inodes_without_size(const struct crl_policy *p)
{
	return p->root_inodes > 0 && p->root_size == 0;
}

static bool own_without_over(const struct crl_policy *p)
{
	return p->own.len > 0 && !crl_policy_root_is_written(p);
}

/* What processes of root's run, load and believe is not a user's to change; and these places are made otherwise. */
static bool own_of_system(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->own.len; i++)
		if (!crl_own_may_be_users(p->own.item[i]))
			return true;
	return false;
}

/* One that could be moved away with what is hidden in it would be found elsewhere the next time. */
static bool own_meets_hide(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->own.len; i++)
		for (size_t j = 0; j < p->hide.len; j++) {
			const char *own = p->own.item[i], *hidden = p->hide.item[j];

			if (crl_path_is_within(own, hidden) ||
			    (crl_path_is_within(hidden, own) && strchr(hidden + strlen(own) + 1, '/')))
				return true;
		}
	return false;
}

static bool image_without_mount(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_IMAGE && !has_ns(p, CRL_NS_MOUNT);
}

static bool overlay_without_mount(const struct crl_policy *p)
{
	return p->root_mode == CRL_ROOT_OVERLAY && !has_ns(p, CRL_NS_MOUNT);
}

static bool hide_users_without_mount(const struct crl_policy *p)
{
	return p->hide_users && !has_ns(p, CRL_NS_MOUNT);
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

static bool devices_without_mount(const struct crl_policy *p)
{
	return p->devices.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool required_without_mount(const struct crl_policy *p)
{
	return p->devices_required.len > 0 && !has_ns(p, CRL_NS_MOUNT);
}

static bool bind_without_mount(const struct crl_policy *p)
{
	/*
	 * What may be missing may be so for this reason, too: a policy that inherits such a bind is not wrong for it.
	 */
	for (size_t i = 0; i < p->bind_len; i++)
		if (!p->bind[i].optional && !has_ns(p, CRL_NS_MOUNT))
			return true;
	return false;
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
	return home_is_made(p) && p->home_size == 0 && p->home_quota != CRL_QUOTA_NONE;
}

static bool home_too_small(const struct crl_policy *p)
{
	return p->home_size > 0 && p->home_size < (1u << 20);
}

static bool size_without_quota(const struct crl_policy *p)
{
	return crl_policy_keeps_home(p) && p->home_quota == CRL_QUOTA_NONE && (p->home_size || p->home_inodes);
}

static bool upper_without_overlay(const struct crl_policy *p)
{
	return p->home_upper == CRL_UPPER_PERSISTENT && p->home_mode != CRL_HOME_OVERLAY;
}

static bool inodes_without_size(const struct crl_policy *p)
{
	return p->home_inodes > 0 && (p->home_size == 0 || !home_is_made(p));
}

/* What every home begins with has to find a place, too. */
static bool too_few_inodes(const struct crl_policy *p)
{
	return p->home_inodes > 0 && p->home_inodes < 64;
}

static bool quota_without_persistent(const struct crl_policy *p)
{
	return p->home_quota != CRL_QUOTA_AUTO && !crl_policy_keeps_home(p);
}

static bool end_without_persistent(const struct crl_policy *p)
{
	return p->at_end != CRL_END_KEEP && !crl_policy_keeps_home(p);
}

/* What is not the user's real home is root's, and many have it. */
static bool commit_into_lower(const struct crl_policy *p)
{
	return p->at_end == CRL_END_COMMIT && p->home_lower.len > 0;
}

static bool lower_without_overlay(const struct crl_policy *p)
{
	return p->home_lower.len > 0 && p->home_mode != CRL_HOME_OVERLAY;
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

static bool lists_without_filter(const struct crl_policy *p)
{
	return !p->seccomp.base[0] && crl_seccomp_has_lists(&p->seccomp);
}

static bool allow_meets_deny(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->seccomp.allow.len; i++)
		if (crl_strv_has(&p->seccomp.deny, p->seccomp.allow.item[i]))
			return true;
	return false;
}

static bool hide_meets_writable(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->hide.len; i++)
		if (crl_strv_has(&p->writable, p->hide.item[i]))
			return true;
	return false;
}

static bool read_only_meets_writable(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->read_only.len; i++)
		if (crl_strv_has(&p->writable, p->read_only.item[i]))
			return true;
	return false;
}

static bool bind_twice(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++) {
		for (size_t j = 0; j < i; j++)
			if (strcmp(p->bind[i].target, p->bind[j].target) == 0)
				return true;
	}
	return false;
}

/* A bind over what carrel mounts itself would undo what it hides. */
static bool bind_over_own(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++)
		if (!crl_own_may_bind(p->bind[i].target))
			return true;
	return false;
}

static bool writable_in_own(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->writable.len; i++)
		if (crl_own_place_of(p->writable.item[i]))
			return true;
	return false;
}

/* A room's own is shown to it by no key, and what leads out of it to nobody. */
static bool run_of_room(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->run.len; i++)
		if (crl_own_in_run(p->run.item[i]))
			return true;
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

		if (io->read_bps == CRL_UNLIMITED && io->write_bps == CRL_UNLIMITED && io->read_iops == CRL_UNLIMITED &&
		    io->write_iops == CRL_UNLIMITED)
			return true;
	}
	return false;
}

struct rule {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame */
	const char *text;
	const char *other; /* the key that it does not go with, where there is one; the younger one's line is shown */
};

static const struct rule rules[] = {
	{pid_without_mount, "namespaces",
	 "found \"pid\" without \"mount\", expected both: /proc has to be mounted anew", NULL},
	{image_without_path, "root.mode", "found \"image\" without root.path or root.image", "root.path"},
	{path_without_image, "root.path", "has no effect, expected root.mode = \"image\"", "root.mode"},
	{stored_without_image, "root.image", "has no effect, expected root.mode = \"image\"", "root.mode"},
	{path_and_stored, "root.image", "found with root.path, expected one of them", "root.path"},
	{writable_without_image, "root.writable", "has no effect, expected root.mode = \"image\" or \"overlay\"",
	 "root.mode"},
	{over_without_image, "root.over", "has no effect, expected root.mode = \"image\" or \"overlay\"", "root.mode"},
	{overlay_without_over, "root.mode", "found \"overlay\" without root.over = \"tmpfs\" or \"persistent\"",
	 "root.over"},
	{persistent_without_size, "root.over", "found \"persistent\" without root.size", "root.size"},
	{root_quota_without_persistent, "root.quota", "has no effect, expected root.over = \"persistent\"",
	 "root.over"},
	{root_size_without_quota, "root.quota", "found \"none\" with root.size or root.inodes, which then hold nothing",
	 "root.size"},
	{root_size_without_over, "root.size", "has no effect without root.over", "root.over"},
	{root_too_small, "root.size", "expected at least \"1M\"", NULL},
	{root_inodes_without_size, "root.inodes", "has no effect without root.size", "root.size"},
	{own_without_over, "root.own", "has no effect without root.over", "root.over"},
	{own_of_system, "root.own",
	 "has a path that processes of root's rely on, or that is the room's own; expected some in /etc, /opt, /srv, "
	 "/usr/local, /usr/src or of the host's",
	 NULL},
	{own_meets_hide, "root.own", "has a path that root.hide hides, or that holds one which is not right beneath it",
	 "root.hide"},
	{image_without_mount, "root.mode", "found \"image\" without the namespace \"mount\"", "namespaces"},
	{overlay_without_mount, "root.mode", "found \"overlay\" without the namespace \"mount\"", "namespaces"},
	{hide_users_without_mount, "root.hide_users", "has no effect without the namespace \"mount\"", "namespaces"},
	{home_without_mount, "home.mode", "cannot be made without the namespace \"mount\"", "namespaces"},
	{hide_without_mount, "root.hide", "nothing is hidden without the namespace \"mount\", expected [ ]",
	 "namespaces"},
	{run_without_mount, "root.run", "all of /run is visible without the namespace \"mount\", expected [ ]",
	 "namespaces"},
	{bind_without_mount, "root.bind", "needs the namespace \"mount\"", "namespaces"},
	{devices_without_mount, "root.devices", "has no effect without the namespace \"mount\"", "namespaces"},
	{required_without_mount, "root.devices_required", "has no effect without the namespace \"mount\"",
	 "namespaces"},
	{read_only_without_mount, "root.read_only", "needs the namespace \"mount\"", "namespaces"},
	{writable_paths_without_mount, "root.writable_paths", "has no effect without the namespace \"mount\"",
	 "namespaces"},
	{home_without_size, "home.mode", "needs home.size", "home.size"},
	{home_too_small, "home.size", "expected at least \"1M\"", NULL},
	{upper_without_overlay, "home.upper", "found \"persistent\" without home.mode = \"overlay\"", "home.mode"},
	{quota_without_persistent, "home.quota", "has no effect, expected home.upper = \"persistent\"", "home.upper"},
	{size_without_quota, "home.quota", "found \"none\" with home.size or home.inodes, which then hold nothing",
	 "home.size"},
	{inodes_without_size, "home.inodes", "has no effect without home.mode and home.size", "home.size"},
	{too_few_inodes, "home.inodes", "expected at least 64", NULL},
	{end_without_persistent, "home.at_end", "has no effect, expected home.upper = \"persistent\"", "home.upper"},
	{commit_into_lower, "home.at_end", "found \"commit\" with home.lower, expected the real home to commit to",
	 "home.lower"},
	{lower_without_overlay, "home.lower", "has no effect, expected home.mode = \"overlay\"", "home.mode"},
	{skeleton_without_tmpfs, "home.skeleton", "has no effect, expected home.mode = \"tmpfs\"", "home.mode"},
	{share_without_pid, "share", "a shared room needs the namespace \"pid\": its init holds it", "namespaces"},
	{hostname_without_uts, "hostname", "needs the namespace \"uts\"", "namespaces"},
	{linger_for_nobody, "linger",
	 "keeps a room that nobody can join, expected share = \"user\" or on_close = \"keep\"", "share"},
	{keep_without_room, "on_close", "found \"keep\" in a room that ends with its login, expected share or linger",
	 "share"},
	{linger_without_pid, "linger", "needs the namespace \"pid\": its init holds the room", "namespaces"},
	{high_above_memory, "limits.memory_high", "is above limits.memory, expected less", "limits.memory"},
	{limits_without_cgroup, "features.cgroup", "found \"off\" with limits, expected features.limits = \"off\" too",
	 "features.limits"},
	{budget_without_limits, "limits.budget", "has no effect with features.limits = \"off\"", "features.limits"},
	{lists_without_filter, "seccomp.base", "found no filter, but lists for one", "seccomp.allow"},
	{allow_meets_deny, "seccomp.allow", "has a name that seccomp.deny has too", "seccomp.deny"},
	{hide_meets_writable, "root.writable_paths", "has a path that root.hide has too", "root.hide"},
	{read_only_meets_writable, "root.writable_paths", "has a path that root.read_only has too", "root.read_only"},
	{bind_twice, "root.bind", "has one target twice", NULL},
	{bind_over_own, "root.bind", "has a target that carrel mounts itself: /dev, /run, or one in /proc or /sys",
	 NULL},
	{writable_in_own, "root.writable_paths",
	 "has a path in a place that each room has of its own: /proc, /sys, /dev, /run, /tmp, /var/tmp or /var/log",
	 NULL},
	{run_of_room, "root.run",
	 "has a path of which each room has its own: /run/user, utmp, lock, screen, shm, or one of carrel's", NULL},
	{sockets_in_run, "root.sockets", "has a path of /run, which has no effect, expected it in root.run", NULL},
	{io_without_limit, "limits.io", "has a device without any limit", NULL},
};

int crl_policy_check(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++) {
		if (rules[i].broken(p)) {
			*ret = (struct crl_across){.key = rules[i].key, .other = rules[i].other};
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", rules[i].key, rules[i].text);
		}
	}
	if (crl_policy_check_net(p, ret, err) < 0 || crl_policy_check_user(p, ret, err) < 0 ||
	    crl_policy_check_caps(p, ret, err) < 0)
		return -EINVAL;
	return crl_policy_check_shell(p, ret, err);
}
