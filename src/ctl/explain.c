// SPDX-License-Identifier: Apache-2.0
/* carrelctl explain: what a user will get, before he logs in. */
#include "ctl/ctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/lacks.h"
#include "door/names.h"
#include "door/off.h"
#include "policy/match.h"

static const struct ctl_column value_columns[] = {
	{"KEY", false}, {"POLICY", false}, {"FILE", false}, {"LINE", true}, {"EXTENDS", false}, {"VALUE", false}};
#define EXTENDS 4 /* its column */
#define VALUE	5

static void add_value(void *arg, const struct crl_explained *v)
{
	struct ctl_table *t = arg;

	ctl_cell(t, "%s", v->path);
	if (v->policy) {
		ctl_cell(t, "%s", v->policy);
		ctl_cell(t, "%s", v->file);
		ctl_cell(t, "%d", v->line);
	} else {
		ctl_cell(t, "(default)");
		ctl_no_cell(t);
		ctl_no_cell(t);
	}
	ctl_cell(t, "%s", v->extends);
	ctl_cell(t, "%s", v->value);
}

/* Values in the file may stand over several lines; a table has one. */
static void flatten(struct ctl_table *t)
{
	for (size_t i = 0; i < t->cells; i++)
		for (char *p = t->cell[i]; p && *p; p++)
			if (*p == '\n' || *p == '\t')
				*p = ' ';
}

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
	struct ctl_table values; /* or the difference */
};

static int find_values(struct question *q, struct crl_err *err)
{
	int r = crl_config_explain(q->config, q->policy, &q->facts, add_value, &q->values, err);

	flatten(&q->values);
	return r;
}

static bool has_key(const struct ctl_table *t, const char *key)
{
	for (size_t i = 0; i < t->cells; i += t->columns)
		if (strcmp(t->cell[i], key) == 0)
			return true;
	return false;
}

/* Only what differs. Both tables have one order of keys, and either may lack some. */
static void put_difference(struct ctl_table *t, const struct ctl_table *a, const struct ctl_table *b)
{
	for (size_t i = 0, j = 0; i < a->cells || j < b->cells;) {
		bool only_a = i < a->cells && !has_key(b, a->cell[i]);
		bool only_b = !only_a && j < b->cells && !has_key(a, b->cell[j]);

		if (only_a || only_b || strcmp(a->cell[i + VALUE], b->cell[j + VALUE]) != 0) {
			ctl_cell(t, "%s", only_b ? b->cell[j] : a->cell[i]);
			ctl_cell(t, "%s", only_b ? "" : a->cell[i + VALUE]);
			ctl_cell(t, "%s", only_a ? "" : b->cell[j + VALUE]);
		}
		i += only_b ? 0 : a->columns;
		j += only_a ? 0 : b->columns;
	}
}

static int find_difference(struct question *q, struct crl_err *err)
{
	struct ctl_table a = {.column = value_columns, .columns = CRL_ARRAY_LEN(value_columns)}, b = a;
	int r = crl_config_explain(q->config, q->policy, &q->facts, add_value, &a, err);

	if (r == 0)
		r = crl_config_explain(q->config, q->c->diff, &q->facts, add_value, &b, err);
	flatten(&a);
	flatten(&b);
	if (r == 0)
		put_difference(&q->values, &a, &b);
	ctl_table_done(&a);
	ctl_table_done(&b);
	return r;
}

/* "no: not_user "ana", "bob"" */
static void put_mismatch(struct ctl_table *t, const struct crl_rule *rule, const struct crl_mismatch *why)
{
	const struct crl_strv *v = why->negated ? &rule->not[why->kind] : &rule->is[why->kind];
	const char *name = crl_condition_name(why->kind);
	char text[600];
	size_t len = (size_t)snprintf(text, sizeof(text), "no: %s%s", why->negated ? "not_" : "", name);

	for (size_t i = 0; i < v->len && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s \"%s\"", i ? "," : "", v->item[i]);
	ctl_cell(t, "%s", text);
}

