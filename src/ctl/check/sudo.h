// SPDX-License-Identifier: Apache-2.0
/* Does sudo, where carrel is in its PAM stack, ask that at all? What sudoers(5) says of it. */
#pragma once

struct ctl_findings;
struct ctl_pam_view;

/* What files say; sudoers of a directory (LDAP, SSSD) are not read. */
void ctl_check_sudo(struct ctl_findings *f, const struct ctl_pam_view *v);
