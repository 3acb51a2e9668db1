// SPDX-License-Identifier: Apache-2.0
/* See pamunits.h. */
#include "ctl/host/pamunits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/scope.h"

static const char *const unit_dirs[] = {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
					"/usr/lib/systemd/system", "/lib/systemd/system"};

/* Services of daemons that act for others and stay on the host, on every distribution. */
static const struct {
	const char *service, *what;
} known[] = {
	{"systemd-user", "user@.service, every user's own service manager"},
	{"polkit-1", "polkitd"},
	{"systemd-run0", "run0, which starts a unit"},
};

static bool names(const char *path, const char *service)
{
	scoped_free char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");
	bool found = false;

	while (f && getline(&line, &size, f) > 0) {
		const char *p = line + strspn(line, " \t");

		if (strncmp(p, "PAMName", 7) != 0)
			continue;
		p += 7 + strspn(p + 7, " \t");
		if (*p != '=')
			continue;
		p++;
		p += strspn(p, " \t");
		found = strncmp(p, service, strlen(service)) == 0 &&
			strchr(" \t\r\n", p[strlen(service)]); /* the last one counts */
	}
	if (f)
		(void)fclose(f);
	return found;
}

/* Unit files, and one level of their drop-ins. */
static bool search(const char *dir, const char *service, bool dropins, char *ret, size_t size)
{
	scoped(crl_dir) walk = {0};
	bool found = false;

	(void)crl_dir_follow(AT_FDCWD, dir, &walk);
	for (const char *name; !found && (name = crl_dir_next(&walk));) {
		const char *dot = strrchr(name, '.');
		char path[PATH_MAX];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (!dot || name[0] == '.' || stat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			found = !dropins && strcmp(dot, ".d") == 0 && search(path, service, true, ret, size);
		else if (S_ISREG(st.st_mode) &&
			 (strcmp(dot, ".service") == 0 || (dropins && strcmp(dot, ".conf") == 0)) &&
			 names(path, service)) {
			(void)snprintf(ret, size, "%s", path);
			found = true;
		}
	}
	return found;
}

bool ctl_pam_is_of_unit(const char *service, char *ret_unit, size_t size)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++) {
		if (strcmp(known[i].service, service) == 0) {
			(void)snprintf(ret_unit, size, "%s", known[i].what);
			return true;
		}
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(unit_dirs); i++)
		if (search(unit_dirs[i], service, false, ret_unit, size))
			return true;
	return false;
}
