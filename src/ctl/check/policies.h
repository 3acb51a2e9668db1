// SPDX-License-Identifier: Apache-2.0
/* Each policy of the configuration: alone, against its parent and against this host. */
#pragma once

struct crl_config;
struct ctl_findings;

void ctl_check_policies(struct ctl_findings *f, const struct crl_config *config);

/* Only what this host has not and would refuse logins for, of policies that rules give to logins of @service. */
void ctl_check_required(struct ctl_findings *f, const struct crl_config *config, const char *service);
