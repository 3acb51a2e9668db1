// SPDX-License-Identifier: Apache-2.0
/* See lacks_profile.h. */
#include "ctl/conf/lacks_profile.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/scope.h"
#include "plan/filter/filter.h"
#include "plan/filter/need.h"
#include "plan/filter/set.h"
#include "policy/file/profile.h"
#include "policy/filter/argnames.h"
#include "policy/filter/sysgroups.h"

/* All that a login needs. @filter  for the while. Returns 0 or -errno. */
static int read_profile(const char *name, struct crl_filter *filter, struct crl_callset *ret, struct crl_err *err)
{
	scoped(crl_sysgroups) groups = {0};
	scoped(crl_policy) policy = {0};
	const struct crl_filter_room room = {0};
	char path[CRL_PROFILE_PATH_MAX];
	int rc = crl_profile_load(name, &policy, path, err);

	if (rc == 0)
		rc = crl_sysgroups_load(path, &groups, err);
	if (rc == 0)
		rc = crl_filter_compile(&policy.seccomp, &groups, &room, filter, err);
	return rc < 0 ? rc : crl_callset_build(&policy.seccomp, &groups, ret, err);
}

static void ask(const char *name, ctl_each_lack *each, void *arg)
{
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	struct crl_err err = {0};
	char names[128], text[CRL_ERR_TEXT_MAX + 600], where[300] = "";
	struct ctl_lack lack = {.key = "seccomp.profiles",
				.item = name,
				.need = CRL_NEED_REQUIRE,
				.text = text,
				.mend = "mend the profile"};

	if (!filter || !set)
		return;
	if (read_profile(name, filter, set, &err) < 0) {
		if (err.file[0])
			(void)snprintf(where, sizeof(where), "%s:%d: ", err.file, err.line);
		(void)snprintf(text, sizeof(text), "%s: %s%s", name, where, err.text);
		each(arg, &lack);
	} else if (crl_callset_lacks_start(set, names, sizeof(names))) {
		(void)snprintf(text, sizeof(text), "%s: leaves out %s, without which no program starts", name, names);
		each(arg, &lack);
	}
}

void ctl_find_profile_lacks(const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	for (size_t i = 0; i < p->profiles_len && p->need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF; i++)
		ask(p->profiles[i].profile, each, arg);
}

void ctl_find_value_lacks(const struct crl_policy *p, const struct crl_filter *filter, ctl_each_lack *each, void *arg)
{
	char names[128], text[200], key[40];

	for (enum crl_args_call call = 0; call < CRL_ARGS_COUNT; call++) {
		if (p->seccomp.args[call].len == 0 || !crl_filter_lacks_values(filter, call, names, sizeof(names)))
			continue;
		(void)snprintf(key, sizeof(key), "seccomp.args.%s", crl_args_call_name(call));
		(void)snprintf(text, sizeof(text), "leaves out %s, without which logins fail", names);
		each(arg, &(struct ctl_lack){.key = key,
					     .need = CRL_NEED_REQUIRE,
					     .mend = "allow what every login needs",
					     .text = text});
	}
}
