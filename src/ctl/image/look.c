// SPDX-License-Identifier: Apache-2.0
/* See look.h. R1: whatever stands in the image, nothing outside of it is opened, and nothing that could block. */
#include "ctl/image/look.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "ctl/image/elf.h"

#define LIBRARIES_MAX 256 /* that one program needs */
#define SCRIPTS_MAX 4 /* interpreters that are scripts */
#define WHY 256
#define INSTALL 64
#define PATHS_MAX (4 * CTL_ELF_PATH_MAX)

/* Where glibc and musl look, on Debian and elsewhere; what ld.so.conf has comes before. */
#define LIBRARY_DIRS \
	"/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:" \
	"/lib/riscv64-linux-gnu:/usr/lib/riscv64-linux-gnu:/lib/arm-linux-gnueabihf:/usr/lib/arm-linux-gnueabihf:" \
	"/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib"

/* R1. @resolve  more RESOLVE_* */
static int open_by(int root, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd)
{
	struct open_how how = {.flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			       .resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	long fd;

	if (flags & O_PATH)
		how.flags &= ~(uint64_t)(O_NOCTTY | O_NONBLOCK);
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

static int open_in(int root, const char *path, uint64_t flags, int *ret_fd)
{
	return open_by(root, path, flags, 0, ret_fd);
}

/* A FIFO or device is opened by nobody: -EINVAL. */
static int open_file(int root, const char *path, int *ret_fd)
{
	scoped_fd at = -EBADF, fd = -EBADF;
	struct stat st;
	int rc = open_in(root, path, O_PATH, &at);

	if (rc < 0)
		return rc;
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	rc = open_in(root, path, O_RDONLY, &fd); /* an image does not change */
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

static bool has_kind(int root, const char *path, mode_t kind)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	return open_in(root, path, O_PATH, &fd) == 0 && fstat(fd, &st) == 0 && (!kind || (st.st_mode & S_IFMT) == kind);
}

bool ctl_look_is_there(int root, const char *path)
{
	return has_kind(root, path, 0);
}

bool ctl_look_is_behind_link(int root, const char *path)
{
	scoped_fd fd = -EBADF;

	return open_by(root, path, O_PATH, RESOLVE_NO_SYMLINKS, &fd) == -ELOOP;
}

bool ctl_look_is_dir(int root, const char *path)
{
	return has_kind(root, path, S_IFDIR);
}

ssize_t ctl_look_read(int root, const char *path, char *buf, size_t size)
{
	scoped_fd fd = -EBADF;
	int rc = open_file(root, path, &fd);

	buf[0] = '\0';
	return rc < 0 ? rc : crl_file_read_fd(fd, buf, size);
}

/* A library of that name in one of the directories, which stand in one text with ":" between. */
static bool is_in(int root, const char *dirs, const char *name)
{
	char path[2 * CTL_ELF_PATH_MAX];

	for (size_t len; *dirs; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)len, dirs, name);
		if (len > 0 && dirs[0] == '/' && has_kind(root, path, S_IFREG))
			return true;
	}
	return false;
}

/* Its cache is the loader's own text: what it names is looked for in the places that the cache was made from. */
static bool is_configured(int root, const char *name)
{
	char text[4096];
	ssize_t n = ctl_look_read(root, "/etc/ld.so.conf", text, sizeof(text));
	char *save = NULL;

	if (n <= 0)
		return false;
	for (const char *dir = strtok_r(text, " \t\n,:", &save); dir; dir = strtok_r(NULL, " \t\n,:", &save))
		if (dir[0] == '/' && is_in(root, dir, name))
			return true;
	return false;
}

bool ctl_look_library(int root, const char *name)
{
	return strchr(name, '/') ? has_kind(root, name, S_IFREG)
				 : is_in(root, LIBRARY_DIRS, name) || is_configured(root, name);
}

/* "$ORIGIN/../lib" of a file in /opt/x/bin is /opt/x/bin/../lib. Cut where it is too long: then it is not found. */
static void take_origin(const char *paths, const char *file, char *ret)
{
	const char *slash = strrchr(file, '/');
	size_t at = 0;

	for (const char *p = paths; *p && at + CTL_ELF_PATH_MAX < PATHS_MAX;) {
		size_t skip = strncmp(p, "$ORIGIN", 7) == 0 ? 7 : strncmp(p, "${ORIGIN}", 9) == 0 ? 9 : 0;

		if (skip > 0 && slash)
			at += (size_t)snprintf(ret + at, CTL_ELF_PATH_MAX, "%.*s", (int)(slash - file), file);
		else
			ret[at++] = *p;
		p += skip > 0 ? skip : 1;
	}
	ret[at] = '\0';
}

