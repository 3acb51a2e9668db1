// SPDX-License-Identifier: Apache-2.0
/* See check_shell.h. */
#include "policy/check_shell.h"

#include <errno.h>
#include <string.h>

static bool has_mount(const struct crl_policy *p)
{
	return p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT);
}

/* What carrel-shell does is said in a file of the room's own. */
static bool path_without_mount(const struct crl_policy *p)
{
	return p->shell_path && !has_mount(p);
}

static bool filter_without_mount(const struct crl_policy *p)
{
	return p->shell_seccomp.base[0] && !has_mount(p);
}

static bool apart_without_mount(const struct crl_policy *p)
{
	return p->shell_apart && !has_mount(p);
}

static bool profiles_without_mount(const struct crl_policy *p)
{
	return p->profiles_len > 0 && !has_mount(p);
}

/* As with a filter. */
static bool apart_without_nnp(const struct crl_policy *p)
{
	return p->shell_apart && !p->no_new_privs && !crl_policy_owns_users(p);
}

static bool path_of_itself(const struct crl_policy *p)
{
	const char *slash = p->shell_path ? strrchr(p->shell_path, '/') : NULL;

	return slash && strcmp(slash, "/carrel-shell") == 0;
}

static bool lists_without_filter(const struct crl_policy *p)
{
	return !p->shell_seccomp.base[0] && crl_seccomp_has_lists(&p->shell_seccomp);
}

static bool allow_meets_deny(const struct crl_policy *p)
{
	const struct crl_seccomp *s = &p->shell_seccomp;

	for (size_t i = 0; i < s->allow.len; i++)
		if (crl_strv_has(&s->deny, s->allow.item[i]))
			return true;
	return false;
}

/* Who has no power, not even over a user namespace, loads a filter only when set-user-ID programs gain none. */
static bool filter_without_nnp(const struct crl_policy *p)
{
	return p->shell_seccomp.base[0] && !p->no_new_privs && !crl_policy_owns_users(p);
}

static const struct shell_rule {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame */
	const char *text;
	const char *other;
} shell_rules[] = {
	{path_without_mount, "shell.path", "has no effect without the namespace \"mount\"", "namespaces"},
	{filter_without_mount, "shell.seccomp.base", "has no effect without the namespace \"mount\"", "namespaces"},
	{profiles_without_mount, "seccomp.profiles", "has no effect without the namespace \"mount\"", "namespaces"},
	{apart_without_mount, "shell.apart", "has no effect without the namespace \"mount\"", "namespaces"},
	{apart_without_nnp, "shell.apart", "needs no_new_privs = true, or who is not root cannot enter a domain",
	 "no_new_privs"},
	{path_of_itself, "shell.path", "found carrel-shell itself, expected the shell that it shall execute", NULL},
	{lists_without_filter, "shell.seccomp.base", "found no filter, but lists for one", "shell.seccomp.allow"},
	{allow_meets_deny, "shell.seccomp.allow", "has a name that shell.seccomp.deny has too", "shell.seccomp.deny"},
	{filter_without_nnp, "shell.seccomp.base", "needs no_new_privs = true, or who is not root cannot load it",
	 "no_new_privs"},
};

int crl_policy_check_shell(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(shell_rules); i++) {
		const struct shell_rule *r = &shell_rules[i];

		if (r->broken(p)) {
			*ret = (struct crl_across){.key = r->key, .other = r->other};
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", r->key, r->text);
		}
	}
	return 0;
}
