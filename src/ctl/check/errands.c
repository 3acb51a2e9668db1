// SPDX-License-Identifier: Apache-2.0
/*
 * Programs with power that services run for users of rooms: passwords that have to be changed, mail of cron, jobs that
 * would run outside. See policy/errands.h.
 */
#include "ctl/check/errands.h"

#include <limits.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/errand_program.h"
#include "base/err.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "policy/errands.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define NAMED_MAX 3
#define MAX_DAYS 99999 /* shadow(5): as good as never */

struct errand_look {
	struct ctl_findings *f;
	const struct crl_config *config;
	const struct ctl_pam_view *view;
	const struct crl_rule *rule;
	const struct crl_policy *p;
	char who[160]; /* whose passwords can expire */
	size_t ageing;
};

static bool has(const struct crl_policy *p, const char *name)
{
	return crl_policy_has_errands(p) && crl_strv_has(&p->errands, name);
}

static bool is_for(const struct crl_rule *rule, const char *service)
{
	const struct crl_strv *only = &rule->is[CRL_COND_SERVICE];

	return only->len == 0 || crl_strv_has(only, service);
}

/* Will there be a day on which sshd wants another password? One that is locked can age, too: keys let its user in. */
static bool ages(const char *user)
{
	const struct spwd *s = getspnam(user);

	return s && (s->sp_lstchg == 0 || (s->sp_lstchg > 0 && s->sp_max >= 0 && s->sp_max < MAX_DAYS));
}

static bool look_at_account(void *arg, const char *user)
{
	struct errand_look *l = arg;
	const struct ctl c = {.pam_dir = l->view->dir, .service = ctl_service_of_sshd()};
	scoped_free struct crl_login *login = calloc(1, sizeof(*login));
	const struct crl_match m = {
		.login = login, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	const struct crl_rule *found = NULL;

	if (!login)
		return false;
	if (!ages(user) || ctl_login_of(&c, user, login, NULL) < 0 || ctl_is_exempt(&c, login) ||
	    crl_rules_match(crl_config_rules(l->config), &m, &found, NULL) < 0 || found != l->rule)
		return true;
	if (l->ageing++ < NAMED_MAX)
		(void)snprintf(l->who + strlen(l->who), sizeof(l->who) - strlen(l->who), "%s%.40s",
			       l->ageing > 1 ? ", " : "", user);
	return true;
}

static void look_at_passwords(struct errand_look *l)
{
	char more[40] = "";

	if (has(l->p, "passwd") || !is_for(l->rule, ctl_service_of_sshd()) ||
	    !ctl_pam_view_opens(l->view, ctl_service_of_sshd()))
		return;
	l->who[0] = '\0';
	l->ageing = 0;
	ctl_each_account(look_at_account, l);
	if (l->ageing > NAMED_MAX)
		(void)snprintf(more, sizeof(more), " and of %zu more", l->ageing - NAMED_MAX);
	if (l->ageing > 0)
		ctl_find(l->f, CTL_WARNING, l->rule->file, l->rule->line,
			 "\"passwd\" in errands of the policy, or passwords that do not age (chage -M -1)",
			 "the password of %s%s can expire, and policy %s has no way to change it at a login by "
			 "sshd: the user does not get in then",
			 l->who, more, l->rule->policy);
}

static void look_at_mail(const struct errand_look *l)
{
	const struct crl_errand *e = crl_errand_find("sendmail");
	char path[PATH_MAX];
	struct crl_err err = {0};
	int rc;

	for (const char *const *service = (const char *const[]){"cron", "crond", NULL}; *service; service++)
		if (!has(l->p, "sendmail") && is_for(l->rule, *service) && ctl_pam_view_opens(l->view, *service))
			ctl_find(l->f, CTL_WARNING, l->rule->file, l->rule->line,
				 "\"sendmail\" in errands of the policy, or MAILTO=\"\" in crontabs",
				 "what jobs of %s print is lost under policy %s: it cannot be mailed", *service,
				 l->rule->policy);
	rc = has(l->p, "sendmail") ? crl_errand_program_find(e, e->path, path, &err) : 0;
	if (rc < 0 && rc != -ENOENT)
		ctl_find(l->f, CTL_WARNING, NULL, 0, "a mailer with a set-group-ID bit, such as Postfix, exim or dma",
			 "rooms cannot send mail by this host's mailer: %s", err.text);
}

/* What is planned from a room runs where cron and atd run it. */
static void look_at_jobs(const struct errand_look *l)
{
	static const struct {
		const char *errand;
		const char *program;
		const char *service;
		const char *other;
	} kinds[] = {{"crontab", "/usr/bin/crontab", "cron", "crond"}, {"at", "/usr/bin/at", "atd", "atd"}};

	for (size_t i = 0; i < CRL_ARRAY_LEN(kinds); i++) {
		char mend[80];

		if (!has(l->p, kinds[i].errand) || access(kinds[i].program, F_OK) != 0 ||
		    ctl_pam_view_opens(l->view, kinds[i].service) || ctl_pam_view_opens(l->view, kinds[i].other))
			continue;
		(void)snprintf(mend, sizeof(mend), "carrelctl enable %s, or take it out of errands", kinds[i].service);
		ctl_find(l->f, CTL_ERROR, l->rule->file, l->rule->line, mend,
			 "policy %s lets users leave jobs by %s, and the service %s has none of carrel's lines: "
			 "they run outside of every room",
			 l->rule->policy, kinds[i].errand, kinds[i].service);
	}
}

void ctl_check_errands(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	struct errand_look l = {.f = f, .config = config, .view = v};

	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		l.rule = &rules->item[i];
		l.p = &p;
		/*
		 * One that cannot be evaluated is told elsewhere; where nothing is isolated the programs are the
		 * host's.
		 */
		if (crl_config_policy(config, l.rule->policy, &p, NULL) < 0 ||
		    !(p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
			continue;
		look_at_passwords(&l);
		look_at_mail(&l);
		look_at_jobs(&l);
	}
}
