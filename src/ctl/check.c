// SPDX-License-Identifier: Apache-2.0
/* carrelctl check: the whole configuration, and what of this host it depends on. */
#include "ctl/ctl.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/findings.h"
#include "door/off.h"

const struct ctl_column findings_column[FINDINGS_COLUMNS] = {
	{"LEVEL", false}, {"FILE", false}, {"LINE", true}, {"FINDING", false}, {"MEND", false}};

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A parent's error is met again in each of its children. */
static bool is_known(const struct ctl_table *t, const char *file, const char *line, const char *text)
{
	for (size_t i = 0; i < t->cells; i += t->columns)
		if (is_same(t->cell[i + 1], file) && is_same(t->cell[i + 2], line) && is_same(t->cell[i + 3], text))
			return true;
	return false;
}

void find(struct findings *f, enum level level, const char *file, int line, const char *mend, const char *fmt, ...)
{
	char text[512], at[16] = "";
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(at, sizeof(at), "%d", line);
	if (is_known(&f->table, file && file[0] ? file : NULL, line > 0 ? at : NULL, text))
		return;
	f->errors += level == ERROR;
	f->warnings += level == WARNING;
	ctl_cell(&f->table, "%s", level == ERROR ? "error" : "warning");
	if (file && file[0])
		ctl_cell(&f->table, "%s", file);
	else
		ctl_no_cell(&f->table);
	if (line > 0)
		ctl_cell(&f->table, "%s", at);
	else
		ctl_no_cell(&f->table);
	ctl_cell(&f->table, "%s", text);
	ctl_cell(&f->table, "%s", mend);
}

static void check_switch(struct findings *f, const struct ctl *c)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_off_is_set(c->config, path, sizeof(path), &why))
		find(f, WARNING, path, 0, "remove the file", "carrel is switched off: nobody who logs in now is isolated");
	else if (why.code)
		find(f, WARNING, path, 0, "chown root, chmod 644, or remove the file", "%s", why.text);
}

/* Else what was not found out would look like what is in order. */
static void check_caller(struct findings *f)
{
	if (geteuid() != 0)
		find(f, WARNING, NULL, 0, "sudo carrelctl check",
		     "not asked by root: no rooms were made to try the rules, and nothing was seen of what only root can read "
		     "(sudoers, crontabs, root's keys)");
}

void check_config(struct findings *f, const char *path, struct crl_config **ret)
{
	struct crl_config *config = NULL;
	struct crl_err err = {0};

	if (crl_config_load(path, &config, &err) < 0) {
		find(f, ERROR, err.file[0] ? err.file : path, err.line,
		     err.line > 0 ? "mend the line: no login gets in" : "mend the file, or put one there: no login gets in", "%s",
		     err.text);
	} else {
		check_policies(f, config);
		check_rules(f, config);
	}
	*ret = config;
}

void print_findings(const struct ctl *c, struct findings *f)
{
	if (c->json || f->table.cells > 0)
		ctl_table_print(c, &f->table);
	if (!c->json)
		(void)printf("%s%zu error%s, %zu warning%s\n", f->table.cells > 0 ? "\n" : "", f->errors,
			     f->errors == 1 ? "" : "s", f->warnings, f->warnings == 1 ? "" : "s");
	findings_done(f);
}

void findings_done(struct findings *f)
{
	ctl_table_done(&f->table);
}

void findings_subtract(struct findings *f, const struct findings *before)
{
	struct ctl_table *t = &f->table;
	size_t kept = 0;

	for (size_t i = 0; i < t->cells; i += t->columns) {
		bool is_error = strcmp(t->cell[i], "error") == 0;
		bool is_old = is_known(&before->table, t->cell[i + 1], t->cell[i + 2], t->cell[i + 3]);

		if (is_old) {
			f->errors -= is_error;
			f->warnings -= !is_error;
		}
		for (size_t k = i; k < i + t->columns; k++) {
			if (is_old)
				free(t->cell[k]);
			else
				t->cell[kept++] = t->cell[k];
		}
	}
	t->cells = kept;
}

void check_for_service(struct findings *f, const struct ctl *c, const struct pam_view *v,
		       const struct crl_config *config, const char *service)
{
	check_kernel(f);
	check_module(f, c, v);
	check_manager_unit(f, v, config);
	if (config) {
		check_power(f, c, v, config, service);
		check_rehearse(f, c, config, service);
	}
}

enum ctl_exit ctl_check(const struct ctl *c, int argc, char **argv)
{
	struct findings f = {.table = {.column = findings_column, .columns = FINDINGS_COLUMNS}};
	const struct pam_view view = {.dir = c->pam_dir};
	struct crl_config *config = NULL;
	char path[PATH_MAX];

	(void)argc, (void)argv;
	check_caller(&f);
	check_trial(&f, c, path);
	check_config(&f, path, &config);
	check_members(&f);
	if (config) {
		check_nsswitch(&f, config);
		check_logind(&f, config);
	}
	check_pam(&f, &view, config);
	check_undo(&f, &view, config);
	check_manager(&f, &view, config);
	check_doors(&f, &view, config);
	check_switch(&f, c);
	check_for_service(&f, c, &view, config, NULL);
	crl_config_free(config);
	print_findings(c, &f);
	return f.errors > 0 ? CTL_NO : CTL_YES;
}
