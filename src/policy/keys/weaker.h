// SPDX-License-Identifier: Apache-2.0
/*
 * Is a policy weaker than another one, key by key? Which value of a key is, its row says (keys.h).
 *
 * Runs in: carrelctl. Pure.
 */
#pragma once

#include <stddef.h>

#include "policy/policy.h"

/*
 * The next key in which @p lets its login do, see, keep or use more than @q does.
 * @i  0 at first, and then as it was left
 * Returns its path, or NULL when there are no more.
 */
const char *crl_policy_weaker(const struct crl_policy *p, const struct crl_policy *q, size_t *i);