/* Where a library is that is there: for those that it needs in turn. */
static bool find_library(int root, const char *paths, const char *name, char *ret)
{
	const char *const all[] = {paths, LIBRARY_DIRS};

	for (size_t i = 0; i < CRL_ARRAY_LEN(all); i++)
		for (const char *dirs = all[i]; *dirs;) {
			size_t len = strcspn(dirs, ":");

			(void)snprintf(ret, 2 * CTL_ELF_PATH_MAX, "%.*s/%s", (int)len, dirs, name);
			if (len > 0 && has_kind(root, ret, S_IFREG))
				return true;
			dirs += len + (dirs[len] == ':');
		}
	return false;
}

struct loading {
	int root;
	struct crl_words seen;
	char *why, *install;
};

static bool lacks(const struct loading *l, const char *install, const char *text, const char *what)
{
	char shown[WHY - 64];

	(void)snprintf(l->why, WHY, "%s%s", text, crl_visible_line(shown, sizeof(shown), what));
	(void)snprintf(l->install, INSTALL, "%s", install);
	return false;
}

static bool was_seen(struct loading *l, const char *name)
{
	bool seen = crl_words_has(&l->seen, name);

	if (!seen && crl_words_add(&l->seen, name) < 0)
		return true;
	crl_words_sort(&l->seen);
	return seen;
}

static bool loads(struct loading *l, const char *path, const struct ctl_elf *e)
{
	char dirs[PATHS_MAX], where[2 * CTL_ELF_PATH_MAX];
	bool good = true;

	take_origin(e->paths, path, dirs);
	for (size_t i = 0; good && i < e->needed.len; i++) {
		scoped(ctl_elf) next = {.needed.len = 0};
		const char *name = e->needed.item[i];
		scoped_fd fd = -EBADF;

		if (was_seen(l, name) || l->seen.len > LIBRARIES_MAX)
			continue;
		if (!find_library(l->root, dirs, name, where)) {
			good = is_configured(l->root, name) || lacks(l, "", "the library is missing: ", name);
			continue;
		}
		if (open_file(l->root, where, &fd) < 0 || ctl_elf_read(fd, &next) < 0)
			return lacks(l, "", "no library of this machine: ", where);
		good = loads(l, where, &next);
	}
	return good;
}

/* "#!/bin/sh -e" */
static bool script_of(int fd, char *ret)
{
	char line[CTL_ELF_PATH_MAX];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	size_t at = 2;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	at += strspn(line + at, " \t");
	line[at + strcspn(line + at, " \t\n")] = '\0';
	(void)snprintf(ret, CTL_ELF_PATH_MAX, "%s", line + at);
	return true;
}

static bool runs(struct loading *l, const char *program, int depth)
{
	scoped(ctl_elf) e = {.needed.len = 0};
	char script[CTL_ELF_PATH_MAX];
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = open_file(l->root, program, &fd);

	if (rc < 0)
		return lacks(l, "", "not there: ", program);
	if (fstat(fd, &st) < 0 || !(st.st_mode & 0001))
		return lacks(l, "", "users may not run it: ", program);
	if (depth < SCRIPTS_MAX && script_of(fd, script))
		return runs(l, script, depth + 1);
	rc = ctl_elf_read(fd, &e);
	if (rc == -EXDEV)
		return lacks(l, "", "it is for another machine: ", program);
	if (rc < 0)
		return lacks(l, "", "no program, or a damaged one: ", program);
	if (e.loader[0] && !has_kind(l->root, e.loader, S_IFREG))
		return lacks(l, strstr(e.loader, "musl") ? "musl" : "libc6", "its loader is missing: ", e.loader);
	return loads(l, program, &e);
}

bool ctl_look_runs(int root, const char *program, char *why, char *install)
{
	struct loading l = {.root = root, .why = why, .install = install};
	bool good;

	why[0] = install[0] = '\0';
	good = runs(&l, program, 0);
	crl_words_done(&l.seen);
	return good;
}
