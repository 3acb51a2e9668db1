// SPDX-License-Identifier: Apache-2.0
/*
 * Find a path beneath a directory descriptor without being led astray by links that users make.
 *
 * Runs in: the room's init, root (or root with a user's fsuid).
 */
#include "apply/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LINKS_MAX 16

static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

static int open_plain(int root, const char *path, uint64_t flags, uint64_t mode, int *ret_fd)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		/* Without O_NOFOLLOW on purpose: with it and O_PATH a link at the end is opened, not refused.
		 */
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, relative(path), &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0)
		return -errno;
	*ret_fd = (int)fd;
	return 0;
}

int crl_beneath_open(int root, const char *path, int flags, mode_t mode, int *ret_fd)
{
	return open_plain(root, path, (uint64_t)flags, mode, ret_fd);
}

/* The walk, one component at a time. */
struct walk {
	int root;
	int dir; /* descriptor of @done; == root at the start, then owned */
	char done[PATH_MAX]; /* without links, relative to root, "" at the start */
	char rest[PATH_MAX]; /* still to go */
	int links;
};

static int enter(struct walk *w, int fd)
{
	if (w->dir != w->root)
		(void)close(w->dir); /* opened for its path only */
	w->dir = fd;
	return 0;
}

static int step_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');
	int fd;
	int rc;

	if (slash)
		*slash = '\0';
	else
		w->done[0] = '\0';
	rc = open_plain(w->root, w->done, O_PATH | O_DIRECTORY, 0, &fd);
	return rc ? rc : enter(w, fd);
}

static bool is_roots_alone(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int follow_link(struct walk *w, int link, const struct stat *link_st)
{
	char target[PATH_MAX];
	struct stat dir_st;
	ssize_t n;
	int len;

	if (fstatat(w->dir, "", &dir_st, AT_EMPTY_PATH))
		return -errno;
	if (link_st->st_uid != 0 || !is_roots_alone(&dir_st) || ++w->links > LINKS_MAX)
		return -ELOOP;
	n = readlinkat(link, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (target[0] == '/') {
		w->done[0] = '\0';
		(void)enter(w, w->root);
	}
	if (strlen(target) + 1 + strlen(w->rest) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	len = (int)strlen(w->rest);
	memmove(w->rest + n + 1, w->rest, (size_t)len + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	return 0;
}

static int append(struct walk *w, const char *name)
{
	size_t len = strlen(w->done);

	if (len + strlen(name) + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	if (len)
		w->done[len++] = '/';
	memcpy(w->done + len, name, strlen(name) + 1);
	return 0;
}

/* Take the next component. Returns 1 when it was the last and *ret_fd is it. */
static int step(struct walk *w, bool dir_only, int *ret_fd)
{
	char name[NAME_MAX + 1];
	const char *rest = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(rest, "/");
	const char *more = rest + len + strspn(rest + len, "/");
	bool last = !*more;
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, rest, len);
	name[len] = '\0';
	memmove(w->rest, more, strlen(more) + 1);
	if (!strcmp(name, ".."))
		return step_up(w);
	rc = open_plain(w->dir, name, O_PATH | (dir_only && last ? O_DIRECTORY : 0), 0, &fd);
	if (rc == -ELOOP) {
		/* the link itself, to look at */
		fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		rc = fd < 0 ? -errno : 0;
	}
	if (rc)
		return rc;
	if (fstatat(fd, "", &st, AT_EMPTY_PATH))
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow_link(w, fd, &st);
	if (!S_ISDIR(st.st_mode) && (!last || dir_only))
		return -ENOTDIR;
	if (last) {
		*ret_fd = take_fd(&fd);
		return 1;
	}
	rc = append(w, name);
	return rc ? rc : enter(w, take_fd(&fd));
}

static int walk(int root, const char *path, bool dir_only, int *ret_fd)
{
	struct walk w = {.root = root, .dir = root};
	int rc = 0;

	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	memcpy(w.rest, path, strlen(path) + 1);
	while (!rc && w.rest[strspn(w.rest, "/")])
		rc = step(&w, dir_only, ret_fd);
	if (!rc) /* the path ended in ".." or in a link to the root itself */
		rc = open_plain(w.root, w.done, O_PATH | O_DIRECTORY, 0, ret_fd);
	if (w.dir != w.root)
		(void)close(w.dir); /* as above */
	return rc < 0 ? rc : 0;
}

static int find(int root, const char *path, bool follow, bool dir_only, int *ret_fd)
{
	int rc = open_plain(root, path, O_PATH | (dir_only ? O_DIRECTORY : 0), 0, ret_fd);

	return follow && rc == -ELOOP ? walk(root, path, dir_only, ret_fd) : rc;
}

int crl_beneath_find(int root, const char *path, bool follow, int *ret_fd)
{
	return find(root, path, follow, false, ret_fd);
}

int crl_beneath_find_dir(int root, const char *path, bool follow, int *ret_fd)
{
	return find(root, path, follow, true, ret_fd);
}
