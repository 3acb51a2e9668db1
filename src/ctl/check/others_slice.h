// SPDX-License-Identifier: Apache-2.0
/* Limits of users' slices in files of systemd's, beside those of policies. */
#pragma once

struct crl_config;
struct ctl_findings;

/* Only where systemd is the host's manager, and the configuration's. */
void ctl_check_slices(struct ctl_findings *f, const struct crl_config *config);
