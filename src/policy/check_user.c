// SPDX-License-Identifier: Apache-2.0
/*
 * See check_user.h.
 *
 * R1: whoever is root of a room never has the host's own tree: an image, or below an overlay what of it is for all.
 */
#include "policy/check_user.h"

#include <errno.h>

#include "base/path.h"

static bool owns(const struct crl_policy *p)
{
	return crl_policy_owns_users(p);
}

static bool without_mount(const struct crl_policy *p)
{
	return owns(p) && !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT));
}

/* Its root would see, and by what it may read learn from, processes of others. */
static bool without_pid(const struct crl_policy *p)
{
	return owns(p) && !(p->namespaces & CRL_NS_BIT(CRL_NS_PID));
}

/* R1 */
static bool on_host(const struct crl_policy *p)
{
	return owns(p) && p->root_mode == CRL_ROOT_HOST;
}

static bool without_over(const struct crl_policy *p)
{
	return owns(p) && !crl_policy_root_is_written(p);
}

static bool with_no_new_privs(const struct crl_policy *p)
{
	return owns(p) && p->no_new_privs;
}

static bool with_own(const struct crl_policy *p)
{
	return owns(p) && p->own.len > 0;
}

/* Capabilities over the host are no use in it, and those of its processes of root's outside would be. */
static bool with_bounding(const struct crl_policy *p)
{
	return owns(p) && (p->cap_bounding || !p->trim_caps);
}

static bool sudo_of_nobody(const struct crl_policy *p)
{
	return p->user_sudo && p->user_mode != CRL_USER_OWN;
}

static bool nested_of_nobody(const struct crl_policy *p)
{
	return p->user_nested && !owns(p);
}

/* What its root sees are the host's own files of users, which are for all rooms. */
static bool hides_users(const struct crl_policy *p)
{
	return owns(p) && p->root_mode == CRL_ROOT_OVERLAY && p->hide_users;
}

static bool shows_without_host(const struct crl_policy *p)
{
	return p->user_show.len > 0 && (!owns(p) || p->root_mode != CRL_ROOT_OVERLAY);
}

static bool shows_what_is_own(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->user_show.len; i++)
		if (!crl_path_may_show(p->user_show.item[i]))
			return true;
	return false;
}

static const struct {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame */
	const char *text;
	const char *other; /* the younger one's line is shown */
} rules[] = {
	{without_mount, "user.mode", "needs the namespace \"mount\"", "namespaces"},
	{without_pid, "user.mode", "needs the namespace \"pid\"", "namespaces"},
	{on_host, "user.mode",
	 "found with root.mode = \"host\", expected a root that takes writes: root = { mode = \"overlay\"; over = "
	 "\"tmpfs\"; }",
	 "root.mode"},
	{without_over, "user.mode", "needs root.over = \"tmpfs\" or \"persistent\"", "root.over"},
	{with_no_new_privs, "no_new_privs", "found true with user.mode, expected false: else sudo is without effect",
	 "user.mode"},
	{with_own, "root.own", "has no effect with user.mode, where root of the room may change all of it",
	 "user.mode"},
	{with_bounding, "capabilities.bounding",
	 "found with user.mode, expected none: capabilities of the user namespace are all there, those of the host's "
	 "are "
	 "nobody's",
	 "user.mode"},
	{sudo_of_nobody, "user.sudo", "has no effect, expected user.mode = \"own\"", "user.mode"},
	{hides_users, "root.hide_users",
	 "cannot hold with user.mode and root.mode = \"overlay\": root of the room sees the host's passwd",
	 "user.mode"},
	{shows_without_host, "user.show", "has no effect, expected user.mode and root.mode = \"overlay\"", "user.mode"},
	{shows_what_is_own, "user.show",
	 "has a path that holds, or is, what is the room's own, other people's or copied in any case", NULL},
	{nested_of_nobody, "user.nested", "has no effect, expected user.mode", "user.mode"},
};

int crl_policy_check_user(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++) {
		if (rules[i].broken(p)) {
			*ret = (struct crl_across){.key = rules[i].key, .other = rules[i].other};
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", rules[i].key, rules[i].text);
		}
	}
	return 0;
}
