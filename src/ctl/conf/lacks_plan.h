// SPDX-License-Identifier: Apache-2.0
/* What the plan of a login says, before there is one. */
#pragma once

#include "ctl/conf/lacks.h"

struct crl_login;

/* A policy as one login has it. */
struct ctl_planned {
	const struct crl_policy *policy; /* templates replaced */
	const struct crl_policy *original; /* before that: what ctl_find_lacks() is asked about; NULL = the same */
	const struct crl_login *login;
};

/* What the planner refuses for that login, and the places of its mounts that are not there. */
void ctl_find_plan_lacks(const struct ctl_planned *q, ctl_each_lack *each, void *arg);
