// SPDX-License-Identifier: Apache-2.0
/* What was found: collected, judged by what the configuration acknowledges, and printed. See findings.h. */
#include "ctl/check/findings.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/print/out.h"
#include "policy/file/load.h"

enum finding_column { LEVEL, AT_FILE, AT_LINE, FINDING, MEND, ID, ACKNOWLEDGED };

/* The last one is for programs: people see it in the level. */
const struct ctl_column ctl_findings_column[CTL_FINDINGS_COLUMNS] = {
	[LEVEL] = {"LEVEL", false},
	[AT_FILE] = {"FILE", false},
	[AT_LINE] = {"LINE", true},
	[FINDING] = {"FINDING", false},
	[MEND] = {"MEND", false},
	[ID] = {"ID", false},
	[ACKNOWLEDGED] = {"ACKNOWLEDGED", true},
};

static const char *const level_name[] = {[CTL_NOTE] = "note", [CTL_WARNING] = "warning", [CTL_ERROR] = "error"};

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A parent's error is met again in each of its children. */
static bool is_known(const struct ctl_table *t, const char *file, const char *line, const char *text)
{
	for (size_t i = 0; i < t->cells; i += t->columns)
		if (is_same(t->cell[i + AT_FILE], file) && is_same(t->cell[i + AT_LINE], line) &&
		    is_same(t->cell[i + FINDING], text))
			return true;
	return false;
}

/* Of the text alone, without the lines that it names: they move when something else is written above. */
static uint32_t id_of(const char *text)
{
	uint32_t h = 0x811c9dc5u;

	for (const char *p = text; *p; p++) {
		while (p > text && p[-1] == ':' && isdigit((unsigned char)*p))
			p += strspn(p, "0123456789");
		if (!*p)
			break;
		h = (h ^ (unsigned char)*p) * 0x01000193u; /* FNV-1a */
	}
	return h;
}

void ctl_find(struct ctl_findings *f, enum ctl_level level, const char *file, int line, const char *mend,
	      const char *fmt, ...)
{
	struct ctl_table *t = &f->table;
	char text[512], at[16] = "";
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(at, sizeof(at), "%d", line);
	if (is_known(t, file && file[0] ? file : NULL, line > 0 ? at : NULL, text))
		return;
	f->count[level]++;
	ctl_cell(t, "%s", level_name[level]);
	if (file && file[0])
		ctl_cell(t, "%s", file);
	else
		ctl_no_cell(t);
	if (line > 0)
		ctl_cell(t, "%s", at);
	else
		ctl_no_cell(t);
	ctl_cell(t, "%s", text);
	ctl_cell(t, "%s", mend);
	ctl_cell(t, "%08x", (unsigned int)id_of(text));
	ctl_cell(t, "false");
}

static enum ctl_level level_of(const char *name)
{
	return strcmp(name, level_name[CTL_ERROR]) == 0     ? CTL_ERROR
	       : strcmp(name, level_name[CTL_WARNING]) == 0 ? CTL_WARNING
							    : CTL_NOTE;
}

static bool is_acknowledged(char *const *row)
{
	return strcmp(row[ACKNOWLEDGED], "true") == 0;
}

/* An error refuses logins, whoever knows of it. */
static bool acknowledge(struct ctl_findings *f, const char *id, bool *ret_error)
{
	struct ctl_table *t = &f->table;
	bool found = false;

	for (size_t i = 0; i < t->cells; i += t->columns) {
		enum ctl_level level = level_of(t->cell[i + LEVEL]);

		if (strcmp(t->cell[i + ID], id) != 0)
			continue;
		found = true;
		*ret_error = *ret_error || level == CTL_ERROR;
		if (level == CTL_ERROR || is_acknowledged(t->cell + i))
			continue;
		f->count[level]--;
		f->acknowledged++;
		free(t->cell[i + ACKNOWLEDGED]);
		t->cell[i + ACKNOWLEDGED] = strdup("true");
		if (!t->cell[i + ACKNOWLEDGED])
			abort();
	}
	return found;
}

void ctl_findings_acknowledge(struct ctl_findings *f, const struct crl_config *config, bool all)
{
	struct crl_item_place at;
	const char *id;

	for (size_t i = 0; config && (id = crl_config_acknowledged(config, i, &at)); i++) {
		bool error = false, found = acknowledge(f, id, &error);

		if (error)
			ctl_find(f, CTL_NOTE, at.file, at.line, "take it out of acknowledged",
				 "acknowledged: %s is an error, which counts all the same", id);
		else if (!found && all)
			ctl_find(f, CTL_NOTE, at.file, at.line, "take it out of acknowledged",
				 "acknowledged: nothing that was found has the id %s", id);
	}
}

static bool is_shown(const struct ctl *c, char *const *row)
{
	return c->all || (!is_acknowledged(row) && (c->notes || level_of(row[LEVEL]) != CTL_NOTE));
}

/* What people see: one column less, and what they asked for. */
static bool print_table(const struct ctl *c, const struct ctl_table *t)
{
	struct ctl_table shown = {.column = ctl_findings_column, .columns = ACKNOWLEDGED};
	bool any;

	for (size_t i = 0; i < t->cells; i += t->columns) {
		char *const *row = t->cell + i;

		if (!is_shown(c, row))
			continue;
		ctl_cell(&shown, "%s", is_acknowledged(row) ? "acknowledged" : row[LEVEL]);
		for (size_t k = AT_FILE; k < shown.columns; k++)
			if (row[k])
				ctl_cell(&shown, "%s", row[k]);
			else
				ctl_no_cell(&shown);
	}
	any = shown.cells > 0;
	if (any)
		ctl_table_print(c, &shown);
	ctl_table_done(&shown);
	return any;
}

static void count(const char *before, size_t n, const char *what, const char *how)
{
	if (n > 0 || !how)
		(void)printf("%s%zu %s%s%s", before, n, what, n == 1 || strcmp(what, "acknowledged") == 0 ? "" : "s",
			     how ? how : "");
}

static void print_summary(const struct ctl *c, const struct ctl_findings *f)
{
	count("", f->count[CTL_ERROR], "error", NULL);
	count(", ", f->count[CTL_WARNING], "warning", NULL);
	count(", ", f->count[CTL_NOTE], "note", c->notes || c->all ? "" : " (--notes shows them)");
	count(", ", f->acknowledged, "acknowledged", c->all ? "" : " (--all shows them)");
	(void)putchar('\n');
}

void ctl_findings_print(const struct ctl *c, struct ctl_findings *f)
{
	if (c->json) {
		ctl_table_print(c, &f->table);
	} else {
		if (print_table(c, &f->table))
			(void)putchar('\n');
		print_summary(c, f);
	}
	ctl_findings_done(f);
}

void ctl_findings_done(struct ctl_findings *f)
{
	ctl_table_done(&f->table);
}

void ctl_findings_subtract(struct ctl_findings *f, const struct ctl_findings *before)
{
	struct ctl_table *t = &f->table;
	size_t kept = 0;

	for (size_t i = 0; i < t->cells; i += t->columns) {
		bool is_old =
			is_known(&before->table, t->cell[i + AT_FILE], t->cell[i + AT_LINE], t->cell[i + FINDING]);

		if (is_old)
			f->count[level_of(t->cell[i + LEVEL])]--;
		for (size_t k = i; k < i + t->columns; k++)
			if (is_old)
				free(t->cell[k]);
			else
				t->cell[kept++] = t->cell[k];
	}
	t->cells = kept;
}
