// SPDX-License-Identifier: Apache-2.0
/* What this host cannot give a policy. Private to check and explain. */
#pragma once

#include "policy/load.h"

struct ctl_lack {
	const char *key; /* of the policy: what asks for it, or says what comes of it */
	const char *text; /* goes behind the key */
	const char *mend;
	enum crl_need need; /* REQUIRE: the login is refused; PREFER: it goes on without; OFF: it has no effect */
};

typedef void ctl_each_lack(void *arg, const struct ctl_lack *lack);

/* Tell each. Paths with templates that are not expanded are passed over. */
void ctl_find_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg);

/* A policy as one login has it. */
struct ctl_planned {
	const struct crl_policy *policy; /* templates replaced */
	const struct crl_policy *original; /* before that: what ctl_find_lacks() is asked about; NULL = the same */
	const struct crl_login *login;
};

/* lacks_plan.c: what the planner refuses for that login, and the places of its mounts that are not there. */
void ctl_find_plan_lacks(const struct ctl_planned *q, ctl_each_lack *each, void *arg);

/* "the login is refused", "the login goes on without, and it is logged". */
const char *ctl_lack_outcome(enum crl_need need);
