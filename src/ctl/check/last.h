// SPDX-License-Identifier: Apache-2.0
/* Policies that need the last stage of a login, and whether their users' logins come by it. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;

void ctl_check_last(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config);
