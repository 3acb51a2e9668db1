// SPDX-License-Identifier: Apache-2.0
/* carrelctl rehearse: would this user's login work? */
#include "ctl/commands.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/who.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/rehearse/probe_dns.h"
#include "ctl/rehearse/probe_network.h"
#include "ctl/rehearse/probe_work.h"
#include "ctl/rehearse/rehearsal.h"
#include "ctl/shell/way.h"
#include "door/exempt.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "wire/proto.h"

static const char *word(enum ctl_answer a)
{
	static const char *const words[] = {"yes", "no", "not here"};

	return words[a];
}

/* Rows of the table, and how many differ from what the policy promises. */
struct sums {
	size_t rows, wrong;
};

/* What a network of the administrator's reaches nobody has promised: it is shown as it is. */
static bool is_theirs(const struct crl_policy *p, const struct ctl_work *w)
{
	return p->net_mode == CRL_NET_JOIN && strcmp(w->name, CTL_WORK_DNS) == 0;
}

static struct sums add_rows(struct ctl_table *t, const struct crl_policy *p, const struct ctl_person *who,
			    const struct ctl_result *result)
{
	struct sums sums = {0};

	for (size_t i = 0; i < CTL_WORKS; i++) {
		const struct ctl_work *w = &ctl_works[i];
		/* What the host does not have, no policy promises. */
		bool host_has = strcmp(w->name, CTL_WORK_DNS) != 0 || ctl_host_has_dns();
		bool is_promised = (!w->is_promised || w->is_promised(p, who)) && host_has;
		enum ctl_answer promised = is_promised ? CTL_PROBE_YES : CTL_PROBE_NO;
		bool as_promised =
			result[i].answer == promised || is_theirs(p, w) || result[i].answer == CTL_PROBE_NOT_HERE;

		if (w->is_asked && !w->is_asked(p))
			continue;
		ctl_cell(t, "%s", w->name);
		ctl_cell(t, "%s", word(promised));
		ctl_cell(t, "%s", word(result[i].answer));
		ctl_cell(t, "%s", as_promised ? "ok" : "WRONG");
		ctl_cell(t, host_has ? "%s" : "%s; the host itself reaches none", result[i].detail);
		sums.rows++;
		sums.wrong += !as_promised;
	}
	return sums;
}

static void tell_sum(const struct ctl_rehearsal *r, const struct crl_policy *p, const struct sums *sums)
{
	const bool home = crl_policy_keeps_home(p), root = crl_policy_keeps_root(p);

	(void)printf("\npolicy %s: %zu of %zu as promised\n", r->adopt.policy, sums->rows - sums->wrong, sums->rows);
	if (home || root)
		(void)printf(
			"What is kept of the %s was neither shown nor changed: this room had an empty one over it, "
			"which is thrown away.\n",
			home && root ? "home and the root"
			: home       ? "home"
				     : "root");
}

