// SPDX-License-Identifier: Apache-2.0
/* carrelctl explain: what a user will get, before they log in. */
#include "ctl/commands.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/conf/explain_devices.h"
#include "ctl/conf/explain_kept.h"
#include "ctl/conf/explain_ports.h"
#include "ctl/conf/explain_reach.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/lacks.h"
#include "ctl/conf/lacks_plan.h"
#include "ctl/conf/values.h"
#include "ctl/conf/who.h"
#include "ctl/host/pamview.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "door/exempt.h"
#include "door/names.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"
#include "policy/template.h"
#include "wire/login.h"
#include "wire/stage.h"

/* What is asked, and what is known of it. */
struct question {
	const struct ctl *c;
	struct crl_config *config;
	const struct crl_login *login;
	struct crl_facts facts;
	const char *policy; /* NULL = none, for want of a rule or since the login is exempt */
	const char *exempt;
	char off[PATH_MAX + 96]; /* a sentence when carrel is switched off; the rest is what would be without */
	struct ctl_table rules;
	struct ctl_table host;
	struct ctl_table kept; /* where changes go */
	struct ctl_table ports; /* of the host's, that lead into the room */
	struct ctl_table devices; /* of the host's, that the room has */
	bool ambient; /* the policy makes capabilities ambient */
	struct ctl_table values; /* or the difference */
	enum ctl_exit reached; /* with --reach: all that is told */
};

static int find_values(struct question *q, struct crl_err *err)
{
	struct crl_explain_to to = {.facts = &q->facts, .each = ctl_values_add, .arg = &q->values};
	int rc = crl_config_explain(q->config, q->policy, &to, err);

	ctl_values_flatten(&q->values);
	return rc;
}

static int find_difference(struct question *q, struct crl_err *err)
{
	struct ctl_table a = CTL_VALUES_NONE, b = a;
	struct crl_explain_to to_a = {.facts = &q->facts, .each = ctl_values_add, .arg = &a};
	struct crl_explain_to to_b = {.facts = &q->facts, .each = ctl_values_add, .arg = &b};
	int rc = crl_config_explain(q->config, q->policy, &to_a, err);

	if (rc == 0)
		rc = crl_config_explain(q->config, q->c->diff, &to_b, err);
	ctl_values_flatten(&a);
	ctl_values_flatten(&b);
	if (rc == 0)
		ctl_values_differ(&q->values, &a, &b);
	ctl_table_done(&a);
	ctl_table_done(&b);
	return rc;
}

/* "no: not_user "ana", "bob"" */
static void put_mismatch(struct ctl_table *t, const struct crl_rule *rule, const struct crl_mismatch *why)
{
	const struct crl_strv *v = why->negated ? &rule->is_not[why->kind] : &rule->is[why->kind];
	const char *name = crl_condition_name(why->kind);
	char text[600];
	size_t len = (size_t)snprintf(text, sizeof(text), "no: %s%s", why->negated ? "not_" : "", name);

	for (size_t i = 0; i < v->len && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s \"%s\"", i ? "," : "", v->item[i]);
	ctl_cell(t, "%s", text);
}

static void put_match(struct ctl_table *t, const struct crl_rule *rule, int ms)
{
	if (rule->is[CRL_COND_COMMAND].len || rule->is_not[CRL_COND_COMMAND].len)
		ctl_cell(t, "matches (its command took %d ms)", ms);
	else
		ctl_cell(t, "matches");
}

/* The rules in order, and what each says. No policy when none matches. Errors: the name service's. */
static int find_rule(struct question *q, struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(q->config);
	struct ctl_command_asked asked = {.login = q->login};
	const struct crl_match m = {.login = q->login,
				    .now = q->c->when ? q->c->when : time(NULL),
				    .lookup = ctl_group_lookup,
				    .ask = ctl_command_ask,
				    .arg = &asked};
	size_t decided = 0;

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *rule = &rules->item[i];
		struct crl_mismatch why;
		int rc = decided ? 0 : crl_rule_matches(rule, &m, &why, err);

		if (rc < 0)
			return rc;
		ctl_cell(&q->rules, "%zu", i + 1);
		ctl_cell(&q->rules, "%s", rule->policy);
		ctl_cell(&q->rules, "%s", rule->file);
		ctl_cell(&q->rules, "%d", rule->line);
		if (decided)
			ctl_cell(&q->rules, "not asked: rule %zu decides", decided);
		else if (rc > 0)
			put_match(&q->rules, rule, asked.ms);
		else
			put_mismatch(&q->rules, rule, &why);
		if (rc > 0) {
			decided = i + 1;
			q->policy = rule->policy;
		}
	}
	return 0;
}

