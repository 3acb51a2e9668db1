// SPDX-License-Identifier: Apache-2.0
/* See path.h. */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/root.h"

#define LINKS_MAX 8

/* A walk from "/": where it is, and what is left of the path. */
struct trusted_walk {
	const char *path; /* as asked for, for messages */
	enum crl_path_kind kind;
	enum crl_stage stage;
	struct crl_err *err;
	int dir; /* O_PATH descriptor of the directory reached */
	int links;
	char rest[PATH_MAX];
};

CRL_PRINTF(3, 4) static int refuse(const struct trusted_walk *w, int code, const char *fmt, ...)
{
	char text[CRL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return crl_err_set(w->err, code, w->stage, "%s: found %s", w->path, text);
}

static int refuse_errno(const struct trusted_walk *w, int code, const char *name)
{
	return crl_err_set(w->err, code, w->stage, "%s: cannot open \"%s\": %s", w->path, name, strerrordesc_np(code));
}

static bool owner_is_trusted(const struct stat *st)
{
	return crl_hostroot_owns(st) || (!crl_hostroot_is_alone() && geteuid() != 0 && st->st_uid == geteuid());
}

static const char *kind_text(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static int check_owner(const struct trusted_walk *w, const char *name, const struct stat *st)
{
	if (owner_is_trusted(st))
		return 0;
	return refuse(w, EPERM, "\"%s\" owned by uid %u, expected root", name, st->st_uid);
}

/* A directory of the path, the last one included when it is what was asked for. */
static int check_dir(const struct trusted_walk *w, const char *name, const struct stat *st)
{
	int rc = check_owner(w, name, st);

	if (rc < 0)
		return rc;
	if ((st->st_mode & 022) && !(st->st_mode & S_ISVTX)) {
		return refuse(w, EPERM, "directory \"%s\" with mode %04o, expected one that only its owner can write",
			      name, st->st_mode & 07777);
	}
	return 0;
}

static int check_file(const struct trusted_walk *w, const char *name, const struct stat *st)
{
	int rc;

	if (!S_ISREG(st->st_mode))
		return refuse(w, EPERM, "%s, expected a regular file", kind_text(st->st_mode));
	rc = check_owner(w, name, st);
	if (rc < 0)
		return rc;
	if (st->st_mode & 022) {
		return refuse(w, EPERM, "mode %04o, expected a file that only its owner can write",
			      st->st_mode & 07777);
	}
	/* A second name may stand where others can write: nobody could say who put it there. */
	if (st->st_nlink != 1)
		return refuse(w, EPERM, "%ju hard links, expected 1", (uintmax_t)st->st_nlink);
	if (w->kind == CRL_PATH_FILE && st->st_size > (off_t)CRL_FILE_MAX)
		return refuse(w, EFBIG, "%jd bytes, expected at most %u", (intmax_t)st->st_size, CRL_FILE_MAX);
	return 0;
}

static int go_to_root(struct trusted_walk *w)
{
	struct stat st;

	drop_fd(&w->dir);
	w->dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->dir < 0 || fstat(w->dir, &st) < 0)
		return refuse_errno(w, errno, "/");
	return check_dir(w, "/", &st);
}

/* Take the first component off w->rest. Returns its length, 0 at the end of the path. */
static size_t next_name(struct trusted_walk *w, char name[NAME_MAX + 1])
{
	char *start = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(start, "/");

	if (len == 0 || len > NAME_MAX)
		return len;
	memcpy(name, start, len);
	name[len] = '\0';
	start += len;
	memmove(w->rest, start, strlen(start) + 1);
	return len;
}

/* Put the link's text before what is left of the path. The link itself is known to be root's. */
static int follow(struct trusted_walk *w, int fd, const char *name)
{
	char text[PATH_MAX];
	char joined[PATH_MAX];
	ssize_t len = readlinkat(fd, "", text, sizeof(text) - 1);
	int n;

	if (len < 0)
		return refuse_errno(w, errno, name);
	text[len] = '\0';
	if (++w->links > LINKS_MAX)
		return refuse(w, ELOOP, "more than %d symbolic links", LINKS_MAX);
	n = snprintf(joined, sizeof(joined), "%s%s", text, w->rest);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return refuse_errno(w, ENAMETOOLONG, name);
	memcpy(w->rest, joined, (size_t)n + 1);
	return text[0] == '/' ? go_to_root(w) : 0;
}

/*
 * Open the last component for reading. It was looked at through O_PATH first, since opening a device or a
 * FIFO already does something; what comes back is checked again, as it is what will be read.
 */
static int open_last(struct trusted_walk *w, const char *name, int *ret_fd)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	fd = openat(w->dir, name, w->kind == CRL_PATH_DIR ? flags | O_DIRECTORY : flags);
	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_errno(w, errno, name);
	rc = w->kind == CRL_PATH_DIR ? check_dir(w, name, &st) : check_file(w, name, &st);
	if (rc < 0)
		return rc;
	*ret_fd = take_fd(&fd);
	return 0;
}

