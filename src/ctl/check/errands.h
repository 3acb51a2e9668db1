// SPDX-License-Identifier: Apache-2.0
/* Passwords that have to be changed, mail of cron, jobs that are left behind. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_errands(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
