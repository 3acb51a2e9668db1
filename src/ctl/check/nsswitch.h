// SPDX-License-Identifier: Apache-2.0
/* Can it be told that the name service does not answer? */
#pragma once

struct crl_config;
struct ctl_findings;

void ctl_check_nsswitch(struct ctl_findings *f, const struct crl_config *config);