static bool is_last(const struct trusted_walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

/* One component. Returns 1 when the walk is done, 0 to go on. */
static int step(struct trusted_walk *w, const char *name, int *ret_fd)
{
	scoped_fd fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_errno(w, errno, name);
	if (S_ISLNK(st.st_mode)) {
		rc = check_owner(w, name, &st);
		return rc < 0 ? rc : follow(w, fd, name);
	}
	if (is_last(w) && w->kind != CRL_PATH_DIR) {
		rc = check_file(w, name, &st);
		rc = rc < 0 ? rc : open_last(w, name, ret_fd);
		return rc < 0 ? rc : 1;
	}
	if (!S_ISDIR(st.st_mode))
		return refuse(w, ENOTDIR, "%s at \"%s\", expected a directory", kind_text(st.st_mode), name);
	rc = check_dir(w, name, &st);
	if (rc < 0)
		return rc;
	drop_fd(&w->dir);
	w->dir = take_fd(&fd);
	return 0;
}

static int walk_path(struct trusted_walk *w, int *ret_fd)
{
	char name[NAME_MAX + 1];
	int rc = go_to_root(w);

	while (rc == 0) {
		size_t len = next_name(w, name);

		if (len > NAME_MAX)
			return refuse_errno(w, ENAMETOOLONG, "a component");
		if (len == 0)
			break;
		rc = step(w, name, ret_fd);
	}
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (w->kind != CRL_PATH_DIR)
		return refuse(w, EPERM, "a directory, expected a regular file");
	return open_last(w, ".", ret_fd);
}

int crl_path_open_trusted(const char *path, enum crl_path_kind kind, enum crl_stage stage, int *ret_fd,
			  struct crl_err *err)
{
	struct trusted_walk w = {.path = path, .kind = kind, .stage = stage, .err = err, .dir = -EBADF};
	size_t len = strlen(path);
	int rc;

	if (path[0] != '/')
		return crl_err_set(err, EINVAL, stage, "found \"%s\", expected an absolute path", path);
	if (len >= sizeof(w.rest))
		return crl_err_set(err, ENAMETOOLONG, stage, "found a path of %zu bytes", len);
	memcpy(w.rest, path, len + 1);
	rc = walk_path(&w, ret_fd);
	drop_fd(&w.dir);
	return rc;
}

const char *crl_path_fault(const char *path)
{
	const char *p = path;

	if (path[0] != '/')
		return "an absolute path";
	if (strlen(path) >= PATH_MAX)
		return "a shorter path";
	while (p[1] != '\0') {
		size_t len = strcspn(p + 1, "/");

		if (len == 0)
			return "a path without \"//\"";
		if ((len == 1 && p[1] == '.') || (len == 2 && p[1] == '.' && p[2] == '.'))
			return "a path without \".\" and \"..\"";
		p += 1 + len;
		if (p[0] == '/' && p[1] == '\0')
			return "a path without \"/\" at its end";
		if (p[0] == '\0')
			break;
	}
	return NULL;
}

bool crl_path_is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (strcmp(dir, "/") == 0)
		return path[0] == '/';
	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

bool crl_path_may_show(const char *path)
{
	static const char *const not [] = {"/etc",  "/proc", "/sys",  "/dev", "/run",
					   "/home", "/root", "/boot", "/tmp", "/var/tmp"};

	if (crl_path_fault(path) || strcmp(path, "/") == 0)
		return false;
	for (size_t i = 0; i < CRL_ARRAY_LEN(not ); i++)
		if (crl_path_is_within(path, not [i]) || crl_path_is_within(not [i], path))
			return false;
	return true;
}
