// SPDX-License-Identifier: Apache-2.0
/* See sshd_of.h. */
#include "ctl/check/sshd_of.h"

#include <fnmatch.h>
#include <strings.h>

#include "base/scope.h"
#include "door/names.h"
#include "wire/login.h"

struct of_asked {
	const struct crl_login *login;
	struct ctl_sshd_value *ret;
	bool found;
};

bool ctl_sshd_of_group(void *login, const char *pattern)
{
	const struct crl_login *l = login;
	char name[CRL_GROUP_MAX];

	for (uint32_t i = 0; i < l->ngroups; i++)
		if (crl_names_group_name(l->groups[i], name) == 0 && fnmatch(pattern, name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static bool take(void *arg, const struct ctl_sshd_value *v)
{
	struct of_asked *a = arg;

	if (ctl_sshd_value_applies(v, a->login->user, ctl_sshd_of_group, crl_unconst(a->login)) != SSHD_YES)
		return false;
	*a->ret = *v;
	return a->found = true;
}

bool ctl_sshd_of(const struct crl_login *l, const char *keyword, struct ctl_sshd_value *ret)
{
	struct of_asked a = {.login = l, .ret = ret};

	*ret = (struct ctl_sshd_value){.line = 0};
	return ctl_sshd_config_each(SSHD_CONFIG, keyword, take, &a) == 0 && a.found;
}

bool ctl_sshd_of_is(const struct crl_login *l, const char *keyword, const char *value)
{
	struct ctl_sshd_value v;

	return ctl_sshd_of(l, keyword, &v) && strcasecmp(v.text, value) == 0;
}
