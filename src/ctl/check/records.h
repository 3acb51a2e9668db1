// SPDX-License-Identifier: Apache-2.0
/* Records of logins that a host keeps, and logins in rooms that are not in them. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_records(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
