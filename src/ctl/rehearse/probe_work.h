// SPDX-License-Identifier: Apache-2.0
/* What a login needs in order to work. Private to probe_work.c and rehearse.c. */
#pragma once

#include "ctl/rehearse/rehearsal.h"
#include "policy/policy.h"

#define CTL_WORKS 19

#define CTL_WORK_DNS "dns"

struct ctl_work {
	const char *name;
	ctl_probe *probe;
	bool (*is_promised)(const struct crl_policy *p, const struct ctl_person *who); /* NULL = always */
	bool (*is_asked)(const struct crl_policy *p); /* of which policies at all; NULL = of each */
};

extern const struct ctl_work ctl_works[CTL_WORKS];
