// SPDX-License-Identifier: Apache-2.0
/*
 * Is a policy weaker than another one, key by key?
 *
 * Runs in: carrelctl. Pure.
 */
#pragma once

#include <stdbool.h>

#include "policy/policy.h"

struct crl_weakness {
	const char *path; /* key of a policy */
	/*
	 * Does @p let its login do, see, keep or use more in this than @q? NULL: no value of the key is weaker than
	 * another, only different.
	 */
	bool (*is_weaker)(const struct crl_policy *p, const struct crl_policy *q);
};

/* Every key of a policy, in the table's order. */
extern const struct crl_weakness crl_weaknesses[];
extern const size_t crl_weaknesses_len;
