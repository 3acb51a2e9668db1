// SPDX-License-Identifier: Apache-2.0
/*
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/filter/nest.h"

#include <string.h>

bool crl_filter_may_nest(const struct crl_seccomp *s)
{
	static const char *const ways[] = {"@namespaces", "unshare", "?unshare", "clone", "?clone"};

	if (s->nested)
		return true;
	if (strcmp(s->base, "@login") != 0) /* none, or an administrator's own */
		return true;
	for (size_t i = 0; i < CRL_ARRAY_LEN(ways); i++)
		if (crl_strv_has(&s->allow, ways[i]))
			return true;
	return false;
}

bool crl_callset_lets_nest(const struct crl_callset *set)
{
	bool clones = crl_callset_lets(set, "clone") && crl_callset_is_whole(set, "clone");
	bool mounts = crl_callset_lets(set, "fsopen") && crl_callset_lets(set, "fsconfig") &&
		      crl_callset_lets(set, "fsmount");

	return set->users && (crl_callset_lets(set, "unshare") || clones) && (crl_callset_lets(set, "mount") || mounts);
}
