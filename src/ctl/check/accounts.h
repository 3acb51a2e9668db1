// SPDX-License-Identifier: Apache-2.0
/* Accounts of the system that come to a rule by su, cron and their kind. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_accounts(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
