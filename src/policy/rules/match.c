// SPDX-License-Identifier: Apache-2.0
/* See match.h. */
#include "policy/rules/match.h"

#include <string.h>

/* Returns 1 when the group is one of the login's, 0 when not. */
static int is_member(const struct crl_rule *rule, const struct crl_match *m, const char *group, struct crl_err *err)
{
	uint32_t gid = (uint32_t)-1;
	int rc = m->lookup(m->arg, group, &gid);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0) {
		return crl_err_at(err, -rc, CRL_STAGE_RULE, rule->file, rule->line,
				  "group: the name service did not answer for \"%s\": %s", group, strerrordesc_np(-rc));
	}
	return crl_login_in_group(m->login, gid);
}

static int ask_command(const struct crl_rule *rule, const struct crl_match *m, const char *text, struct crl_err *err)
{
	struct crl_err why = {0};
	int rc = m->ask ? m->ask(m->arg, text, &why)
			: crl_err_set(&why, EOPNOTSUPP, CRL_STAGE_RULE, "command: is asked at a login");

	return rc < 0 ? crl_err_at(err, -rc, CRL_STAGE_RULE, rule->file, rule->line, "%s", why.text) : rc > 0;
}

/* Returns 1 when one of the texts holds. */
static int any_holds(const struct crl_rule *rule, const struct crl_match *m, enum crl_condition kind,
		     const struct crl_strv *texts, struct crl_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < texts->len && rc == 0; i++)
		if (kind == CRL_COND_GROUP)
			rc = is_member(rule, m, texts->item[i], err);
		else if (kind == CRL_COND_COMMAND)
			rc = ask_command(rule, m, texts->item[i], err);
		else
			rc = crl_condition_holds(kind, texts->item[i], m->login, m->now);
	return rc;
}

int crl_rule_matches(const struct crl_rule *rule, const struct crl_match *m, struct crl_mismatch *ret_why,
		     struct crl_err *err)
{
	for (enum crl_condition kind = 0; kind < CRL_COND_COUNT; kind++) {
		struct crl_mismatch why = {.kind = kind};
		int rc = rule->is[kind].len ? any_holds(rule, m, kind, &rule->is[kind], err) : 1;

		if (rc > 0 && rule->is_not[kind].len) {
			why.negated = true;
			rc = any_holds(rule, m, kind, &rule->is_not[kind], err);
			rc = rc < 0 ? rc : !rc;
		}
		if (rc == 0 && ret_why)
			*ret_why = why;
		if (rc <= 0)
			return rc;
	}
	return 1;
}

int crl_rules_match(const struct crl_rules *rules, const struct crl_match *m, const struct crl_rule **ret,
		    struct crl_err *err)
{
	for (size_t i = 0; i < rules->len; i++) {
		int rc = crl_rule_matches(&rules->item[i], m, NULL, err);

		if (rc < 0)
			return rc;
		if (rc > 0) {
			*ret = &rules->item[i];
			return 0;
		}
	}
	return crl_err_set(err, EACCES, CRL_STAGE_RULE, "no rule matches, and the last rule has conditions");
}
