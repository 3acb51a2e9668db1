// SPDX-License-Identifier: Apache-2.0
/* What those who share a budget use of it together. */
#pragma once

#include <stddef.h>

#include "ctl/command.h"
#include "ctl/look/usage.h"

struct crl_rooms;

struct ctl_budget {
	const char *name;
	size_t users;
	size_t rooms;
	size_t logins;
	struct ctl_usage usage; /* of its slice */
	int dir; /* the slice, opened; negative = it is not there */
};
typedef void ctl_budget_each(void *arg, const struct ctl_budget *b);

/* Call @each for every budget that has a room, by name. */
void ctl_budgets_read(const struct crl_rooms *rooms, ctl_budget_each *each, void *arg);

/* carrelctl list --budgets. */
enum ctl_exit ctl_list_budgets(const struct ctl *c);
