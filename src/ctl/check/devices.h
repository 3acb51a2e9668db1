// SPDX-License-Identifier: Apache-2.0
/* Devices that a policy gives and by which a user has more than one would think; entries that stand for nothing. */
#pragma once

#include "ctl/check/findings.h"

struct crl_policy;

/* @key  of the policy */
typedef void ctl_say_device(void *arg, enum ctl_level level, const char *key, const char *mend, const char *text);

void ctl_check_devices(const struct crl_policy *p, ctl_say_device *say, void *arg);
