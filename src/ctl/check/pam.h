// SPDX-License-Identifier: Apache-2.0
/* PAM stacks that carrel is in, and whether sshd asks them (sshd.h). */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

/* @config  NULL = could not be read */
void ctl_check_pam(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
