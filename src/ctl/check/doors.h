// SPDX-License-Identifier: Apache-2.0
/* Programs of the host that run, outside of rooms, what isolated users have in homes and spools. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

void ctl_check_doors(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
