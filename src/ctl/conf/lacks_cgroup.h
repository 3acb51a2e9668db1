// SPDX-License-Identifier: Apache-2.0
/* What of a policy this host's control groups cannot do, for lacks.c. */
#pragma once

#include "ctl/conf/lacks.h"

/* Tell each. */
void ctl_find_cgroup_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg);
