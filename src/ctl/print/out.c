// SPDX-License-Identifier: Apache-2.0
/* Tables for people and for programs; see out.h. */
#include "ctl/print/out.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/scope.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/print/fold.h"
#include "ctl/print/pager.h"
#include "ctl/print/units.h"

#define CELL_MAX 1200 /* bytes of a text with everything escaped */
#define OBJECT_AT 18 /* columns in front of an object's values */

size_t ctl_screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	uint64_t n = 0;
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns && crl_parse_uint(columns, 20, 10000, &n) == 0)
		return (size_t)n;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 0;
}

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
	char text[32], offset[8];
	struct tm tm;

	if (since == 0 || !localtime_r(&at, &tm)) {
		ctl_no_cell(t);
		return;
	}
	(void)strftime(text, sizeof(text), full ? "%Y-%m-%dT%H:%M:%S" : "%m-%d %H:%M", &tm);
	(void)strftime(offset, sizeof(offset), "%z", &tm);
	if (full)
		ctl_cell(t, "%s%.3s:%s", text, offset, offset + 3);
	else
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
	return cell && cell[0] ? crl_visible_line(buf, CELL_MAX, cell) : "-";
}

static void print_json_text(const char *text)
{
	(void)putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p == '"' || *p == '\\')
			(void)printf("\\%c", *p);
		else if (*p < ' ' || *p >= 0x7f)
			(void)printf("\\u%04x", *p); /* byte for byte: names need not be UTF-8 */
		else
			(void)putchar(*p);
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

void ctl_json_row(const struct ctl_table *t, bool first)
{
	(void)printf("%s\n", first ? "[" : ",");
	print_json_row(t, t->cell);
}

void ctl_json_end(bool any)
{
	(void)printf("%s\n]\n", any ? "" : "[");
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

/* One row being printed: the text of each cell that is still to come. */
struct row {
	const struct ctl_table *table;
	const struct ctl_fold *fold;
	char (*buf)[CELL_MAX];
	const char *rest[CTL_FOLD_COLUMNS];
};

/* Blanks are written when something comes behind them. */
static void put(size_t *blanks, const char *text, size_t len)
{
	if (len == 0)
		return;
	(void)printf("%*s%.*s", (int)*blanks, "", (int)len, text);
	*blanks = 0;
}

/* One line of the screen: the next piece of each cell of a band. */
static void print_pieces(struct row *r, size_t band)
{
	size_t blanks = band > 0 ? CTL_FOLD_INDENT : 0;

	for (size_t i = 0; i < r->fold->columns; i++) {
		size_t width = r->fold->width[i], skip, len;

		if (r->fold->band[i] != band)
			continue;
		len = ctl_fold_take(r->rest[i], width, &skip);
		if (r->table->column[i].number)
			blanks += width - len;
		put(&blanks, r->rest[i], len);
		blanks += CTL_FOLD_GAP + (r->table->column[i].number ? 0 : width - len);
		r->rest[i] += len + skip;
	}
	(void)putchar('\n');
}

static bool has_more(const struct row *r, size_t band)
{
	for (size_t i = 0; i < r->fold->columns; i++)
		if (r->fold->band[i] == band && r->rest[i][0])
			return true;
	return false;
}

/* @cell  NULL = the titles */
static void print_row(struct row *r, char **cell)
{
	for (size_t i = 0; i < r->fold->columns; i++)
		r->rest[i] = cell ? shown(cell[i], r->buf[i]) : r->table->column[i].title;
	for (size_t band = 0; band < r->fold->bands; band++)
		do
			print_pieces(r, band);
		while (has_more(r, band));
}

static void plan(const struct ctl *c, const struct ctl_table *t, struct ctl_fold *ret)
{
	struct ctl_fold_column column[CTL_FOLD_COLUMNS];

	for (size_t i = 0; i < t->columns && i < CRL_ARRAY_LEN(column); i++)
		column[i] = (struct ctl_fold_column){width_of(t, i), strlen(t->column[i].title), t->column[i].number};
	ctl_fold_plan(ret, column, t->columns, c->width);
}

void ctl_table_print(const struct ctl *c, const struct ctl_table *t)
{
	struct ctl_fold fold;
	struct row r = {.table = t, .fold = &fold};

	if (c->json) {
		ctl_pager_start(c, t->cells / t->columns + 1);
		print_json(t);
		return;
	}
	plan(c, t, &fold);
	ctl_pager_start(c, (t->cells / t->columns + 1) * fold.bands);
	r.buf = calloc(t->columns, sizeof(*r.buf));
	if (!r.buf)
		abort();
	if (c->colour)
		(void)printf("\033[1m");
	print_row(&r, NULL);
	if (c->colour)
		(void)printf("\033[0m");
	for (size_t row = 0; row * t->columns < t->cells; row++)
		print_row(&r, t->cell + row * t->columns);
	free(r.buf);
}

void ctl_print_text(const struct ctl *c, size_t indent, const char *text)
{
	size_t skip, len, width = c->width > 2 * indent ? c->width - indent : SIZE_MAX;

	do {
		len = ctl_fold_take(text, width == SIZE_MAX ? strlen(text) : width, &skip);
		(void)printf("%.*s\n", (int)len, text);
		text += len + skip;
		if (text[0])
			(void)printf("%*s", (int)indent, "");
	} while (text[0]);
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
		(void)printf(":%*s", (int)(OBJECT_AT - 1 - strlen(t->column[i].title)), "");
		ctl_print_text(c, OBJECT_AT, shown(t->cell[i], buf));
	}
}

/* Reasons that are the machine's and not the words' own: most texts say what could not be done. */
static bool is_reason(int code)
{
	static const int codes[] = {ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, EFBIG, ETXTBSY};

	for (size_t i = 0; i < CRL_ARRAY_LEN(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

enum ctl_exit ctl_error(const struct ctl *c, const struct crl_err *err)
{
	char buf[CELL_MAX];

	(void)fflush(stdout); /* both may go to one place: in order */
	(void)fprintf(stderr, "carrelctl %s: ", c->command);
	if (err->file[0] && err->line > 0)
		(void)fprintf(stderr, "%s:%d: ", err->file, err->line);
	else if (err->file[0])
		(void)fprintf(stderr, "%s: ", err->file);
	(void)fputs(crl_visible_line(buf, sizeof(buf), err->text), stderr);
	if (is_reason(err->code) && !strstr(err->text, strerrordesc_np(err->code)))
		(void)fprintf(stderr, ": %s", strerrordesc_np(err->code));
	(void)fputc('\n', stderr);
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
	(void)fprintf(stderr, "carrelctl %s: %s\n", c->command, crl_visible_line(buf, sizeof(buf), text));
	return status;
}
