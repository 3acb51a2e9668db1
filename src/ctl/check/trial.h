// SPDX-License-Identifier: Apache-2.0
/* A trial of a configuration that is under way, or what is left of one. */
#pragma once

struct ctl;
struct ctl_findings;

/* @ret_path  PATH_MAX bytes: the configuration that counts */
void ctl_check_trial(struct ctl_findings *f, const struct ctl *c, char *ret_path);