static void add_lack(void *arg, const struct ctl_lack *lack)
{
	struct ctl_table *t = arg;

	ctl_cell(t, "%s", lack->key);
	ctl_cell(t, "%s", lack->text);
	ctl_cell(t, "%s", ctl_lack_outcome(lack->need));
	ctl_cell(t, "%s", lack->mend);
}

static int find_policy(struct question *q, struct crl_err *err)
{
	scoped(crl_policy) policy = {0};
	char host[CRL_FACT_MAX] = "", group[CRL_GROUP_MAX] = "";
	int rc = crl_config_policy(q->config, q->policy, &policy, err);

	crl_ignore(gethostname(host, sizeof(host) - 1) < 0); /* an empty name is refused where it is used */
	crl_ignore(crl_names_group_name(q->login->gid, group) < 0); /* so is this */
	q->facts = (struct crl_facts){.login = q->login, .host = host, .group = group};
	if (rc == 0)
		rc = crl_expand_policy(&policy, &q->facts, err);
	q->ambient = rc == 0 && policy.cap_ambient && policy.need[CRL_FEATURE_AMBIENT] != CRL_NEED_OFF;
	if (rc == 0) {
		ctl_find_lacks(q->config, &policy, add_lack, &q->host);
		ctl_find_plan_lacks(&(struct ctl_planned){.policy = &policy, .login = q->login}, add_lack, &q->host);
		ctl_explain_kept(q->c, q->config, &policy, q->login, &q->kept);
		ctl_explain_ports(&policy, q->login->uid, &q->ports);
		ctl_explain_devices(&policy, &q->devices);
	}
	if (rc == 0)
		rc = q->c->diff ? find_difference(q, err) : find_values(q, err);
	if (rc == 0 && q->c->reach)
		q->reached = ctl_explain_reach(q->c, &policy, &q->values);
	q->facts.host = q->facts.group = NULL;
	return rc;
}

static void text_of_time(const struct question *q, bool full, char *ret, size_t size)
{
	time_t at = q->c->when ? q->c->when : time(NULL);
	struct tm tm;

	ret[0] = '\0';
	if (localtime_r(&at, &tm))
		(void)strftime(ret, size, full ? "%Y-%m-%dT%H:%M:%S%z" : "%a %F %R", &tm);
}

static bool is_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* Is there such a service, and does carrel make rooms for it? */
static const char *remark_on_service(const struct question *q)
{
	const struct ctl_pam_view v = {.dir = q->c->pam_dir};
	struct ctl_pam_sessions s;
	bool opens = false;

	if (ctl_pam_view_sessions(&v, q->login->service, &s) < 0)
		return " (which has no file for PAM)";
	for (size_t i = 0; i < s.len; i++)
		opens = opens || s.step[i].line.opens;
	ctl_pam_sessions_done(&s);
	return opens ? "" : " (which has no line of carrel: no room)";
}

/* What the answer is for, so that nobody takes it for another login's. */
static void print_head(const struct question *q)
{
	const struct crl_login *l = q->login;
	char at[40], user[CRL_USER_MAX * 4], rhost[CRL_RHOST_MAX * 4], tty[CRL_TTY_MAX * 4];
	char from[sizeof(rhost) + 64], text[sizeof(user) + sizeof(from) + sizeof(tty) + 256];

	text_of_time(q, false, at, sizeof(at));
	(void)snprintf(from, sizeof(from), "%s%s%s", l->rhost[0] ? "from " : "local",
		       crl_visible_line(rhost, sizeof(rhost), l->rhost),
		       !l->rhost[0] || is_address(l->rhost) ? "" : " (a name: no address in a rule is like it)");
	(void)snprintf(text, sizeof(text), "For %s (uid %u), service %s%s, %s, tty %s, %s%s:",
		       crl_visible_line(user, sizeof(user), l->user), l->uid, l->service, remark_on_service(q), from,
		       l->tty[0] ? crl_visible_line(tty, sizeof(tty), l->tty) : "none", at, q->c->when ? "" : " (now)");
	ctl_print_text(q->c, 0, text);
	(void)putchar('\n');
}

