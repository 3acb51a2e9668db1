// SPDX-License-Identifier: Apache-2.0
/* What of a policy's capabilities gives nothing, and what gives more than one would think. Private to check. */
#pragma once

#include "ctl/check/findings.h"
#include "policy/policy.h"

/* @text  goes behind "policy NAME: KEY " */
typedef void ctl_each_caps(void *arg, enum ctl_level level, const char *key, const char *mend, const char *text);

/* Tell each, by the policy and this kernel alone. */
void ctl_check_caps(const struct crl_policy *p, ctl_each_caps *each, void *arg);
