// SPDX-License-Identifier: Apache-2.0
/* Is what was published what would be published now? */
#pragma once

#include <stdint.h>

struct crl_config;
struct ctl;

enum ctl_stale {
	CTL_STALE_NOT, /* it is */
	CTL_STALE_CHANGED, /* rules, policy, groups of calls, or the user have changed since */
	CTL_STALE_NOBODY, /* the user is no more, or no rule gives them anything that can be published */
	CTL_STALE_BROKEN, /* nobody could have that file read */
};

/* "current", "changed", … */
const char *ctl_stale_word(enum ctl_stale s);

enum ctl_stale ctl_shell_stale(const struct ctl *c, const struct crl_config *config, uint32_t uid);