static void print_login(const struct question *q)
{
	static const struct ctl_column column[] = {{"USER", false},    {"UID", true},     {"GID", true},
						   {"SERVICE", false}, {"RHOST", false},  {"TTY", false},
						   {"TIME", false},    {"POLICY", false}, {"EXEMPT", false}};
	const struct crl_login *l = q->login;
	char at[40];
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	ctl_cell(&t, "%s", l->user);
	ctl_cell(&t, "%u", l->uid);
	ctl_cell(&t, "%u", l->gid);
	ctl_cell(&t, "%s", l->service);
	ctl_cell(&t, "%s", l->rhost);
	ctl_cell(&t, "%s", l->tty);
	text_of_time(q, true, at, sizeof(at));
	ctl_cell(&t, "%s", at);
	for (int i = 0; i < 2; i++) {
		const char *text = !i ? q->policy : q->off[0] && !q->exempt ? q->off : q->exempt;

		if (text)
			ctl_cell(&t, "%s", text);
		else
			ctl_no_cell(&t);
	}
	ctl_table_print_object(q->c, &t);
	ctl_table_done(&t);
}

static void print_json(const struct question *q)
{
	(void)printf("{\n\"login\": ");
	print_login(q);
	(void)printf(",\n\"rules\": ");
	ctl_table_print(q->c, &q->rules);
	(void)printf(",\n\"host\": ");
	ctl_table_print(q->c, &q->host);
	(void)printf(",\n\"kept\": ");
	ctl_table_print(q->c, &q->kept);
	(void)printf(",\n\"ports\": ");
	ctl_table_print(q->c, &q->ports);
	(void)printf(",\n\"devices\": ");
	ctl_table_print(q->c, &q->devices);
	(void)printf(",\n\"%s\": ", q->c->diff ? "difference" : "values");
	ctl_table_print(q->c, &q->values);
	(void)printf("}\n");
}

static void print_difference(const struct question *q)
{
	const struct ctl_column named[] = {{"KEY", false}, {q->policy, false}, {q->c->diff, false}};
	struct ctl_table t = q->values; /* its cells stay q's */

	t.column = named;
	ctl_table_print(q->c, &t);
}

/* Few lists have been extended: they are told on their own, so that all other lines stay short. */
static void print_values(const struct question *q)
{
	static const struct ctl_column few[] = {
		{"KEY", false}, {"POLICY", false}, {"FILE", false}, {"LINE", true}, {"VALUE", false}};
	static const struct ctl_column places[] = {{"LIST", false}, {"EXTENDS", false}};
	struct ctl_table t = {.column = few, .columns = CRL_ARRAY_LEN(few)};
	struct ctl_table lists = {.column = places, .columns = CRL_ARRAY_LEN(places)};

	for (size_t i = 0; i < q->values.cells; i++) {
		const char *cell = q->values.cell[i];
		size_t column = i % q->values.columns;

		if (column == CTL_VALUES_EXTENDS && cell[0]) {
			ctl_cell(&lists, "%s", q->values.cell[i - CTL_VALUES_EXTENDS]);
			ctl_cell(&lists, "%s", cell);
		}
		if (column != CTL_VALUES_EXTENDS && cell)
			ctl_cell(&t, "%s", cell);
		else if (column != CTL_VALUES_EXTENDS)
			ctl_no_cell(&t);
	}
	ctl_table_print(q->c, &t);
	if (lists.cells) {
		(void)printf("\n");
		ctl_table_print(q->c, &lists);
	}
	ctl_table_done(&t);
	ctl_table_done(&lists);
}

static void print_text(const struct question *q)
{
	if (q->exempt) {
		(void)printf("%s\n", q->exempt);
		return;
	}
	if (q->off[0])
		(void)printf("%s Without that file:\n\n", q->off);
	print_head(q);
	ctl_table_print(q->c, &q->rules);
	if (q->host.cells) {
		(void)printf("\nThis host:\n");
		ctl_table_print(q->c, &q->host);
	}
	if (q->kept.cells && !q->c->diff) {
		(void)printf("\n");
		ctl_table_print(q->c, &q->kept);
	}
	if (q->ports.cells && !q->c->diff) {
		(void)printf("\n");
		ctl_table_print(q->c, &q->ports);
	}
	if (q->devices.cells && !q->c->diff) {
		(void)printf("\n");
		ctl_table_print(q->c, &q->devices);
	}
	if (q->ambient && !q->c->diff) {
		(void)printf("\n");
		ctl_print_text(q->c, 0,
			       "By " CRL_LAST_CAPS " COMMAND, and in the shell that carrel-shell starts, programs "
			       "have the capabilities of capabilities.ambient, and no_new_privs. Before that the "
			       "flag is off, whatever no_new_privs says, and all mounts are nosuid: no file gives "
			       "anything.");
	}
	if (q->values.cells) {
		(void)printf("\n");
		q->c->diff ? print_difference(q) : print_values(q);
	}
}

