// SPDX-License-Identifier: Apache-2.0
/* See check_caps.h. */
#include "policy/check_caps.h"

#include <errno.h>

static bool caps_without_trim(const struct crl_policy *p)
{
	return !p->trim_caps && (p->cap_bounding || crl_policy_inheritable(p));
}

static bool inheritable_above_bounding(const struct crl_policy *p)
{
	return p->cap_inheritable & ~p->cap_bounding;
}

static bool ambient_above_bounding(const struct crl_policy *p)
{
	return p->cap_ambient & ~p->cap_bounding;
}

/* Set-user-ID programs would be another way to power, and one that this does without. */
static bool ambient_without_nnp(const struct crl_policy *p)
{
	return p->cap_ambient && !p->no_new_privs;
}

/* Who looks for power in files would find it in every file system of the host. */
static bool ambient_without_mount(const struct crl_policy *p)
{
	return p->cap_ambient && !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT));
}

static const struct {
	bool (*broken)(const struct crl_policy *p);
	const char *key; /* to blame */
	const char *text;
	const char *other; /* the younger one's line is shown */
} rules[] = {
	{caps_without_trim, "capabilities.trim", "found false with sets that then have no effect",
	 "capabilities.bounding"},
	{inheritable_above_bounding, "capabilities.inheritable", "has capabilities that capabilities.bounding has not",
	 "capabilities.bounding"},
	{ambient_above_bounding, "capabilities.ambient", "has capabilities that capabilities.bounding has not",
	 "capabilities.bounding"},
	{ambient_without_nnp, "capabilities.ambient",
	 "needs no_new_privs = true: the launcher sets it, and no set-user-ID program counts in such a room",
	 "no_new_privs"},
	{ambient_without_mount, "capabilities.ambient", "needs the namespace \"mount\", in which no other file counts",
	 "namespaces"},
};

int crl_policy_check_caps(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++) {
		if (rules[i].broken(p)) {
			*ret = (struct crl_across){.key = rules[i].key, .other = rules[i].other};
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "%s: %s", rules[i].key, rules[i].text);
		}
	}
	return 0;
}
