// SPDX-License-Identifier: Apache-2.0
/* logind, where it ends what a policy lets go on. */
#pragma once

struct crl_config;
struct ctl_findings;

void ctl_check_logind(struct ctl_findings *f, const struct crl_config *config);
