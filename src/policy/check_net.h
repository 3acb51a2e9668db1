// SPDX-License-Identifier: Apache-2.0
/*
 * Rules across keys that are about the network.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "policy/policy.h"

/* As crl_policy_check(), which calls it. */
int crl_policy_check_net(const struct crl_policy *p, struct crl_across *ret, struct crl_err *err) CRL_MUST_CHECK;