/* The rules in order, and what each says. No policy when none matches. Errors: the name service's. */
static int find_rule(struct question *q, struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(q->config);
	const struct crl_match m = {.login = q->login, .now = time(NULL), .lookup = ctl_group_lookup};
	size_t decided = 0;

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *rule = &rules->item[i];
		struct crl_mismatch why;
		int r = decided ? 0 : crl_rule_matches(rule, &m, &why, err);

		if (r < 0)
			return r;
		ctl_cell(&q->rules, "%zu", i + 1);
		ctl_cell(&q->rules, "%s", rule->policy);
		ctl_cell(&q->rules, "%s", rule->file);
		ctl_cell(&q->rules, "%d", rule->line);
		if (decided)
			ctl_cell(&q->rules, "not asked: rule %zu decides", decided);
		else if (r > 0)
			ctl_cell(&q->rules, "matches");
		else
			put_mismatch(&q->rules, rule, &why);
		if (r > 0) {
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
	int r = crl_config_policy(q->config, q->policy, &policy, err);

	crl_ignore(gethostname(host, sizeof(host) - 1) < 0); /* an empty name is refused where it is used */
	crl_ignore(crl_names_group_name(q->login->gid, group) < 0); /* so is this */
	q->facts = (struct crl_facts){.login = q->login, .host = host, .group = group};
	if (r == 0)
		r = crl_policy_expand(&policy, &q->facts, err);
	if (r == 0) {
		ctl_find_lacks(q->config, &policy, add_lack, &q->host);
		ctl_find_plan_lacks(&(struct ctl_planned){.policy = &policy, .login = q->login}, add_lack, &q->host);
	}
	if (r == 0)
		r = q->c->diff ? find_difference(q, err) : find_values(q, err);
	q->facts.host = q->facts.group = NULL;
	return r;
}

static void print_login(const struct question *q)
{
	static const struct ctl_column column[] = {{"USER", false},  {"UID", true},  {"GID", true},    {"SERVICE", false},
						   {"RHOST", false}, {"TTY", false}, {"POLICY", false}, {"EXEMPT", false}};
	const struct crl_login *l = q->login;
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	ctl_cell(&t, "%s", l->user);
	ctl_cell(&t, "%u", l->uid);
	ctl_cell(&t, "%u", l->gid);
	ctl_cell(&t, "%s", l->service);
	ctl_cell(&t, "%s", l->rhost);
	ctl_cell(&t, "%s", l->tty);
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

		if (column == EXTENDS && cell[0]) {
			ctl_cell(&lists, "%s", q->values.cell[i - EXTENDS]);
			ctl_cell(&lists, "%s", cell);
		}
		if (column != EXTENDS && cell)
			ctl_cell(&t, "%s", cell);
		else if (column != EXTENDS)
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
	ctl_table_print(q->c, &q->rules);
	if (q->host.cells) {
		(void)printf("\nThis host:\n");
		ctl_table_print(q->c, &q->host);
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

	if (crl_off_is_set(q->c->config, path, sizeof(path), &why))
		(void)snprintf(q->off, sizeof(q->off), "carrel is switched off by %s: every login passes without a room.", path);
	else if (why.code)
		(void)ctl_error(q->c, &why);
}

static enum ctl_exit answer(struct question *q)
{
	struct crl_err err = {0};
	int r = q->exempt ? 0 : ctl_load_config(q->c, &q->config, &err);

	if (r == 0 && !q->exempt)
		r = find_rule(q, &err);
	if (r == 0 && q->policy)
		r = find_policy(q, &err);
	/* People see the rules even where the policy is wrong; programs get a whole answer or none. */
	if (q->c->json && r == 0)
		print_json(q);
	else if (!q->c->json && (q->exempt || q->rules.cells))
		print_text(q);
	if (r < 0)
		return ctl_error(q->c, &err);
	if (!q->exempt && !q->policy && !q->off[0])
		return ctl_complain(q->c, CTL_NO, "no rule matches: the login is refused");
	return CTL_YES;
}

enum ctl_exit ctl_explain(const struct ctl *c, int argc, char **argv)
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
	q.values = (struct ctl_table){.column = c->diff ? difference : value_columns,
				      .columns = c->diff ? CRL_ARRAY_LEN(difference) : CRL_ARRAY_LEN(value_columns)};
	q.exempt = ctl_is_exempt(c, login);
	find_switch(&q);
	status = answer(&q);
	ctl_table_done(&q.rules);
	ctl_table_done(&q.host);
	ctl_table_done(&q.values);
	crl_config_free(q.config);
	return status;
}
