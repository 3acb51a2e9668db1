// SPDX-License-Identifier: Apache-2.0
/*
 * Do the groups of system calls fit this kernel and this libseccomp?
 *
 * Runs in: carrelctl.
 */
#pragma once

struct crl_config;
struct ctl_findings;

/* Notes only: what is in no group answers ENOSYS, as on a kernel that has not got it. */
void ctl_check_calls(struct ctl_findings *f, const struct crl_config *config);
