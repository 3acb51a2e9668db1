// SPDX-License-Identifier: Apache-2.0
/* carrelctl explain: what a user will get, before he logs in. */
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "base/log.h"
#include "policy/match.h"

static const struct ctl_column value_columns[] = {
	{"KEY", false}, {"POLICY", false}, {"FILE", false}, {"LINE", true}, {"VALUE", false}};
#define VALUE 4 /* its column */

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

static enum ctl_exit explain_values(const struct ctl *c, const struct crl_config *config, const char *policy)
{
	struct ctl_table t = {.column = value_columns, .columns = CRL_ARRAY_LEN(value_columns)};
	struct crl_err err = {0};
	int r = crl_config_explain(config, policy, add_value, &t, &err);

	flatten(&t);
	if (r == 0)
		ctl_table_print(c, &t);
	ctl_table_done(&t);
	return r < 0 ? ctl_error(c, &err) : CTL_YES;
}

static bool has_key(const struct ctl_table *t, const char *key)
{
	for (size_t i = 0; i < t->cells; i += t->columns)
		if (strcmp(t->cell[i], key) == 0)
			return true;
	return false;
}

/* Only what differs. Both tables have one order of keys, and either may lack some. */
static enum ctl_exit explain_difference(const struct ctl *c, const struct crl_config *config, const char *one,
					const char *two)
{
	const struct ctl_column column[] = {{"KEY", false}, {one, false}, {two, false}};
	struct ctl_table a = {.column = value_columns, .columns = CRL_ARRAY_LEN(value_columns)}, b = a;
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_err err = {0};
	int r = crl_config_explain(config, one, add_value, &a, &err);

	if (r == 0)
		r = crl_config_explain(config, two, add_value, &b, &err);
	flatten(&a);
	flatten(&b);
	for (size_t i = 0, j = 0; r == 0 && (i < a.cells || j < b.cells);) {
		bool only_a = i < a.cells && !has_key(&b, a.cell[i]);
		bool only_b = !only_a && j < b.cells && !has_key(&a, b.cell[j]);

		if (only_a || only_b || strcmp(a.cell[i + VALUE], b.cell[j + VALUE]) != 0) {
			ctl_cell(&t, "%s", only_b ? b.cell[j] : a.cell[i]);
			ctl_cell(&t, "%s", only_b ? "" : a.cell[i + VALUE]);
			ctl_cell(&t, "%s", only_a ? "" : b.cell[j + VALUE]);
		}
		i += only_b ? 0 : a.columns;
		j += only_a ? 0 : b.columns;
	}
	if (r == 0)
		ctl_table_print(c, &t);
	ctl_table_done(&a);
	ctl_table_done(&b);
	ctl_table_done(&t);
	return r < 0 ? ctl_error(c, &err) : CTL_YES;
}

/* The rules in order, up to the one that decides. Returns it, NULL when none does or the name service is silent. */
static const struct crl_rule *explain_rules(const struct crl_rules *rules, const struct crl_match *m,
					    struct ctl_table *t, struct crl_err *err)
{
	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *rule = &rules->item[i];
		struct crl_mismatch why;
		int r = crl_rule_matches(rule, m, &why, err);

		if (r < 0)
			return NULL;
		ctl_cell(t, "%zu", i + 1);
		ctl_cell(t, "%s", rule->policy);
		ctl_cell(t, "%s", rule->file);
		ctl_cell(t, "%d", rule->line);
		if (r > 0)
			ctl_cell(t, "matches");
		else
			ctl_cell(t, "no: %s%s", why.negated ? "not_" : "", crl_condition_name(why.kind));
		if (r > 0)
			return rule;
	}
	(void)crl_err_set(err, EACCES, CRL_STAGE_RULE, "no rule matches: the login is refused");
	return NULL;
}

/* What this host will not give. Not an error: features say what comes of it. */
static void explain_host(const struct crl_policy *p)
{
	static const char *const outcome[] = {"the login is refused", "the login goes on without, and it is logged",
					      "nothing: it is off"};
	scoped_fd root = -EBADF;
	char controllers[256] = "";

	if (crl_cgroup_open_root("", &root, NULL) == 0)
		crl_ignore(crl_cgroup_read(root, "cgroup.controllers", controllers, sizeof(controllers)) < 0);
	if (crl_policy_names_limits(p) && !strstr(controllers, "memory"))
		(void)printf("this host: no cgroup v2 controllers for limits: %s (features.limits)\n",
			     outcome[p->need[CRL_FEATURE_LIMITS]]);
	if ((p->namespaces & CRL_NS_BIT(CRL_NS_TIME)) && access("/proc/self/ns/time", F_OK) != 0)
		(void)printf("this host: no time namespaces: %s (features.time)\n", outcome[p->need[CRL_FEATURE_TIME]]);
}

static enum ctl_exit explain_policy(const struct ctl *c, const struct crl_config *config, const char *name)
{
	scoped(crl_policy) policy = {0};
	struct crl_err err = {0};

	if (crl_config_policy(config, name, &policy, &err) < 0)
		return ctl_error(c, &err);
	if (!c->json)
		explain_host(&policy);
	return c->diff ? explain_difference(c, config, name, c->diff) : explain_values(c, config, name);
}

static enum ctl_exit explain_login(const struct ctl *c, const struct crl_config *config, const struct crl_login *login)
{
	static const struct ctl_column column[] = {
		{"RULE", true}, {"POLICY", false}, {"FILE", false}, {"LINE", true}, {"ANSWER", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	const struct crl_match m = {.login = login, .now = time(NULL), .lookup = ctl_group_lookup};
	struct crl_err err = {0};
	const struct crl_rule *rule = explain_rules(crl_config_rules(config), &m, &t, &err);

	if (!c->json) {
		ctl_table_print(c, &t);
		(void)printf("\n");
	}
	ctl_table_done(&t);
	if (!rule) {
		(void)ctl_error(c, &err);
		return err.code == EACCES ? CTL_NO : CTL_FAIL;
	}
	return explain_policy(c, config, rule->policy);
}

enum ctl_exit ctl_explain(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct crl_login *login = malloc(sizeof(*login));
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	enum ctl_exit status;
	const char *why;

	(void)argc;
	if (!login)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (ctl_login_of(c, argv[0], login, &err) < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	why = ctl_is_exempt(login);
	if (why) {
		if (!c->json)
			(void)printf("%s\n", why);
		return CTL_YES;
	}
	if (ctl_load_config(c, &config, &err) < 0)
		return ctl_error(c, &err);
	status = explain_login(c, config, login);
	crl_config_free(config);
	return status;
}
