// SPDX-License-Identifier: Apache-2.0
/* Ranges of ids for user namespaces beside the numbers that a directory's users have. */
#pragma once

struct crl_config;
struct ctl_findings;

void ctl_check_ids(struct ctl_findings *f, const struct crl_config *config);
