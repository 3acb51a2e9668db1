// SPDX-License-Identifier: Apache-2.0
/* What other programs of this host say of the same logins, and what of carrel's takes its place: docs/migration.md. */
#pragma once

struct crl_config;
struct ctl_findings;
struct ctl_pam_view;

/*
 * Lines of limits.conf(5) and namespace.conf(5) in stacks that carrel is in (of sshd's, where it is in none), limits of
 * users' slices in files of systemd's, login shells that are sandboxes.
 * @config  NULL = could not be read
 */
void ctl_check_others(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config);
