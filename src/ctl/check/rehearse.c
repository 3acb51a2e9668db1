// SPDX-License-Identifier: Apache-2.0
/* Can the room of one user of each rule be made? */
#include "ctl/check/rehearse.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/services.h"
#include "ctl/rehearse/rehearsal.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define HOURS_OF_A_WEEK 168
#define HOUR_S 3600

/* A login that comes to a rule, and the one whose it is. */
struct sought {
	const struct crl_config *config;
	const struct crl_rule *rule;
	uint64_t minutes; /* of an hour, a bit each, at which a time of a rule begins; 0 = no rule asks for the time */
};

static bool comes_at(const struct sought *s, const struct crl_login *l, time_t when)
{
	const struct crl_match m = {.login = l, .now = when, .lookup = ctl_group_lookup, .ask = ctl_command_none};
	const struct crl_rule *found = NULL;

	return crl_rules_match(crl_config_rules(s->config), &m, &found, NULL) == 0 && found == s->rule;
}

/* Now, or at some other time of the week. */
static bool comes_to_rule(void *arg, const struct crl_login *l)
{
	const struct sought *s = arg;
	time_t now = time(NULL), hour;
	struct tm tm;

	if (comes_at(s, l, now))
		return true;
	if (!s->minutes || !localtime_r(&now, &tm))
		return false;
	hour = now - tm.tm_min * 60 - tm.tm_sec;
	for (time_t h = 0; h < HOURS_OF_A_WEEK; h++)
		for (time_t minute = 0; minute < 60; minute++)
			if ((s->minutes >> minute & 1) && comes_at(s, l, hour + h * HOUR_S + minute * 60))
				return true;
	return false;
}

/* "08:30-18:00", "Mon-Fri 08:30-18:00": what is true changes at the minutes of both. */
static void add_minutes(const struct crl_strv *times, uint64_t *minutes)
{
	for (size_t i = 0; i < times->len; i++)
		for (const char *p = times->item[i]; (p = strchr(p, ':')); p++)
			*minutes |= UINT64_C(1) << (strtoul(p + 1, NULL, 10) % 60);
}

static uint64_t minutes_of(const struct crl_rules *rules)
{
	uint64_t minutes = 0;

	for (size_t i = 0; i < rules->len; i++) {
		add_minutes(&rules->item[i].is[CRL_COND_TIME], &minutes);
		add_minutes(&rules->item[i].is_not[CRL_COND_TIME], &minutes);
	}
	return minutes;
}

/* Something of the kind that the rule's first text stands for: an address of the network, a terminal of the pattern. */
static void example_of(const struct crl_rule *rule, enum crl_condition kind, char *ret, size_t size)
{
	const char *text = rule->is[kind].len ? rule->is[kind].item[0] : "";

	(void)snprintf(ret, size, "%.*s", (int)strcspn(text, kind == CRL_COND_RHOST ? "/" : ""), text);
	if (kind == CRL_COND_RHOST && strcmp(ret, "local") == 0)
		ret[0] = '\0';
	for (char *p = ret; kind == CRL_COND_TTY && *p; p++)
		if (strchr("*?", *p))
			*p = '1';
}

static void rehearse_one(struct ctl_findings *f, const struct ctl *c, const struct crl_rule *rule, const char *user)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	struct ctl_rehearsal r = {.who = who, .policy = rule->policy};
	struct crl_err err = {0};

	if (!who || ctl_person_of(c, user, who, &err) < 0)
		return;
	if (ctl_rehearse_room(c, &r, &err) < 0)
		ctl_find(f, CTL_ERROR, rule->file, rule->line,
			 "carrelctl rehearse with that user and policy, once it is mended",
			 "a login of %s that comes to this rule would be refused: policy %s, %s: %s", user,
			 rule->policy, crl_stage_name(err.stage), err.text);
	else if (r.left_over)
		ctl_find(f, CTL_WARNING, rule->file, rule->line, "carrelctl list",
			 "the room of a rehearsal for %s has not ended yet", user);
}

static void look_at_rule(struct ctl_findings *f, const struct ctl *c, struct sought *s, const char *service)
{
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	const struct crl_strv *services = &s->rule->is[CRL_COND_SERVICE];
	char rhost[CRL_RHOST_MAX], tty[CRL_TTY_MAX];
	struct ctl like = *c;

	if (!l || (service && services->len && !crl_strv_has(services, service)))
		return;
	example_of(s->rule, CRL_COND_RHOST, rhost, sizeof(rhost));
	example_of(s->rule, CRL_COND_TTY, tty, sizeof(tty));
	like.user = NULL;
	like.service = service ? service : services->len ? services->item[0] : ctl_service_of_sshd();
	like.rhost = rhost[0] ? rhost : NULL;
	like.tty = tty[0] ? tty : NULL;
	if (ctl_sample_user(&like, comes_to_rule, s, l))
		rehearse_one(f, &like, s->rule, l->user);
}

void ctl_check_rehearse(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config,
			const char *service)
{
	const struct crl_rules *rules = crl_config_rules(config);
	struct sought s = {.config = config, .minutes = minutes_of(rules)};

	if (c->no_rehearse || geteuid() != 0 || access(c->helper, X_OK) != 0)
		return;
	for (size_t i = 0; i < rules->len; i++) {
		s.rule = &rules->item[i];
		look_at_rule(f, c, &s, service);
	}
}
