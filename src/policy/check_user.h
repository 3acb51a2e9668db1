// SPDX-License-Identifier: Apache-2.0
/*
 * Rules across keys that are about the room's own user namespace.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "policy/policy.h"

/* As crl_policy_check(), which calls it. */
int crl_policy_check_user(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err) CRL_MUST_CHECK;
