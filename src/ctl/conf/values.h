// SPDX-License-Identifier: Apache-2.0
/*
 * Every value of a policy as rows of a table, and what differs between two policies.
 *
 * Pure.
 */
#pragma once

#include "ctl/print/out.h"

struct crl_explained;

/* KEY, POLICY, FILE, LINE, EXTENDS, VALUE */
#define CTL_VALUES_COLUMNS 6
#define CTL_VALUES_FILE 2 /* of these */
#define CTL_VALUES_LINE 3
#define CTL_VALUES_EXTENDS 4 /* its column */
#define CTL_VALUES_NONE \
	{ \
		.column = ctl_values_column, .columns = CTL_VALUES_COLUMNS \
	}
extern const struct ctl_column ctl_values_column[];

/* For crl_config_explain(). @arg  the table */
void ctl_values_add(void *arg, const struct crl_explained *v);

/* Values in the file may stand over several lines; a table has one. */
void ctl_values_flatten(struct ctl_table *t);

/*
 * Add a row (key, value in @a, value in @b) for each key whose value differs. Both have one order of keys, and either
 * may lack some.
 */
void ctl_values_differ(struct ctl_table *t, const struct ctl_table *a, const struct ctl_table *b);
