// SPDX-License-Identifier: Apache-2.0
/* See bare.h. */
#include "policy/rules/bare.h"

/* What differs from login to login of one user. */
static const enum crl_condition passing[] = {CRL_COND_SERVICE, CRL_COND_RHOST, CRL_COND_TTY, CRL_COND_TIME,
					     CRL_COND_COMMAND};

bool crl_policy_isolates(const struct crl_config *c, const struct crl_policy *p)
{
	bool beside = p->budget[0] || crl_config_cgroup_manager(c) == CRL_MANAGER_CGROUPFS;

	/* A home or an image of its own needs a mount namespace. */
	return p->namespaces != 0 || p->no_new_privs || p->trim_caps || p->seccomp.base[0] ||
	       (beside && crl_policy_names_limits(p));
}

/* The rule without what passes. @ret_sure  there was none of it: whoever matches always does */
static struct crl_rule lasting_part(const struct crl_rule *rule, bool *ret_sure)
{
	struct crl_rule r = *rule;

	*ret_sure = true;
	for (size_t i = 0; i < CRL_ARRAY_LEN(passing); i++) {
		*ret_sure &= r.is[passing[i]].len == 0 && r.is_not[passing[i]].len == 0;
		r.is[passing[i]].len = 0;
		r.is_not[passing[i]].len = 0;
	}
	return r;
}

/* Returns 1, 0, or -errno. */
static int isolates(const struct crl_config *c, const struct crl_rule *rule, struct crl_err *err)
{
	scoped(crl_policy) p = {0};
	int rc = crl_config_policy(c, rule->policy, &p, err);

	return rc < 0 ? rc : crl_policy_isolates(c, &p);
}

int crl_bare_judge(const struct crl_config *c, const struct crl_match *m, enum crl_bare *ret,
		   const struct crl_rule **ret_rule, struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(c);

	*ret_rule = NULL;
	for (size_t i = 0; i < rules->len; i++) {
		bool sure;
		const struct crl_rule lasting = lasting_part(&rules->item[i], &sure);
		int rc = crl_rule_matches(&lasting, m, NULL, err);

		if (rc == 0)
			continue;
		if (rc > 0)
			rc = isolates(c, &rules->item[i], err);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			*ret = CRL_BARE_ISOLATED;
			*ret_rule = &rules->item[i];
			return 0;
		}
		if (sure) { /* no login of theirs comes to what follows */
			*ret = CRL_BARE_MAY;
			return 0;
		}
	}
	*ret = CRL_BARE_NO_RULE;
	return 0;
}
