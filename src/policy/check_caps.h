// SPDX-License-Identifier: Apache-2.0
/*
 * Rules about a policy's capabilities.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "policy/policy.h"

/* As crl_policy_check(), of which it is a part. */
int crl_policy_check_caps(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err) CRL_MUST_CHECK;
