// SPDX-License-Identifier: Apache-2.0
/*
 * See forwards.h. Ports are held by a program on the login's cgroup (plan/net/gate_program.h); no hook of the kernel's
 * asks about unix sockets, so those are sshd's to refuse. Each rule is told of once, by the first of its users.
 */
#include "ctl/check/forwards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/check/sshd_of.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/services.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "wire/login.h"

struct forwards_look {
	struct ctl_findings *f;
	struct ctl like; /* asked for by sshd */
	const struct crl_rules *rules;
	bool *open; /* of each rule: its policy forwards no ports, and nobody was told of yet */
};

static bool forwards_none(const struct crl_config *config, const char *policy)
{
	scoped(crl_policy) p = {0};

	return crl_config_policy(config, policy, &p, NULL) == 0 && p.net_forwards == CRL_FORWARDS_NONE;
}

static bool is_closed(const struct crl_login *l)
{
	return ctl_sshd_of_is(l, "DisableForwarding", "yes") ||
	       (ctl_sshd_of_is(l, "AllowStreamLocalForwarding", "no") &&
		ctl_sshd_of_is(l, "AllowAgentForwarding", "no"));
}

static void add_names(const struct crl_strv *names, const char *kind, char *io, size_t size)
{
	for (size_t i = 0; i < names->len; i++) {
		size_t at = strlen(io);

		(void)snprintf(io + at, size - at, "%s%s", i > 0 ? "," : kind, names->item[i]);
	}
}

/* The line of Match for those whom a rule is for, if sshd can say so; else for one of them. */
static void match_of(const struct crl_rule *rule, const struct crl_login *l, char *ret, size_t size)
{
	(void)snprintf(ret, size, "Match");
	add_names(&rule->is[CRL_COND_GROUP], " Group ", ret, size);
	add_names(&rule->is[CRL_COND_USER], " User ", ret, size);
	if (strcmp(ret, "Match") == 0)
		(void)snprintf(ret, size, "Match User %s", l->user);
}

static void tell(const struct forwards_look *k, const struct crl_rule *rule, const struct crl_login *l)
{
	char match[300], mend[400];

	match_of(rule, l, match, sizeof(match));
	(void)snprintf(mend, sizeof(mend), "at its end: \"%s\", and below that \"DisableForwarding yes\"", match);
	ctl_find(k->f, CTL_WARNING, SSHD_CONFIG, 0, mend,
		 "policy %s of user %s: network.forwards = \"none\" holds ports alone, and sshd forwards unix "
		 "sockets and the agent",
		 rule->policy, l->user);
}

/* False: nothing is left to be found. */
static bool look_at(void *arg, const char *user)
{
	struct forwards_look *k = arg;
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	const struct crl_match m = {.login = l, .now = time(NULL), .lookup = ctl_group_lookup};
	const struct crl_rule *rule = NULL;
	bool left = false;

	if (!l || ctl_login_of(&k->like, user, l, NULL) < 0 || ctl_is_exempt(&k->like, l) ||
	    crl_rules_match(k->rules, &m, &rule, NULL) < 0)
		return true;
	if (k->open[rule - k->rules->item] && !is_closed(l)) {
		tell(k, rule, l);
		k->open[rule - k->rules->item] = false;
	}
	for (size_t i = 0; i < k->rules->len; i++)
		left |= k->open[i];
	return left;
}

void ctl_check_forwards(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config)
{
	struct forwards_look k = {.f = f, .like = *c, .rules = crl_config_rules(config)};
	scoped_free bool *open = calloc(k.rules->len + 1, sizeof(*open));
	bool any = false;

	if (!open)
		return;
	for (size_t i = 0; i < k.rules->len; i++)
		any |= open[i] = forwards_none(config, k.rules->item[i].policy);
	k.open = open;
	k.like.service = ctl_service_of_sshd();
	k.like.rhost = k.like.tty = NULL;
	if (any)
		ctl_each_account(look_at, &k);
}
