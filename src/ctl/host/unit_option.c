// SPDX-License-Identifier: Apache-2.0
/* An option in the files of a unit; see sandboxed.h. Source: systemd.unit(5), systemd.syntax(7). */
#include "ctl/host/unit_option.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/scope.h"
#include "ctl/host/sandboxed.h"

/* The first that has a file of a name counts. */
static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
				   "/usr/lib/systemd/system", "/lib/systemd/system"};

#define DROPINS_MAX 64

static bool is_off(const char *value)
{
	static const char *const off[] = {"", "no", "false", "off", "0", "n", "f"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(off); i++)
		if (strcasecmp(value, off[i]) == 0)
			return true;
	return false;
}

/* Take what the file says over what was said before. @name  of the file, without the root */
static void read_option(const char *root, const char *name, const char *option, struct ctl_unit_option *ret)
{
	scoped_free char *line = NULL;
	size_t size = 0, len = strlen(option);
	char path[PATH_MAX];
	scoped_file *f = NULL;

	(void)snprintf(path, sizeof(path), "%s%s", root, name);
	f = fopen(path, "re");
	for (int number = 1; f && getline(&line, &size, f) > 0; number++) {
		char *p = line + strspn(line, " \t"), *end;

		if (strncmp(p, option, len) != 0)
			continue;
		p += len + strspn(p + len, " \t");
		if (*p != '=')
			continue;
		p += 1 + strspn(p + 1, " \t");
		for (end = p + strcspn(p, "\n"); end > p && strchr(" \t\r", end[-1]); end--)
			;
		*end = '\0';
		(void)snprintf(ret->value, sizeof(ret->value), "%s", p);
		(void)snprintf(ret->file, sizeof(ret->file), "%s", is_off(p) ? "" : name);
		ret->line = number;
	}
}

struct dropin {
	char name[NAME_MAX + 1];
	const char *dir;
	char of[SANDBOXED_UNIT_MAX]; /* what the directory is named after */
};

static int by_name(const void *a, const void *b)
{
	const struct dropin *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Of one name, that of the first directory. */
static void list_dropins(const char *root, const char *of, const char *dir, struct dropin *list, size_t *len)
{
	char path[PATH_MAX];
	scoped(crl_dir) walk = {0};

	(void)snprintf(path, sizeof(path), "%s%s/%s.d", root, dir, of);
	(void)crl_dir_follow(AT_FDCWD, path, &walk);
	for (const char *name; *len < DROPINS_MAX && (name = crl_dir_next(&walk));) {
		const char *dot = strrchr(name, '.');
		bool known = false;

		for (size_t i = 0; i < *len; i++)
			known = known || strcmp(list[i].name, name) == 0;
		if (known || name[0] == '.' || !dot || strcmp(dot, ".conf") != 0)
			continue;
		(void)snprintf(list[*len].name, sizeof(list[0].name), "%s", name);
		(void)snprintf(list[*len].of, sizeof(list[0].of), "%s", of);
		list[(*len)++].dir = dir;
	}
}

/* "ssh@3.service" is made from "ssh@.service". */
static const char *template_of(const char *unit, char *buf, size_t size)
{
	const char *at = strchr(unit, '@');

	if (!at)
		return unit;
	(void)snprintf(buf, size, "%.*s@.service", (int)(at - unit), unit);
	return buf;
}

bool ctl_unit_option_find(const char *root, const char *unit, const char *option, struct ctl_unit_option *ret)
{
	char made_from[SANDBOXED_UNIT_MAX + 16], path[PATH_MAX], full[PATH_MAX];
	const char *const of[] = {unit, template_of(unit, made_from, sizeof(made_from)), "service"};
	scoped_free struct dropin *list = calloc(DROPINS_MAX, sizeof(*list));
	bool found = false;
	size_t len = 0;

	*ret = (struct ctl_unit_option){.line = 0};
	for (size_t k = 0; k < 2 && !found; k++)
		for (size_t i = 0; i < CRL_ARRAY_LEN(dirs) && !found; i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], of[k]);
			(void)snprintf(full, sizeof(full), "%s%s", root, path);
			found = access(full, R_OK) == 0;
			if (found)
				read_option(root, path, option, ret);
		}
	for (size_t i = 0; list && i < CRL_ARRAY_LEN(dirs); i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(of); k++)
			list_dropins(root, of[k], dirs[i], list, &len);
	if (len > 0)
		qsort(list, len, sizeof(*list), by_name);
	for (size_t i = 0; i < len; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.d/%s", list[i].dir, list[i].of, list[i].name);
		read_option(root, path, option, ret);
	}
	return ret->file[0];
}
