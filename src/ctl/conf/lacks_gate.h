// SPDX-License-Identifier: Apache-2.0
/* What this host cannot give a policy that holds the host's network by programs on logins' cgroups. */
#pragma once

#include "ctl/conf/lacks.h"

/* As ctl_find_lacks(), which calls it. Programs are loaded, by root alone, and attached nowhere. */
void ctl_find_gate_lacks(const struct crl_config *config, const struct crl_policy *p, ctl_each_lack *each, void *arg);
