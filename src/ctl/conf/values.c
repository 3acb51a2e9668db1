// SPDX-License-Identifier: Apache-2.0
/* Rows of values; see values.h. */
#include "ctl/conf/values.h"

#include <string.h>

#include "ctl/print/out.h"
#include "policy/file/load.h"

#define VALUE 5 /* its column */

const struct ctl_column ctl_values_column[CTL_VALUES_COLUMNS] = {{"KEY", false}, {"POLICY", false},  {"FILE", false},
								 {"LINE", true}, {"EXTENDS", false}, {"VALUE", false}};

void ctl_values_add(void *arg, const struct crl_explained *v)
{
	struct ctl_table *t = arg;

	ctl_cell(t, "%s", v->path);
	if (v->policy) {
		ctl_cell(t, "%s", v->policy);
		ctl_cell(t, "%s", v->file);
		ctl_cell(t, "%d", v->line);
	} else {
		ctl_cell(t, "(default)");
		ctl_no_cell(t);
		ctl_no_cell(t);
	}
	ctl_cell(t, "%s", v->extends);
	ctl_cell(t, "%s", v->value);
}

void ctl_values_flatten(struct ctl_table *t)
{
	for (size_t i = 0; i < t->cells; i++)
		for (char *p = t->cell[i]; p && *p; p++)
			if (*p == '\n' || *p == '\t')
				*p = ' ';
}

static bool has_key(const struct ctl_table *t, const char *key)
{
	for (size_t i = 0; i < t->cells; i += t->columns)
		if (strcmp(t->cell[i], key) == 0)
			return true;
	return false;
}

void ctl_values_differ(struct ctl_table *t, const struct ctl_table *a, const struct ctl_table *b)
{
	for (size_t i = 0, j = 0; i < a->cells || j < b->cells;) {
		bool only_a = i < a->cells && !has_key(b, a->cell[i]);
		bool only_b = !only_a && j < b->cells && !has_key(a, b->cell[j]);

		if (only_a || only_b || strcmp(a->cell[i + VALUE], b->cell[j + VALUE]) != 0) {
			ctl_cell(t, "%s", only_b ? b->cell[j] : a->cell[i]);
			ctl_cell(t, "%s", only_b ? "" : a->cell[i + VALUE]);
			ctl_cell(t, "%s", only_a ? "" : b->cell[j + VALUE]);
		}
		i += only_b ? 0 : a->columns;
		j += only_a ? 0 : b->columns;
	}
}