static enum ctl_exit report(const struct ctl *c, const struct ctl_rehearsal *r)
{
	static const struct ctl_column column[] = {
		{"PROBE", false}, {"PROMISED", false}, {"FOUND", false}, {"ANSWER", false}, {"DETAIL", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_config *config = NULL;
	scoped(crl_policy) policy = {0};
	struct crl_err err = {0};
	struct sums sums;

	if (ctl_load_config(c, &config, &err) < 0 || crl_config_policy(config, r->adopt.policy, &policy, &err) < 0) {
		crl_config_free(config);
		return ctl_error(c, &err);
	}
	sums = add_rows(&t, &policy, r->who, r->result);
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	crl_config_free(config);
	if (!c->json)
		tell_sum(r, &policy, &sums);
	return sums.wrong > 0 ? CTL_NO : CTL_YES;
}

/* The policy that the rules give at the time that is asked about. @ret  CRL_POLICY_NAME_MAX bytes */
static enum ctl_exit policy_then(const struct ctl *c, const struct crl_login *l, char *ret)
{
	struct ctl_command_asked asked = {.login = l};
	const struct crl_match m = {
		.login = l, .now = c->when, .lookup = ctl_group_lookup, .ask = ctl_command_ask, .arg = &asked};
	struct crl_config *config = NULL;
	const struct crl_rule *rule;
	struct crl_err err = {0};
	int rc = ctl_load_config(c, &config, &err);

	if (rc == 0)
		rc = crl_rules_match(crl_config_rules(config), &m, &rule, &err);
	if (rc == 0)
		(void)snprintf(ret, CRL_POLICY_NAME_MAX, "%s", rule->policy);
	crl_config_free(config);
	if (rc == -EACCES)
		return ctl_complain(c, CTL_NO, "no rule matches at that time: the login is refused");
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

/* What the probes are to try of the policy that the login will have. What is wrong with it is the helper's to say. */
static void look_at_network(const struct ctl *c, const struct crl_login *l, struct ctl_rehearsal *r)
{
	struct ctl_command_asked asked = {.login = l};
	const struct crl_match m = {
		.login = l, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_ask, .arg = &asked};
	const struct crl_rule *rule = NULL;
	struct crl_config *config = NULL;
	scoped(crl_policy) p = {0};
	struct crl_err err = {0};

	if (ctl_load_config(c, &config, &err) == 0 &&
	    (r->policy || crl_rules_match(crl_config_rules(config), &m, &rule, &err) == 0) &&
	    crl_config_policy(config, r->policy ? r->policy : rule->policy, &p, &err) == 0)
		ctl_network_scene(&p, &r->scene.network);
	crl_config_free(config);
}

/* A rehearsal shows what logins would get; while this file is there they get nothing of it. */
static void tell_switch(const struct ctl *c)
{
	char path[PATH_MAX];

	if (crl_exempt_is_off(c->config, path, sizeof(path), NULL))
		(void)ctl_complain(c, CTL_YES,
				   "carrel is switched off by %s: every login passes without a room. "
				   "Without that file:",
				   path);
}

static enum ctl_exit run_rehearse(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct ctl_person *who = calloc(1, sizeof(*who));
	struct ctl_result result[CTL_WORKS];
	ctl_probe *probe[CTL_WORKS];
	struct ctl_rehearsal r = {
		.who = who, .policy = c->policy, .probe = probe, .probes = CTL_WORKS, .result = result};
	struct crl_err err = {0};
	char policy[CRL_POLICY_NAME_MAX];
	enum ctl_exit status;

	(void)argc;
	if (!who)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (ctl_person_of(c, argv[0], who, &err) < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	if (ctl_is_exempt(c, &who->login))
		return ctl_complain(c, CTL_NO, "%s logs in without a room (see carrelctl explain): nothing to rehearse",
				    argv[0]);
	tell_switch(c);
	if (c->when && !c->policy) {
		status = policy_then(c, &who->login, policy);
		if (status != CTL_YES)
			return status;
		r.policy = policy;
	}
	for (size_t i = 0; i < CTL_WORKS; i++)
		probe[i] = ctl_works[i].probe;
	look_at_network(c, &who->login, &r);
	crl_ignore(ctl_shell_way(who->login.user, who->shell, r.scene.way, sizeof(r.scene.way)));
	if (ctl_rehearse_room(c, &r, &err) < 0) {
		(void)ctl_error(c, &err);
		if (!r.refused)
			return CTL_FAIL;
		return ctl_complain(c, CTL_NO, "a login of %s would be refused (stage %s)", argv[0],
				    crl_stage_name(err.stage));
	}
	status = report(c, &r);
	if (r.left_over)
		return ctl_complain(c, CTL_FAIL, "the room of the rehearsal has not ended yet: carrelctl list");
	return status;
}

const struct ctl_command ctl_rehearse_command = {
	.name = "rehearse",
	.usage = "USER",
	.summary = "make the user's room with no login and try what must work",
	.options =
		(const struct ctl_option[]){
			CTL_OPTIONS_OF_LOGIN,
			{.name = "policy",
			 .value = "POLICY",
			 .help = "under that policy, not the one that the rules give",
			 CTL_TEXT(policy),
			 .offer = CTL_OFFER_POLICY},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl rehearse alice",
			"carrelctl rehearse alice --policy strict --time \"Sat 22:30\"",
			NULL,
		},
	.least = 1,
	.most = 1,
	.json = true,
	.makes_rooms = true,
	.offer = CTL_OFFER_USER,
	.run = run_rehearse,
};
