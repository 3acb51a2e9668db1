// SPDX-License-Identifier: Apache-2.0
/* Does sshd ask PAM, and by the name of a service that carrel is in? */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

/* @config  NULL = could not be read */
void ctl_check_sshd(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
