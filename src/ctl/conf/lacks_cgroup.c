// SPDX-License-Identifier: Apache-2.0
/* See lacks_cgroup.h. The same questions as the helper's at a login (helper/parts/limits.c and its managers). */
#include "ctl/conf/lacks_cgroup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "base/words.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "wire/proto.h"

#define CONTROLLERS 4
#define MEND "boot with cgroup v2 alone (systemd.unified_cgroup_hierarchy=1)"

static const char *const controllers[CONTROLLERS] = {"cpu", "memory", "pids", "io"};

/* The key that asks for a controller, for each that is asked for. */
static void find_askers(const struct crl_limits *l, const char *ret[CONTROLLERS])
{
	ret[0] = l->cpu_permille != CRL_UNLIMITED ? "limits.cpu" : l->cpu_weight ? "limits.cpu_weight" : NULL;
	ret[1] = l->memory != CRL_UNLIMITED        ? "limits.memory"
		 : l->memory_high != CRL_UNLIMITED ? "limits.memory_high"
		 : l->swap != CRL_UNLIMITED        ? "limits.swap"
						   : NULL;
	ret[2] = l->tasks != CRL_UNLIMITED ? "limits.tasks" : NULL;
	ret[3] = l->io_len > 0 ? "limits.io" : NULL;
}

/* Those of the policy's own, and of its budget's. */
static void find_all_askers(const struct crl_config *config, const struct crl_policy *p, const char *ret[CONTROLLERS])
{
	const struct crl_limits *budget = crl_config_budget(config, p->budget);
	const char *shared[CONTROLLERS] = {NULL};

	find_askers(&p->limits, ret);
	if (budget)
		find_askers(budget, shared);
	for (size_t i = 0; i < CONTROLLERS; i++)
		if (!ret[i] && shared[i])
			ret[i] = "limits.budget";
}

/* @there  what the host has; NULL = no cgroup v2 at all */
static void ask_limits(const char *const asker[CONTROLLERS], const char *there, struct ctl_lack *lack,
		       ctl_each_lack *each, void *arg)
{
	char missing[64] = "", text[160];

	for (size_t i = CONTROLLERS; i-- > 0;) {
		char rest[sizeof(missing)];

		if (!asker[i] || (there && crl_word_is_in(there, controllers[i], " \n")))
			continue;
		lack->asker = asker[i];
		(void)snprintf(rest, sizeof(rest), "%s", missing);
		(void)snprintf(missing, sizeof(missing), "%s%s%.40s", controllers[i], rest[0] ? ", " : "", rest);
	}
	if (!missing[0])
		return;
	(void)snprintf(text, sizeof(text),
		       there ? "needs the controllers %s, which this host's cgroup v2 has not"
			     : "needs cgroup v2 with the controllers %s, and this host has no cgroup v2",
		       missing);
	lack->text = text;
	each(arg, lack);
}

void ctl_find_cgroup_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg)
{
	struct ctl_lack limits = {.key = "features.limits", .need = p->need[CRL_FEATURE_LIMITS], .mend = MEND};
	const struct ctl_lack own = {.key = "features.cgroup",
				     .asker = p->share != CRL_SHARE_LOGIN ? "share" : "namespaces",
				     .need = p->need[CRL_FEATURE_CGROUP],
				     .mend = MEND,
				     .text = "needs a cgroup of cgroup v2 for each login, and this host has none"};
	bool shared = p->share != CRL_SHARE_LOGIN || !(p->namespaces & CRL_NS_BIT(CRL_NS_PID));
	char prefix[CRL_SLICE_MAX], file[CRL_SLICE_MAX + 32], there[256] = "";
	const char *asker[CONTROLLERS];
	scoped_fd root = -EBADF;
	bool has = crl_cgroup_open_root(crl_config_cgroup_root(config), &root, prefix, NULL) == 0;

	if (own.need == CRL_NEED_OFF) /* then there is no cgroup, and no limit */
		return;
	if (has) {
		(void)snprintf(file, sizeof(file), "%s%scgroup.controllers", prefix, prefix[0] ? "/" : "");
		crl_ignore(crl_file_read(root, file, there, sizeof(there)) < 0);
	} else if (shared) {
		each(arg, &own);
	}
	find_all_askers(config, p, asker);
	if (limits.need != CRL_NEED_OFF)
		ask_limits(asker, has ? there : NULL, &limits, each, arg);
}
