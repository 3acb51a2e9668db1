// SPDX-License-Identifier: Apache-2.0
/* sshd's ChrootDirectory against the rooms of those whom it is for. */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_chroot(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		      const struct crl_config *config);
