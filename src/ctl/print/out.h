// SPDX-License-Identifier: Apache-2.0
/*
 * What carrelctl prints: a table, for people or as JSON (an array of objects), and what went wrong.
 *
 * Texts are as users gave them: they are escaped here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "ctl/command.h"

struct crl_err;

/* Columns of the terminal that the answer goes to; 0 = it goes to none. */
size_t ctl_screen_width(void);

/* Say on standard error what went wrong, with the place in a file where there is one. Returns CTL_FAIL. */
enum ctl_exit ctl_error(const struct ctl *c, const struct crl_err *err);
enum ctl_exit ctl_complain(const struct ctl *c, enum ctl_exit status, const char *fmt, ...) CRL_PRINTF(3, 4);

struct ctl_column {
	const char *title; /* in capitals; small it is the key in JSON */
	bool number; /* printed to the right, and bare in JSON */
};

struct ctl_table {
	const struct ctl_column *column;
	size_t columns;
	char **cell; /* rows * columns, owned; NULL = nothing there */
	size_t cells;
};

/* Add one cell. Out of memory ends the program: nothing is half done by then. */
void ctl_cell(struct ctl_table *t, const char *fmt, ...) CRL_PRINTF(2, 3);
void ctl_no_cell(struct ctl_table *t);
void ctl_cell_number(struct ctl_table *t, uint64_t n); /* UINT64_MAX = nothing there */
void ctl_cell_size(const struct ctl *c, struct ctl_table *t, uint64_t n); /* in bytes for programs, else in units */
void ctl_cell_cpu(const struct ctl *c, struct ctl_table *t, uint64_t us);
void ctl_cell_since(struct ctl_table *t, int64_t since, bool full); /* full: ISO 8601, else month to minute */
void ctl_table_print(const struct ctl *c, const struct ctl_table *t);
void ctl_table_done(struct ctl_table *t);

/* Words, in lines that fit the terminal; further ones begin @indent columns in, where the first already stands. */
void ctl_print_text(const struct ctl *c, size_t indent, const char *text);

/* For long answers, row by row as they come: the array in JSON of which @t has the next row. */
void ctl_json_row(const struct ctl_table *t, bool first);
void ctl_json_end(bool any); /* @any  there was a row */

/* A table of one row, turned: a line for each column. */
void ctl_table_print_object(const struct ctl *c, const struct ctl_table *t);
