// SPDX-License-Identifier: Apache-2.0
/*
 * Accounts of the system (daemon, www-data, nobody) that come to a rule by su, cron and their kind: what packages and
 * jobs run as them is in a room then.
 */
#include "ctl/check/accounts.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/host/answers.h"
#include "ctl/host/pamview.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define ACCOUNTS_MAX 512
#define NAMED_MAX 4

/* By these, programs of the system become others. */
static const char *const services[] = {"su", "su-l", "runuser", "runuser-l", "cron", "crond", "atd", "fcron"};

struct account {
	char name[CRL_USER_MAX];
	char home[CRL_HOME_MAX];
	uint32_t uid;
	uint32_t gid;
};

struct account_look {
	struct ctl_findings *f;
	const struct crl_config *config;
	const char *pam_dir;
	struct account *account;
	size_t accounts;
	bool wired[CRL_ARRAY_LEN(services)];
};

/* All names first: what is asked of each must not meet an enumeration that is under way. */
static void list_accounts(struct account_look *l)
{
	setpwent();
	for (const struct passwd *pw = getpwent(); pw && l->accounts < ACCOUNTS_MAX; pw = getpwent()) {
		struct account *a = &l->account[l->accounts];

		if (pw->pw_uid == 0 || !crl_is_system_account(pw->pw_uid) || strlen(pw->pw_name) >= sizeof(a->name) ||
		    strlen(pw->pw_dir) >= sizeof(a->home))
			continue;
		(void)strcpy(a->name, pw->pw_name);
		(void)strcpy(a->home, pw->pw_dir);
		a->uid = pw->pw_uid;
		a->gid = pw->pw_gid;
		l->accounts++;
	}
	endpwent();
}

/* Does the account come to this rule by that service? */
static bool comes(const struct account_look *l, const struct crl_rule *rule, const struct account *a,
		  const char *service)
{
	const struct ctl c = {.pam_dir = l->pam_dir, .service = service};
	scoped_free struct crl_login *login = calloc(1, sizeof(*login));
	const struct crl_match m = {
		.login = login, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	const struct crl_rule *found = NULL;

	return login && ctl_login_of(&c, a->name, login, NULL) == 0 && !ctl_is_exempt(&c, login) &&
	       crl_rules_match(crl_config_rules(l->config), &m, &found, NULL) == 0 && found == rule;
}

/* May the account pass all directories above its home? By their modes; other groups than its first are not asked. */
static bool may_reach(const struct account *a)
{
	char path[CRL_HOME_MAX];
	struct stat st;

	(void)strcpy(path, a->home);
	for (char *slash = strrchr(path, '/'); slash && slash > path; slash = strrchr(path, '/')) {
		*slash = '\0';
		if (ctl_stat(path, &st) == 0 && !(st.st_mode & (st.st_uid == a->uid   ? S_IXUSR
								: st.st_gid == a->gid ? S_IXGRP
										      : S_IXOTH)))
			return false;
	}
	return true;
}

/* What the home is, where its room is refused for it; NULL = it is one, or the account does without. */
static const char *fault_of_home(const struct account *a)
{
	struct stat st;
	int rc;

	if (a->home[0] != '/')
		return "no path";
	if (!may_reach(a))
		return "behind a directory that it may not pass";
	rc = ctl_stat(a->home, &st);
	if (rc < 0) /* what does not answer is told once, of all of them */
		return rc == -ENOENT || rc == -ETIMEDOUT ? NULL : strerrordesc_np(-rc);
	if (!S_ISDIR(st.st_mode))
		return "no directory";
	return st.st_uid == a->uid && (st.st_mode & S_IWOTH) ? "writable by everyone" : NULL;
}

static void tell_of_home(const struct account_look *l, const struct crl_rule *rule, const struct account *a)
{
	const char *fault = fault_of_home(a);

	if (fault)
		ctl_find(l->f, CTL_WARNING, rule->file, rule->line,
			 "mend the home, or a rule for the account above this one",
			 "what runs as %s is refused: its home %s is %s", a->name, a->home, fault);
}

static void look_at_rule(const struct account_look *l, const struct crl_rule *rule)
{
	char who[160] = "", by[96] = "";
	bool used[CRL_ARRAY_LEN(services)] = {false};
	size_t n = 0;

	for (size_t i = 0; i < l->accounts; i++) {
		bool any = false;

		for (size_t k = 0; k < CRL_ARRAY_LEN(services); k++) {
			bool here = l->wired[k] && comes(l, rule, &l->account[i], services[k]);

			used[k] |= here;
			any |= here;
		}
		if (!any)
			continue;
		if (n++ < NAMED_MAX)
			(void)snprintf(who + strlen(who), sizeof(who) - strlen(who), "%s%.32s", n > 1 ? ", " : "",
				       l->account[i].name);
		tell_of_home(l, rule, &l->account[i]);
	}
	if (n == 0)
		return;
	if (n > NAMED_MAX)
		(void)snprintf(who + strlen(who), sizeof(who) - strlen(who), " and %zu more", n - NAMED_MAX);
	for (size_t k = 0; k < CRL_ARRAY_LEN(services); k++)
		if (used[k])
			(void)snprintf(by + strlen(by), sizeof(by) - strlen(by), "%s%s", by[0] ? ", " : "",
				       services[k]);
	ctl_find(l->f, CTL_WARNING, rule->file, rule->line,
		 "a rule of their own above it, unless that is meant: RULES in carrel.conf(5)",
		 "accounts of the system come to this rule by %s (%s): what packages and jobs run as them gets rooms "
		 "of policy %s",
		 by, who, rule->policy);
}

void ctl_check_accounts(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	scoped_free struct account *account = calloc(ACCOUNTS_MAX, sizeof(*account));
	struct account_look l = {.f = f, .config = config, .pam_dir = v->dir, .account = account};
	bool any = false;

	for (size_t k = 0; k < CRL_ARRAY_LEN(services); k++)
		any |= l.wired[k] = ctl_pam_view_opens(v, services[k]);
	if (!any || !account)
		return;
	list_accounts(&l);
	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 &&
		    (p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
			look_at_rule(&l, &rules->item[i]);
	}
}
