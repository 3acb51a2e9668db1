// SPDX-License-Identifier: Apache-2.0
/*
 * Find a path beneath a directory descriptor without being led astray by links that users make.
 *
 * Runs in: the room's init, root (or root with a user's fsuid); a child of carrel-steward.
 */
#include "apply/mounts/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/plain.h"
#include "base/root.h"

#define LINKS_MAX 16
#define ASIDE_MAX 100

int crl_beneath_open(int root, const char *path, int flags, mode_t mode, int *ret_fd)
{
	return crl_plain_open(root, path, (uint64_t)flags, mode, ret_fd);
}

/* The walk, one component at a time. */
struct beneath_walk {
	int root;
	int dir; /* descriptor of @done; == root at the start, then owned */
	char done[PATH_MAX]; /* without links, relative to root, "" at the start */
	char rest[PATH_MAX]; /* still to go */
	int links;
	const char *const *far; /* never gone through */
	size_t far_len;
};

static int enter(struct beneath_walk *w, int fd)
{
	if (w->dir != w->root)
		(void)close(w->dir); /* opened for its path only */
	w->dir = fd;
	return 0;
}

static int step_up(struct beneath_walk *w)
{
	char *slash = strrchr(w->done, '/');
	int fd;
	int rc;

	if (slash)
		*slash = '\0';
	else
		w->done[0] = '\0';
	rc = crl_plain_open(w->root, w->done, O_PATH | O_DIRECTORY, 0, &fd);
	return rc ? rc : enter(w, fd);
}

static bool is_roots_alone(const struct stat *st)
{
	return crl_hostroot_owns(st) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int follow_link(struct beneath_walk *w, int link, const struct stat *link_st)
{
	char target[PATH_MAX];
	struct stat dir_st;
	ssize_t n;
	int len;

	if (fstatat(w->dir, "", &dir_st, AT_EMPTY_PATH))
		return -errno;
	if (!crl_hostroot_owns(link_st) || !is_roots_alone(&dir_st) || ++w->links > LINKS_MAX)
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

static int append(struct beneath_walk *w, const char *name)
{
	size_t len = strlen(w->done);

	if (len + strlen(name) + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	if (len)
		w->done[len++] = '/';
	memcpy(w->done + len, name, strlen(name) + 1);
	return 0;
}

static bool is_far(const struct beneath_walk *w, const char *name)
{
	size_t len = strlen(w->done);

	for (size_t i = 0; i < w->far_len; i++)
		if (strncmp(w->far[i] + 1, w->done, len) == 0 && strcmp(w->far[i] + 1 + len + (len ? 1 : 0), name) == 0)
			return true;
	return false;
}

/* Take the next component. Returns 1 when it was the last and *ret_fd is it. */
static int step(struct beneath_walk *w, bool dir_only, int *ret_fd)
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
	if (is_far(w, name))
		return -EXDEV;
	rc = crl_plain_open(w->dir, name, O_PATH | (dir_only && last ? O_DIRECTORY : 0), 0, &fd);
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

/* @w  has root, dir and what is far */
static int walk(struct beneath_walk *w, const char *path, bool dir_only, int *ret_fd)
{
	int rc = 0;

	if (strlen(path) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, path, strlen(path) + 1);
	while (rc == 0 && w->rest[strspn(w->rest, "/")])
		rc = step(w, dir_only, ret_fd);
	if (rc == 0) /* the path ended in ".." or in a link to the root itself */
		rc = crl_plain_open(w->root, w->done, O_PATH | O_DIRECTORY, 0, ret_fd);
	if (w->dir != w->root)
		(void)close(w->dir); /* opened for its path only */
	return rc < 0 ? rc : 0;
}

static int find(int root, const char *path, bool follow, bool dir_only, int *ret_fd)
{
	int rc = crl_plain_open(root, path, O_PATH | (dir_only ? O_DIRECTORY : 0), 0, ret_fd);
	struct beneath_walk w = {.root = root, .dir = root};

	return follow && rc == -ELOOP ? walk(&w, path, dir_only, ret_fd) : rc;
}

int crl_beneath_find_near(int root, const char *path, const char *const *far, size_t far_len, int *ret_fd)
{
	struct beneath_walk w = {.root = root, .dir = root, .far = far, .far_len = far_len};

	return walk(&w, path, false, ret_fd);
}

int crl_beneath_find(int root, const char *path, bool follow, int *ret_fd)
{
	return find(root, path, follow, false, ret_fd);
}

int crl_beneath_find_dir(int root, const char *path, bool follow, int *ret_fd)
{
	return find(root, path, follow, true, ret_fd);
}

int crl_beneath_put_aside(int dir, const char *name)
{
	char other[NAME_MAX + 1];

	for (int i = 0; i < ASIDE_MAX; i++) {
		(void)snprintf(other, sizeof(other), "%.200s.carrel-%d", name, i);
		if (renameat2(dir, name, dir, other, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}
