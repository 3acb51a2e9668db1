// SPDX-License-Identifier: Apache-2.0
/* Other modules that want power at close. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

/* @config  NULL = could not be read */
void ctl_check_undo(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
