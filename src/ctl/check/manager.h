// SPDX-License-Identifier: Apache-2.0
/* Does systemd ask before it starts a user's service manager? */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

/* The unit itself. */
void ctl_check_manager_unit(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);

/* Those that run or are wanted anyway. */
void ctl_check_manager(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
