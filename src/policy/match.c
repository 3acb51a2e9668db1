// SPDX-License-Identifier: Apache-2.0
/* See match.h. */
#include "policy/match.h"

#include <string.h>

/* Returns 1 when the rule's group is one of the login's, 0 when not. */
static int match_group(const struct crl_rule *rule, const struct crl_login *login, crl_group_lookup *lookup,
		       void *arg, struct crl_err *err)
{
	uint32_t gid = (uint32_t)-1;
	int rc = lookup(arg, rule->group, &gid);

	if (rc == -ENOENT) {
		return 0;
	}
	if (rc < 0) {
		return crl_err_at(err, -rc, CRL_STAGE_RULE, rule->file, rule->line,
				  "group: the name service did not answer for \"%s\": %s", rule->group,
				  strerrordesc_np(-rc));
	}
	return crl_login_in_group(login, gid);
}

static int match_rule(const struct crl_rule *rule, const struct crl_login *login, crl_group_lookup *lookup,
		      void *arg, struct crl_err *err)
{
	if (rule->user && strcmp(rule->user, login->user) != 0) {
		return 0;
	}
	if (rule->service && strcmp(rule->service, login->service) != 0) {
		return 0;
	}
	return rule->group ? match_group(rule, login, lookup, arg, err) : 1;
}

int crl_rules_match(const struct crl_rules *rules, const struct crl_login *login, crl_group_lookup *lookup,
		    void *arg, const struct crl_rule **ret, struct crl_err *err)
{
	for (size_t i = 0; i < rules->len; i++) {
		int rc = match_rule(&rules->item[i], login, lookup, arg, err);

		if (rc < 0) {
			return rc;
		}
		if (rc > 0) {
			*ret = &rules->item[i];
			return 0;
		}
	}
	return crl_err_set(err, EACCES, CRL_STAGE_RULE, "no rule matches, and the last rule has conditions");
}
