// SPDX-License-Identifier: Apache-2.0
/* Module, helper and carrelctl, as the PAM lines name them. */
#pragma once

struct ctl;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_module(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v);
