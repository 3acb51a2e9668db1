// SPDX-License-Identifier: Apache-2.0
/*
 * Where a table's columns go on a terminal that is narrower than the table: wide texts are folded, and what then still
 * does not fit goes to further lines, indented. No line is wider than the terminal.
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CTL_FOLD_COLUMNS 32
#define CTL_FOLD_GAP 2 /* blanks between two columns */
#define CTL_FOLD_INDENT 4 /* of all lines but a row's first */

struct ctl_fold_column {
	size_t natural; /* of the widest cell, the title counted */
	size_t title;
	bool number; /* never folded */
};

struct ctl_fold {
	size_t columns;
	size_t width[CTL_FOLD_COLUMNS];
	size_t band[CTL_FOLD_COLUMNS]; /* the line of a row that a column is on, from 0 */
	size_t bands;
};

/* @screen  columns of the terminal; 0 = none: everything on one line as wide as it is */
void ctl_fold_plan(struct ctl_fold *f, const struct ctl_fold_column *column, size_t columns, size_t screen);

/*
 * How many bytes of a text go on a line of that width: up to a blank, else behind one of / , ; : where there is one in
 * the second half, else as many as fit. UTF-8 is not cut apart.
 * @ret_skip  blanks that are left out behind them
 */
size_t ctl_fold_take(const char *text, size_t width, size_t *ret_skip);
