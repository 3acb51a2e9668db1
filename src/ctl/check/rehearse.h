// SPDX-License-Identifier: Apache-2.0
/* The room of one user of each rule, made and ended. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;

/* Needs root; what --no-rehearse leaves out. @service  that was wired; NULL = every service that carrel is in */
void ctl_check_rehearse(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config,
			const char *service);
