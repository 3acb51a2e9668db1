// SPDX-License-Identifier: Apache-2.0
/* Tables for people and for programs; see ctl.h. */
#include "ctl/ctl.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

#define CELL_MAX 1200 /* bytes of a text with everything escaped */

static void add(struct ctl_table *t, char *text)
{
	char **grown = reallocarray(t->cell, t->cells + 1, sizeof(*grown));

	if (!grown)
		abort();
	t->cell = grown;
	t->cell[t->cells++] = text;
}

void ctl_cell(struct ctl_table *t, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	add(t, text);
}

void ctl_no_cell(struct ctl_table *t)
{
	add(t, NULL);
}

void ctl_cell_since(struct ctl_table *t, int64_t since, bool full)
{
	time_t at = (time_t)since;
	char text[32];
	struct tm tm;

	if (since == 0 || !localtime_r(&at, &tm)) {
		ctl_no_cell(t);
		return;
	}
	(void)strftime(text, sizeof(text), full ? "%Y-%m-%dT%H:%M:%S%z" : "%m-%d %H:%M", &tm);
	ctl_cell(t, "%s", text);
}

void ctl_cell_number(struct ctl_table *t, uint64_t n)
{
	if (n == UINT64_MAX)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%" PRIu64, n);
}

/* A number for programs, the words of @text_of for people. */
static void cell_in_units(const struct ctl *c, struct ctl_table *t, uint64_t n,
			  const char *(*text_of)(uint64_t n, char text[CTL_UNIT_TEXT]))
{
	char text[CTL_UNIT_TEXT];

	if (c->json)
		ctl_cell_number(t, n);
	else
		ctl_cell(t, "%s", text_of(n, text));
}

void ctl_cell_size(const struct ctl *c, struct ctl_table *t, uint64_t n)
{
	cell_in_units(c, t, n, ctl_text_size);
}

void ctl_cell_cpu(const struct ctl *c, struct ctl_table *t, uint64_t us)
{
	cell_in_units(c, t, us, ctl_text_cpu);
}

void ctl_table_done(struct ctl_table *t)
{
	for (size_t i = 0; i < t->cells; i++)
		free(t->cell[i]);
	free(t->cell);
	t->cell = NULL;
	t->cells = 0;
}

static const char *shown(const char *cell, char buf[CELL_MAX])
{
	return cell && cell[0] ? crl_escape_line(buf, CELL_MAX, cell) : "-";
}

static void print_json_text(const char *text)
{
	(void)putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			(void)printf("\\%c", *p);
		else if (*p < ' ' || *p >= 0x7f)
			(void)printf("\\u%04x", *p); /* byte for byte: names need not be UTF-8 */
		else
			(void)putchar(*p);
	}
	(void)putchar('"');
}

static void print_json_row(const struct ctl_table *t, char **cell)
{
	(void)putchar('{');
	for (size_t i = 0; i < t->columns; i++) {
		(void)printf("%s\"", i ? "," : "");
		for (const char *p = t->column[i].title; *p; p++)
			(void)putchar(*p == ' ' ? '_' : tolower(*p));
		(void)printf("\":");
		if (!cell[i])
			(void)printf("null");
		else if (t->column[i].number)
			(void)printf("%s", cell[i]);
		else
			print_json_text(cell[i]);
	}
	(void)putchar('}');
}

static void print_json(const struct ctl_table *t)
{
	(void)putchar('[');
	for (size_t row = 0; row * t->columns < t->cells; row++) {
		(void)printf("%s\n", row ? "," : "");
		print_json_row(t, t->cell + row * t->columns);
	}
	(void)printf("\n]\n");
}

static size_t width_of(const struct ctl_table *t, size_t column)
{
	size_t width = strlen(t->column[column].title);
	char buf[CELL_MAX];

	for (size_t i = column; i < t->cells; i += t->columns) {
		size_t len = strlen(shown(t->cell[i], buf));

		width = len > width ? len : width;
	}
	return width;
}

static void print_line(const struct ctl_table *t, char **cell, const size_t *width)
{
	char buf[CELL_MAX];

	for (size_t i = 0; i < t->columns; i++) {
		const char *text = cell ? shown(cell[i], buf) : t->column[i].title;
		bool last = i + 1 == t->columns;

		if (t->column[i].number)
			(void)printf("%*s", (int)width[i], text);
		else
			(void)printf("%-*s", last ? 0 : (int)width[i], text);
		(void)printf("%s", last ? "\n" : "  ");
	}
}

void ctl_table_print(const struct ctl *c, const struct ctl_table *t)
{
	size_t width[32];

	ctl_pager_start(c, t->cells / t->columns + 1);
	if (c->json) {
		print_json(t);
		return;
	}
	for (size_t i = 0; i < t->columns && i < CRL_ARRAY_LEN(width); i++)
		width[i] = width_of(t, i);
	if (c->colour)
		(void)printf("\033[1m");
	print_line(t, NULL, width);
	if (c->colour)
		(void)printf("\033[0m");
	for (size_t row = 0; row * t->columns < t->cells; row++)
		print_line(t, t->cell + row * t->columns, width);
}

void ctl_table_print_object(const struct ctl *c, const struct ctl_table *t)
{
	char buf[CELL_MAX];

	ctl_pager_start(c, t->columns);
	if (c->json) {
		print_json_row(t, t->cell);
		(void)putchar('\n');
		return;
	}
	for (size_t i = 0; i < t->columns; i++) {
		(void)printf("%c", t->column[i].title[0]);
		for (const char *p = t->column[i].title + 1; *p; p++)
			(void)putchar(tolower(*p));
		(void)printf(":%*s%s\n", (int)(16 - strlen(t->column[i].title)), "", shown(t->cell[i], buf));
	}
}

enum ctl_exit ctl_error(const struct ctl *c, const struct crl_err *err)
{
	char buf[CELL_MAX];

	(void)fflush(stdout); /* both may go to one place: in order */
	(void)fprintf(stderr, "carrelctl %s: ", c->command);
	if (err->file[0])
		(void)fprintf(stderr, "%s:%d: ", err->file, err->line);
	(void)fprintf(stderr, "%s\n", crl_escape_line(buf, sizeof(buf), err->text));
	return CTL_FAIL;
}

enum ctl_exit ctl_complain(const struct ctl *c, enum ctl_exit status, const char *fmt, ...)
{
	char text[CELL_MAX / 4], buf[CELL_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	(void)fprintf(stderr, "carrelctl %s: %s\n", c->command, crl_escape_line(buf, sizeof(buf), text));
	return status;
}
