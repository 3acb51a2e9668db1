// SPDX-License-Identifier: Apache-2.0
/* What this host cannot give a policy. Private to check and explain. */
#pragma once

#include "policy/policy.h"

struct crl_config;

struct ctl_lack {
	const char *key; /* of the policy: what asks for it, or says what comes of it */
	const char
		*asker; /* the key that asks for it, whose place is told where @key was left at its default; or NULL */
	const char *text; /* goes behind the key */
	const char *mend;
	const char *item; /* of a list: the one to blame, as the policy writes it; NULL = not one alone */
	enum crl_need need; /* REQUIRE: the login is refused; PREFER: it goes on without; OFF: it has no effect */
};

typedef void ctl_each_lack(void *arg, const struct ctl_lack *lack);

/* Tell each. Paths with templates that are not expanded are passed over. */
void ctl_find_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg);

/* "the login is refused", "the login goes on without, and it is logged". */
const char *ctl_lack_outcome(enum crl_need need);
