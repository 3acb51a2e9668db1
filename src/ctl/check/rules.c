// SPDX-License-Identifier: Apache-2.0
/* Rules that can be read, and yet are not what somebody would want; and the users they are for. */
#include "ctl/check/rules.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "apply/rule_command.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "door/names.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define USERS_MAX 100000 /* a directory may list without end */

static bool has_conditions(const struct crl_rule *r)
{
	for (enum crl_condition k = 0; k < CRL_COND_COUNT; k++)
		if (r->is[k].len || r->is_not[k].len)
			return true;
	return false;
}

static bool is_covered(enum crl_condition kind, const struct crl_strv *by, const char *text)
{
	for (size_t i = 0; i < by->len; i++)
		if (crl_condition_covers(kind, by->item[i], text))
			return true;
	return false;
}

static bool contains(enum crl_condition kind, const struct crl_strv *all, const struct crl_strv *some)
{
	for (size_t i = 0; i < some->len; i++)
		if (!is_covered(kind, all, some->item[i]))
			return false;
	return true;
}

/* Whoever comes to @later has met @earlier, which asks no more than that. */
static bool covers(const struct crl_rule *earlier, const struct crl_rule *later)
{
	for (enum crl_condition k = 0; k < CRL_COND_COUNT; k++) {
		if (earlier->is[k].len && (!later->is[k].len || !contains(k, &earlier->is[k], &later->is[k])))
			return false;
		if (!contains(k, &later->is_not[k], &earlier->is_not[k]))
			return false;
	}
	return true;
}

static void check_possible(struct ctl_findings *f, const struct crl_rule *r)
{
	for (enum crl_condition k = 0; k < CRL_COND_COUNT; k++)
		if (r->is[k].len && contains(k, &r->is_not[k], &r->is[k]))
			ctl_find(f, CTL_WARNING, r->file, r->line, "take one of the two out",
				 "this rule matches nobody: not_%s takes away all that %s names", crl_condition_name(k),
				 crl_condition_name(k));
}

static void check_reach(struct ctl_findings *f, const struct crl_rules *rules)
{
	for (size_t i = 1; i < rules->len; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct crl_rule *later = &rules->item[i], *earlier = &rules->item[j];

			if (!covers(earlier, later))
				continue;
			ctl_find(f, CTL_WARNING, later->file, later->line, "put it above that rule, or take it out",
				 "this rule is never reached: %s:%d matches all that it would", earlier->file,
				 earlier->line);
			break;
		}
	}
	if (rules->len == 0)
		ctl_find(f, CTL_WARNING, NULL, 0, "add rules = ( { policy = \"shared\"; } );",
			 "there are no rules: every login but root's and the break-glass group's is refused");
	else if (has_conditions(&rules->item[rules->len - 1]))
		ctl_find(f, CTL_WARNING, rules->item[rules->len - 1].file, rules->item[rules->len - 1].line,
			 "end the rules with one that has no condition, if that is not meant",
			 "a login that no rule matches is refused");
}

/* Administrators' groups: each distribution has one or the other, and the shipped rules name both. */
static bool is_usual(const char *group)
{
	return strcmp(group, "sudo") == 0 || strcmp(group, "wheel") == 0;
}

static void check_names(struct ctl_findings *f, const struct crl_rule *rule, const struct crl_strv *names, bool group)
{
	for (size_t i = 0; i < names->len; i++) {
		struct crl_login login;
		uint32_t gid;
		int rc =
			group ? crl_names_group_id(names->item[i], &gid) : crl_names_user(names->item[i], &login, NULL);

		if (rc < 0 && rc != -ENOENT)
			ctl_find(f, CTL_ERROR, rule->file, rule->line,
				 "mend the name service: logins that come to this rule are refused",
				 "the name service does not answer for %s \"%s\": %s", group ? "group" : "user",
				 names->item[i], strerrordesc_np(-rc));
		else if (rc < 0 && !(group && is_usual(names->item[i])))
			ctl_find(f, CTL_WARNING, rule->file, rule->line, "create it, or mend the name",
				 "no %s \"%s\" on this host", group ? "group" : "user", names->item[i]);
	}
}

static void check_commands(struct ctl_findings *f, const struct crl_rule *rule, const struct crl_strv *commands)
{
	for (size_t i = 0; i < commands->len; i++) {
		struct crl_err err = {0};

		if (crl_prove_rule_command(commands->item[i], &err) < 0)
			ctl_find(f, CTL_ERROR, rule->file, rule->line,
				 "put a program there that root alone can write: logins that come to this rule are "
				 "refused",
				 "%s", err.text);
	}
}

/* The groups whose members Linux distributions let use sudo. */
static void check_sudo(struct ctl_findings *f, const struct crl_config *config, const struct crl_rule *r)
{
	static const char *const group[] = {"sudo", "wheel", "admin"};
	scoped(crl_policy) p = {0};

	if (crl_config_policy(config, r->policy, &p, NULL) < 0 || !p.no_new_privs)
		return;
	for (size_t i = 0; i < CRL_ARRAY_LEN(group); i++)
		if (crl_strv_has(&r->is[CRL_COND_GROUP], group[i]))
			ctl_find(f, CTL_WARNING, r->file, r->line,
				 "policy = \"admin\", or one with no_new_privs = false",
				 "members of group %s get policy %s, whose no_new_privs leaves sudo without effect",
				 group[i], r->policy);
}

void ctl_check_rules(struct ctl_findings *f, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *r = &rules->item[i];

		check_names(f, r, &r->is[CRL_COND_USER], false);
		check_names(f, r, &r->is_not[CRL_COND_USER], false);
		check_names(f, r, &r->is[CRL_COND_GROUP], true);
		check_names(f, r, &r->is_not[CRL_COND_GROUP], true);
		check_commands(f, r, &r->is[CRL_COND_COMMAND]);
		check_commands(f, r, &r->is_not[CRL_COND_COMMAND]);
		check_possible(f, r);
		check_sudo(f, config, r);
	}
	check_reach(f, rules);
}

static void mighty_member(struct ctl_findings *f, const char *user, const char *group)
{
	ctl_find(f, CTL_WARNING, NULL, 0, "take the user out of the group, unless that is meant",
		 "%s is in group %s, which is root's power wherever its socket or device is in reach", user, group);
}

/* Groups whose members can become root on the host, by what is outside of rooms. The primary group counts as well. */
void ctl_check_members(struct ctl_findings *f)
{
	static const char *const mighty[] = {"docker", "lxd",    "incus-admin", "libvirt",
					     "disk",   "shadow", "kmem",        "podman"};
	gid_t gid[CRL_ARRAY_LEN(mighty)];
	const struct passwd *pw;

	for (size_t i = 0; i < CRL_ARRAY_LEN(mighty); i++) {
		const struct group *g = getgrnam(mighty[i]);

		gid[i] = g ? g->gr_gid : (gid_t)-1;
		for (char **m = g ? g->gr_mem : NULL; m && *m; m++)
			mighty_member(f, *m, mighty[i]);
	}
	setpwent();
	for (size_t n = 0; n < USERS_MAX && (pw = getpwent()); n++)
		for (size_t i = 0; i < CRL_ARRAY_LEN(mighty); i++)
			if (gid[i] != (gid_t)-1 && pw->pw_gid == gid[i] && pw->pw_uid != 0)
				mighty_member(f, pw->pw_name, mighty[i]);
	endpwent();
}
