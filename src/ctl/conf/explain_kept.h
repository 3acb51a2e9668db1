// SPDX-License-Identifier: Apache-2.0
/* What explain says of where a user's changes go, how much they may be, and what becomes of them. */
#pragma once

#include "ctl/print/out.h"

struct crl_config;
struct crl_login;
struct crl_policy;

#define CTL_KEPT_COLUMNS 5
extern const struct ctl_column ctl_kept_column[CTL_KEPT_COLUMNS];

/* A row for the home and one for the root, where the policy has something that takes changes. */
void ctl_explain_kept(const struct ctl *c, const struct crl_config *config, const struct crl_policy *p,
		      const struct crl_login *l, struct ctl_table *table);
