// SPDX-License-Identifier: Apache-2.0
/*
 * Budgets: limits that all users of one policy, or of several, share. Private to src/policy.
 *
 * Runs in: helper, carrelctl.
 */
#pragma once

#include "policy/file/source.h"

/* 1 to CRL_BUDGET_NAME_MAX - 1 of a-z, 0-9 and "_": a "-" would mean another slice to systemd. */
bool crl_budget_name_is_valid(const char *name);

/*
 * Read the budgets of one source into @c->budget.
 * @budgets  the group, or NULL
 * Errors (stage CONFIG, with file and line): -EINVAL name, keys, defined twice, limits nothing; -ENOMEM.
 */
int crl_budgets_add(struct crl_config *c, const struct crl_source *s, config_setting_t *budgets,
		    struct crl_err *err) CRL_MUST_CHECK;

/* There is no budget of that name, which a policy's limits.budget says. Returns -EINVAL (stage CONFIG). */
int crl_budget_refuse(const struct crl_config *c, const char *name, struct crl_err *err);
