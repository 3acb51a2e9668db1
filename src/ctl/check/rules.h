// SPDX-License-Identifier: Apache-2.0
/* Rules that can be read, and yet are not what somebody would want; and the users they are for. */
#pragma once

struct crl_config;
struct ctl_findings;

void ctl_check_rules(struct ctl_findings *f, const struct crl_config *config);

/* Groups whose members can become root on the host, by what is outside of rooms. */
void ctl_check_members(struct ctl_findings *f);
