// SPDX-License-Identifier: Apache-2.0
/* What their units have taken away from the services that run. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;
struct ctl_pam_view;

/* Needs root. @service  that was wired; NULL = every service that carrel is in */
void ctl_check_sandbox(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		       const struct crl_config *config, const char *service);
