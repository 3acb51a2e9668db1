// SPDX-License-Identifier: Apache-2.0
/* What rooms with a way out need of the host, and what stands in their way. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;

void ctl_check_network(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config);
