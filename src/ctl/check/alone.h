// SPDX-License-Identifier: Apache-2.0
/*
 * Users whose shell makes their rooms: what is published for them, what of it cannot be held, and the doors that lead
 * past carrel-shell.
 */
#pragma once

struct crl_config;
struct ctl;
struct ctl_findings;

/* Nothing is told where nothing is published. */
void ctl_check_alone(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config);
