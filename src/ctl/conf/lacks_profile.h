// SPDX-License-Identifier: Apache-2.0
/* Profiles that a policy names, and that are not there or are none; rules about arguments that go too far. */
#pragma once

#include "ctl/conf/lacks.h"

struct crl_filter;

/* Tell each. Reads their files, as a login does. */
void ctl_find_profile_lacks(const struct crl_policy *p, ctl_each_lack *each, void *arg);

/* What seccomp.args takes away of what every login needs. @filter  the room's, compiled */
void ctl_find_value_lacks(const struct crl_policy *p, const struct crl_filter *filter, ctl_each_lack *each, void *arg);
