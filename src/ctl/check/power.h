// SPDX-License-Identifier: Apache-2.0
/* Who may become root on this host, and whether somebody still can. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;
struct ctl_pam_view;

/* @service  that was wired; NULL = every service that carrel is in */
void ctl_check_power(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		     const struct crl_config *config, const char *service);
