// SPDX-License-Identifier: Apache-2.0
/*
 * The directories in which the names on the way to something stand, each watched for changes of names.
 *
 * Runs in: a child of carrel-steward, in the mount namespace that the room was made from; the inotify is the steward's.
 * R1: nobody but root makes the steward work at will. A directory that others can write to tells one event, and not the
 * next before it was looked again, which is after a pause.
 */
#include "helper/steward/follow.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "apply/mounts/cached.h"

#define LINKS_MAX 16
#define EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

static bool is_roots_alone(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* R1. What cannot be watched is counted. */
static void watch(const struct watching *with, int dir, const char *name, size_t len)
{
	struct report *r = with->report;
	struct stat st;
	struct way w = {.hash = crl_hash(name, len)};

	if (r->ways == CRL_WAYS_MAX || fstatat(dir, "", &st, AT_EMPTY_PATH) < 0 || fchdir(dir) < 0) {
		r->unwatched++;
		r->lost++;
		return;
	}
	w.once = !is_roots_alone(&st);
	/* IN_MASK_ADD: the directory may be watched for another thing already, whose events must stay. */
	w.wd = inotify_add_watch(with->inotify, ".", EVENTS | (w.once ? (uint32_t)IN_ONESHOT : (uint32_t)IN_MASK_ADD));
	for (uint32_t i = 0; i < r->ways && w.wd >= 0; i++)
		if (r->way[i].wd == w.wd && r->way[i].hash == w.hash)
			return;
	if (w.wd >= 0) {
		r->way[r->ways++] = w;
	} else {
		r->unwatched++;
		r->lost++;
	}
}

/* A link has led here. @path  relative */
static void note_led(struct report *r, const char *path)
{
	size_t len = strlen(path) + 2;

	for (uint32_t i = 0; i < r->led_len; i += (uint32_t)strlen(r->led + i) + 1)
		if (strcmp(r->led + i + 1, path) == 0)
			return;
	if (len > sizeof(r->led) - r->led_len) {
		r->lost++;
		return;
	}
	(void)snprintf(r->led + r->led_len, len, "/%s", path);
	r->led_len += (uint32_t)len;
}

/* On the way to something. */
struct way_walk {
	const struct watching *with;
	int links;
	char done[PATH_MAX]; /* without links, relative */
	char rest[PATH_MAX]; /* still to go */
};

/* The way becomes the one that the link shows. @above  how much of it is before its name. False: nobody follows it. */
static bool follow_link(struct way_walk *w, int dir, const char *name, size_t above)
{
	char target[PATH_MAX], more[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dir, "", &st, AT_EMPTY_PATH) < 0 || !is_roots_alone(&st) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != 0)
		return false;
	n = readlinkat(dir, name, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	if (snprintf(more, sizeof(more), "%s/%s", target, w->rest) >= (int)sizeof(more))
		return false;
	w->done[target[0] == '/' ? 0 : above] = '\0';
	memcpy(w->rest, more, strlen(more) + 1);
	return true;
}

/* The next name of the way; "" = there is none. */
static void take_name(struct way_walk *w, char ret[NAME_MAX + 1])
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");

	ret[0] = '\0';
	if (len > NAME_MAX)
		return;
	memcpy(ret, w->rest + skip, len);
	ret[len] = '\0';
	memmove(w->rest, w->rest + skip + len, strlen(w->rest + skip + len) + 1);
}

static void step_up(struct way_walk *w)
{
	char *slash = strrchr(w->done, '/');

	*(slash ? slash : w->done) = '\0';
}

/* One name further. False: the way ends here. */
static bool step(struct way_walk *w)
{
	char name[NAME_MAX + 1];
	size_t have = strlen(w->done), len;
	scoped_fd dir = openat(w->with->root, have ? w->done : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	w->with->report->unwatched += dir < 0;
	if (dir < 0)
		return false;
	take_name(w, name);
	len = strlen(name);
	if (len == 0)
		return false;
	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		step_up(w);
		return true;
	}
	watch(w->with, dir, name, len);
	if (have + len + 2 > PATH_MAX)
		return false;
	(void)snprintf(w->done + have, PATH_MAX - have, "%s%s", have ? "/" : "", name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return false;
	if (!S_ISLNK(st.st_mode))
		return S_ISDIR(st.st_mode);
	if (w->links > 0)
		note_led(w->with->report, w->done);
	return ++w->links <= LINKS_MAX && follow_link(w, dir, name, have);
}

/* Where the directory is by the kernel's word: @above, its name, may go by way of a link. */
static void note_where(const struct watching *with, int dir, const char *above, const char *name)
{
	char number[16], path[PATH_MAX + NAME_MAX + 2];
	ssize_t n;

	(void)snprintf(number, sizeof(number), "%d", dir);
	n = readlinkat(with->fds, number, path, PATH_MAX);
	if (n <= 0 || path[0] != '/') {
		with->report->lost++;
		return;
	}
	path[n] = '\0';
	if (strcmp(path, above) == 0)
		return;
	(void)snprintf(path + n, sizeof(path) - (size_t)n, "/%s", name);
	note_led(with->report, path + 1);
}

/* A socket that cannot be found is not covered either. */
void crl_steward_watch_cached(const struct watching *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct report *report = w->report;
	char above[PATH_MAX];
	scoped_fd dir = -EBADF;

	if (w->inotify < 0)
		return;
	if (report->ways > CRL_WAYS_MAX / 2 || !slash || slash == path || slash - path >= (ptrdiff_t)sizeof(above)) {
		report->unwatched++;
		return;
	}
	(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	if (crl_find_cached(w->root, above, &dir) < 0) {
		report->unwatched++;
		return;
	}
	watch(w, dir, slash + 1, strlen(slash + 1));
	note_where(w, dir, above, slash + 1);
}

/* Not for others: in /dev everybody writes to files. */
void crl_steward_watch_text(const struct watching *w, const char *path)
{
	scoped_fd dir = openat(w->root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (w->inotify >= 0 &&
	    (dir < 0 || fstatat(dir, "", &st, AT_EMPTY_PATH) < 0 || !is_roots_alone(&st) || fchdir(dir) < 0 ||
	     inotify_add_watch(w->inotify, ".", IN_CLOSE_WRITE | IN_MASK_ADD | IN_ONLYDIR) < 0))
		w->report->unwatched++;
}

void crl_ways_watch(const struct watching *with, const char *path)
{
	struct way_walk w = {.with = with};

	if (with->inotify < 0)
		return;
	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest)) {
		with->report->unwatched++;
		with->report->lost++;
		return;
	}
	while (step(&w))
		;
	if (w.links > 0)
		note_led(with->report, w.done);
}
