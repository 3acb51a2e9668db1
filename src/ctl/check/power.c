// SPDX-License-Identifier: Apache-2.0
/*
 * Who may become root on this host, and can still do so when a service is wired?
 *
 * R1: nobody counts as able who is not known to be: a policy, a key or a sudoers line that cannot be judged is a no.
 */
#include "ctl/check/power.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/doas.h"
#include "ctl/host/pamview.h"
#include "ctl/host/rootdoor.h"
#include "ctl/host/services.h"
#include "ctl/host/sudoers.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define PEOPLE_MAX 2000
#define USERS_MAX 100000 /* a directory may list without end */

/* Somebody who may become root today. */
struct mighty {
	char name[CRL_USER_MAX];
	char by[300]; /* how: "group sudo", "/etc/sudoers line 3" */
	bool whole; /* every command, as root */
};

struct power {
	struct ctl_findings *f;
	const struct ctl *c;
	const struct crl_config *config;
	const char *service;
	struct mighty *who;
	size_t len;
	size_t keep; /* how many still can */
	size_t lose;
};

static void add_person(struct power *p, const char *name, const char *by, bool whole)
{
	for (size_t i = 0; i < p->len; i++) {
		if (strcmp(p->who[i].name, name) == 0) {
			p->who[i].whole |= whole;
			return;
		}
	}
	if (p->len == PEOPLE_MAX || strlen(name) >= CRL_USER_MAX)
		return;
	(void)snprintf(p->who[p->len].name, CRL_USER_MAX, "%s", name);
	(void)snprintf(p->who[p->len].by, sizeof(p->who[0].by), "%s", by);
	p->who[p->len++].whole = whole;
}

static void add_members(struct power *p, const struct group *g, const char *by, bool whole)
{
	const struct passwd *pw;
	gid_t gid = g ? g->gr_gid : 0;

	for (char **m = g ? g->gr_mem : NULL; m && *m; m++)
		add_person(p, *m, by, whole);
	setpwent();
	for (size_t n = 0; g && n < USERS_MAX && (pw = getpwent()); n++)
		if (pw->pw_gid == gid)
			add_person(p, pw->pw_name, by, whole);
	endpwent();
}

static void add_subject(struct power *p, const struct ctl_sudo_subject *s)
{
	char by[300];
	const struct passwd *pw;

	(void)snprintf(by, sizeof(by), "%s line %d", s->file, s->line);
	if (s->kind == SUDO_USER)
		add_person(p, s->name, by, s->whole);
	else if (s->kind == SUDO_GROUP)
		add_members(p, getgrnam(s->name), by, s->whole);
	else if (s->kind == SUDO_GID)
		add_members(p, getgrgid((gid_t)s->id), by, s->whole);
	else if (s->kind == SUDO_UID && (pw = getpwuid((uid_t)s->id)))
		add_person(p, pw->pw_name, by, s->whole);
	else if (s->kind == SUDO_ANYBODY)
		ctl_find(p->f, CTL_WARNING, s->file, s->line, "carrelctl explain USER, for those whom it is meant for",
			 "this line is for every user: it is not looked at who of them keeps its power");
	else if (s->kind == SUDO_STRANGE)
		ctl_find(p->f, CTL_WARNING, s->file, s->line, "carrelctl explain USER, for those whom it is meant for",
			 "not understood (%s): it is not known whether whom it means keeps root's power", s->name);
}

static void add_files(struct power *p)
{
	struct ctl_sudo_subjects s = {.len = 0};
	const char *const doas[] = {"/etc/doas.conf", "/usr/local/etc/doas.conf"};

	/* One that is not there or that only root may read is no finding: the groups are looked at in any case. */
	crl_ignore(ctl_sudoers_read("/etc/sudoers", &s) < 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(doas); i++)
		crl_ignore(ctl_doas_read(doas[i], &s) < 0);
	for (size_t i = 0; i < s.len; i++)
		add_subject(p, &s.item[i]);
	ctl_sudo_subjects_done(&s);
}

static void add_groups(struct power *p)
{
	static const char *const usual[] = {"sudo", "wheel", "admin"};
	char group[CRL_GROUP_MAX], by[CRL_GROUP_MAX + 16];

	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++) {
		(void)snprintf(by, sizeof(by), "group %s", usual[i]);
		add_members(p, getgrnam(usual[i]), by, true);
	}
	ctl_break_glass_of(p->c, p->service, group);
	(void)snprintf(by, sizeof(by), "group %s", group);
	add_members(p, getgrnam(group), by, true);
}

static bool has_tool(void)
{
	static const char *const tool[] = {"/usr/bin/sudo",         "/bin/sudo",           "/usr/local/bin/sudo",
					   "/usr/bin/doas",         "/usr/local/bin/doas", "/usr/bin/pkexec",
					   "/run/wrappers/bin/sudo"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(tool); i++)
		if (access(tool[i], X_OK) == 0)
			return true;
	return false;
}

