// SPDX-License-Identifier: Apache-2.0
/* See others_slice.h. */
#include "ctl/check/others_slice.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/manager_unit.h"
#include "ctl/host/slicefiles.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

#define TAKE_OUT "take the line out when the policies say it all"

struct slice_check {
	struct ctl_findings *f;
	const char *sets[CTL_SLICE_COUNT]; /* the first rule's policy that has a limit of its own for it; NULL = none */
};

static bool sets_io(const struct crl_limits *l, enum ctl_slice_property property)
{
	bool is_set = false;

	for (size_t i = 0; i < l->io_len; i++) {
		const struct crl_io_limit *io = &l->io[i];
		uint64_t value = property == CTL_SLICE_READ        ? io->read_bps
				 : property == CTL_SLICE_WRITE     ? io->write_bps
				 : property == CTL_SLICE_READ_IOPS ? io->read_iops
								   : io->write_iops;

		is_set |= value != CRL_UNLIMITED;
	}
	return is_set;
}

static bool sets(const struct crl_limits *l, enum ctl_slice_property property)
{
	switch (property) {
	case CTL_SLICE_CPU:
		return l->cpu_permille != CRL_UNLIMITED;
	case CTL_SLICE_WEIGHT:
		return l->cpu_weight != 0;
	case CTL_SLICE_MEMORY:
		return l->memory != CRL_UNLIMITED;
	case CTL_SLICE_HIGH:
		return l->memory_high != CRL_UNLIMITED;
	case CTL_SLICE_SWAP:
		return l->swap != CRL_UNLIMITED;
	case CTL_SLICE_TASKS:
		return l->tasks != CRL_UNLIMITED;
	case CTL_SLICE_READ:
	case CTL_SLICE_WRITE:
	case CTL_SLICE_READ_IOPS:
	case CTL_SLICE_WRITE_IOPS:
	case CTL_SLICE_COUNT:
		break;
	}
	return sets_io(l, property);
}

static void tell(void *arg, const struct ctl_slice_limit *limit)
{
	const struct slice_check *c = arg;
	const char *policy = c->sets[limit->property];

	if (policy && limit->wins)
		ctl_find(c->f, CTL_WARNING, limit->path, limit->line,
			 "take the line out, or give the file a name before 50-",
			 "%s counts again once systemd reads its files anew, and not %s of policy %s: the file's name "
			 "comes behind that of what carrel sets",
			 limit->text, limit->key, policy);
	else if (policy && !limit->shipped)
		ctl_find(c->f, CTL_NOTE, limit->path, limit->line, TAKE_OUT,
			 "%s is replaced by %s of policy %s while a user of it is in, and goes on where a policy sets "
			 "none",
			 limit->text, limit->key, policy);
	else if (!limit->shipped)
		ctl_find(c->f, CTL_NOTE, limit->path, limit->line, TAKE_OUT, "%s goes on in rooms: no policy sets %s",
			 limit->text, limit->key);
}

void ctl_check_slices(struct ctl_findings *f, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	struct slice_check c = {.f = f};

	if (!ctl_manager_is_systemd() || crl_config_cgroup_manager(config) == CRL_MANAGER_CGROUPFS)
		return;
	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) < 0 ||
		    p.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
			continue;
		for (size_t k = 0; k < CTL_SLICE_COUNT; k++)
			if (!c.sets[k] && sets(&p.limits, (enum ctl_slice_property)k))
				c.sets[k] = rules->item[i].policy;
	}
	ctl_slice_limits_each("", tell, &c);
}
