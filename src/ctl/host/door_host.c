// SPDX-License-Identifier: Apache-2.0
/* What is on the host. See doors.h. */

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/host/doors.h"

#define FILES_MOST 10000 /* of one directory: a spool may have any number */

void ctl_door_say(const struct ctl_doors *d, const char *file, int line, const char *mend, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->tell(d->arg, file, line, mend, text);
}

void ctl_door_path(const struct ctl_doors *d, const char *path, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s", d->root, path);
}

bool ctl_door_exists(const struct ctl_doors *d, const char *path)
{
	char full[PATH_MAX];

	ctl_door_path(d, path, full, sizeof(full));
	return access(full, F_OK) == 0;
}

bool ctl_door_word(const char *line, int n, char *ret, size_t size)
{
	for (;; n--) {
		size_t len;

		line += strspn(line, " \t");
		len = strcspn(line, " \t");
		if (len == 0)
			return false;
		if (n == 0) {
			(void)snprintf(ret, size, "%.*s", (int)len, line);
			return true;
		}
		line += len;
	}
}

bool ctl_door_finds(const struct ctl_doors *d, const char *paths, char *ret)
{
	for (int i = 0; ctl_door_word(paths, i, ret, PATH_MAX); i++)
		if (ctl_door_exists(d, ret))
			return true;
	return false;
}

static bool matches(const struct ctl_doors *d, const char *pattern, const char *name, const char *end)
{
	char full[PATH_MAX];
	glob_t found;
	bool any;

	(void)snprintf(full, sizeof(full), "%s%s%s%s", d->root, pattern, name, end);
	any = glob(full, GLOB_NOSORT, NULL, &found) == 0;
	globfree(&found);
	return any;
}

static bool is_enabled(const struct ctl_doors *d, const char *name)
{
	return matches(d, "/etc/systemd/system/*.wants/", name, ".service") ||
	       matches(d, "/etc/systemd/system/*.wants/", name, ".socket") ||
	       matches(d, "/etc/rc[2345].d/S[0-9][0-9]", name, "");
}

/* The name that a process of root's has. A user may call theirs as they like. */
static bool is_process(int proc, const char *pid, const char *names)
{
	char path[64], comm[32] = "", name[64];
	scoped_fd fd = -EBADF;
	struct stat st;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.16s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 || fstat(fd, &st) < 0 || st.st_uid != 0 ? -1 : crl_file_read_fd(fd, comm, sizeof(comm));
	if (n <= 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	for (int i = 0; ctl_door_word(names, i, name, sizeof(name)); i++)
		if (strncmp(comm, name, 15) == 0 && strlen(comm) == strnlen(name, 15)) /* the kernel cuts it */
			return true;
	return false;
}

static bool is_running(const struct ctl_doors *d, const char *names)
{
	char path[PATH_MAX];
	bool running = false;
	scoped(crl_dir) dir = {0};

	ctl_door_path(d, "/proc", path, sizeof(path));
	(void)crl_dir_follow(AT_FDCWD, path, &dir);
	for (const char *pid; !running && (pid = crl_dir_next(&dir));)
		running = isdigit((unsigned char)pid[0]) && is_process(crl_dir_fd(&dir), pid, names);
	return running;
}

bool ctl_door_is_served(const struct ctl_doors *d, const char *names)
{
	char name[64];

	for (int i = 0; ctl_door_word(names, i, name, sizeof(name)); i++)
		if (is_enabled(d, name))
			return true;
	return is_running(d, names);
}

bool ctl_door_lines(const struct ctl_doors *d, const char *path, ctl_door_line *each, void *arg)
{
	char full[PATH_MAX];
	scoped_fd fd = -EBADF;
	scoped_free char *text = NULL;
	struct stat st;
	size_t len;
	int number = 1;

	ctl_door_path(d, path, full, sizeof(full));
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || crl_file_read_all(fd, &text, &len) < 0)
		return false;
	for (char *line = text, *end; line; line = end ? end + 1 : NULL, number++) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (!each(arg, line, number))
			break;
	}
	return true;
}

void ctl_door_files(const struct ctl_doors *d, const char *dir_path, ctl_door_file *each, void *arg)
{
	char full[PATH_MAX], path[PATH_MAX];
	size_t n = 0;
	scoped(crl_dir) dir = {0};

	ctl_door_path(d, dir_path, full, sizeof(full));
	(void)crl_dir_follow(AT_FDCWD, full, &dir);
	for (const char *name; n < FILES_MOST && (name = crl_dir_next(&dir)); n++) {
		struct stat st;

		if (name[0] == '.' || fstatat(crl_dir_fd(&dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir_path, name);
		each(arg, path, name);
	}
}

bool ctl_door_names_home(const char *text, const char *home)
{
	size_t len = strlen(home);

	for (const char *p = text; len > 1 && (p = strstr(p, home)); p += len)
		if (p[len] == '/')
			return true;
	return strstr(text, "~/") || strstr(text, "$HOME/") || strstr(text, "${HOME}/");
}