/* Looked at by the module before configuration and rules. */
static void find_switch(struct question *q)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_exempt_is_off(q->c->config, path, sizeof(path), &why))
		(void)snprintf(q->off, sizeof(q->off),
			       "carrel is switched off by %s: every login passes without a room.", path);
	else if (why.code)
		(void)ctl_error(q->c, &why);
}

static enum ctl_exit answer(struct question *q)
{
	struct crl_err err = {0};
	int rc = q->exempt ? 0 : ctl_load_config(q->c, &q->config, &err);

	if (rc == 0 && !q->exempt)
		rc = find_rule(q, &err);
	if (rc == 0 && q->policy)
		rc = find_policy(q, &err);
	if (rc == 0 && q->c->reach && q->policy)
		return q->reached;
	/* People see the rules even where the policy is wrong; programs get a whole answer or none. */
	if (q->c->json && rc == 0)
		print_json(q);
	else if (!q->c->json && (q->exempt || q->rules.cells))
		print_text(q);
	if (rc < 0)
		return ctl_error(q->c, &err);
	if (!q->exempt && !q->policy && !q->off[0])
		return ctl_complain(q->c, CTL_NO, "no rule matches: the login is refused");
	return CTL_YES;
}

static enum ctl_exit run_explain(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column rules[] = {
		{"RULE", true}, {"POLICY", false}, {"FILE", false}, {"LINE", true}, {"ANSWER", false}};
	static const struct ctl_column host[] = {{"KEY", false}, {"LACKS", false}, {"OUTCOME", false}, {"MEND", false}};
	static const struct ctl_column difference[] = {{"KEY", false}, {"OWN", false}, {"OTHER", false}};
	scoped_free struct crl_login *login = malloc(sizeof(*login));
	struct question q = {.c = c, .login = login};
	struct crl_err err = {0};
	enum ctl_exit status;

	(void)argc;
	if (!login)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (ctl_login_of(c, argv[0], login, &err) < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	q.rules = (struct ctl_table){.column = rules, .columns = CRL_ARRAY_LEN(rules)};
	q.host = (struct ctl_table){.column = host, .columns = CRL_ARRAY_LEN(host)};
	q.kept = (struct ctl_table){.column = ctl_kept_column, .columns = CTL_KEPT_COLUMNS};
	q.ports = (struct ctl_table){.column = ctl_ports_column, .columns = CTL_PORTS_COLUMNS};
	q.devices = (struct ctl_table){.column = ctl_devices_column, .columns = CTL_DEVICES_COLUMNS};
	q.values = (struct ctl_table){.column = c->diff ? difference : ctl_values_column,
				      .columns = c->diff ? CRL_ARRAY_LEN(difference) : CTL_VALUES_COLUMNS};
	q.exempt = ctl_is_exempt(c, login);
	find_switch(&q);
	status = answer(&q);
	ctl_table_done(&q.rules);
	ctl_table_done(&q.host);
	ctl_table_done(&q.kept);
	ctl_table_done(&q.ports);
	ctl_table_done(&q.devices);
	ctl_table_done(&q.values);
	crl_config_free(q.config);
	return status;
}

const struct ctl_command ctl_explain_command = {
	.name = "explain",
	.usage = "USER",
	.summary = "which policy a user gets, why, and every value of it",
	.options =
		(const struct ctl_option[]){
			CTL_OPTIONS_OF_LOGIN,
			{.name = "diff",
			 .value = "POLICY",
			 .help = "only what differs from that policy",
			 CTL_TEXT(diff),
			 .offer = CTL_OFFER_POLICY},
			{.name = "reach",
			 .value = "ADDRESS[:PORT]",
			 .help = "only whether programs of the room may connect there, and by which line",
			 CTL_TEXT(reach)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl explain alice --rhost 192.0.2.7",
			"carrelctl explain alice --diff strict",
			"carrelctl explain alice --reach 10.1.2.3:443",
			NULL,
		},
	.least = 1,
	.most = 1,
	.json = true,
	.offer = CTL_OFFER_USER,
	.run = run_explain,
};