/* What of a policy keeps its users from being root on the host; NULL = nothing does. */
static const char *what_takes_power(const struct crl_policy *policy)
{
	const uint64_t ids = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;

	if (policy->no_new_privs)
		return "no_new_privs leaves sudo without effect";
	if (policy->trim_caps && (policy->cap_bounding & ids) != ids)
		return "capabilities.bounding is without setuid and setgid, so sudo has no effect";
	if (policy->namespaces & (CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID)))
		return "namespaces make root inside another thing than root on the host";
	return NULL;
}

/* Why this login cannot become root, or NULL. R1 */
static const char *what_is_lost(struct power *p, const struct crl_login *l, const struct crl_rule **ret_rule)
{
	const struct crl_match m = {.login = l, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	scoped(crl_policy) policy = {0};
	int rc = crl_rules_match(crl_config_rules(p->config), &m, ret_rule, NULL);

	if (rc == -EACCES)
		return "no rule lets them in";
	if (rc < 0)
		return "the name service does not answer for a group of the rules";
	if (crl_config_policy(p->config, (*ret_rule)->policy, &policy, NULL) < 0)
		return "it cannot be evaluated";
	return what_takes_power(&policy);
}

static void judge(struct power *p, const struct mighty *who)
{
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	const struct passwd *pw = getpwnam(who->name);
	const struct crl_rule *rule = NULL;
	struct ctl c = *p->c;
	const char *lost;

	c.service = p->service;
	if (!l || !pw || pw->pw_uid == 0 || !ctl_is_shell(pw->pw_shell) || ctl_login_of(&c, who->name, l, NULL) < 0)
		return;
	lost = ctl_is_exempt(&c, l) ? NULL : what_is_lost(p, l, &rule);
	if (!lost) {
		p->keep += who->whole;
		return;
	}
	p->lose++;
	ctl_find(p->f, CTL_WARNING, rule ? rule->file : NULL, rule ? rule->line : 0,
		 "rules = ( { group = [ \"sudo\", \"wheel\" ]; policy = \"admin\"; }, ... ), or nothing, if that is "
		 "meant",
		 "%s, who may become root (%s), no longer can in a login by %s: %s%s%s%s", who->name, who->by,
		 p->service, rule ? "policy " : "", rule ? rule->policy : "", rule ? ": " : "", lost);
}

static void tell_nobody(struct power *p)
{
	char how[200], group[CRL_GROUP_MAX], mend[CRL_GROUP_MAX + 120];
	enum ctl_root_door root = ctl_root_door(p->service, how, sizeof(how));

	if (p->lose == 0 || p->keep > 0 || root == ROOT_ENTERS)
		return;
	ctl_break_glass_of(p->c, p->service, group);
	(void)snprintf(mend, sizeof(mend),
		       "a rule for them above the others with policy \"admin\", or members in group "
		       "%s, or a key for root",
		       group);
	ctl_find(p->f, CTL_ERROR, NULL, 0, mend,
		 "nobody could become root any more by %s: all who can now would lose it, and %s", p->service, how);
}

static void check_one(struct power *p, const char *service)
{
	p->service = service;
	p->len = p->keep = p->lose = 0;
	if (has_tool()) {
		add_groups(p);
		add_files(p);
	}
	for (size_t i = 0; i < p->len; i++)
		judge(p, &p->who[i]);
	tell_nobody(p);
}

/* Services whose sessions are no logins of people who come from outside. */
static bool is_login(const char *service)
{
	static const char *const other[] = {"su",   "su-l",  "sudo", "sudo-i", "doas",         "runuser",  "runuser-l",
					    "cron", "crond", "atd",  "at",     "systemd-user", "polkit-1", "other"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(other); i++)
		if (strcmp(service, other[i]) == 0)
			return false;
	return true;
}

struct services {
	struct power *p;
	char last[CRL_SERVICE_MAX];
	size_t n;
};

static void look_at_service(void *arg, const char *service, const struct ctl_pam_step *step)
{
	struct services *s = arg;

	if (!step->line.opens || !is_login(service) || strcmp(service, s->last) == 0)
		return;
	(void)snprintf(s->last, sizeof(s->last), "%s", service); /* the lines of a service come one after the other */
	s->n++;
	check_one(s->p, service);
}

void ctl_check_power(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		     const struct crl_config *config, const char *service)
{
	struct power p = {.f = f, .c = c, .config = config, .who = calloc(PEOPLE_MAX, sizeof(struct mighty))};
	struct services s = {.p = &p};

	if (p.who && service && is_login(service))
		check_one(&p, service);
	else if (p.who && !service)
		ctl_pam_view_wired(v, look_at_service, &s);
	if (p.who && !service && s.n == 0)
		check_one(&p, ctl_service_of_sshd()); /* what enable would be asked for first */
	free(p.who);
}
