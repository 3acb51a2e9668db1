// SPDX-License-Identifier: Apache-2.0
/* network.forwards = "none" against what sshd forwards without a port: unix sockets and the agent. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;

void ctl_check_forwards(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config);
