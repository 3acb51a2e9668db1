// SPDX-License-Identifier: Apache-2.0
/*
 * See public_walk.h.
 *
 * R1: what cannot be looked at, is on another file system or too deep is closed.
 * R2: no link is followed, and nothing is opened that could wait or do something: directories alone.
 * R3: a directory that may change while it is read, or within the kernel's tick after that, is read again next time.
 * R4: what is below a closed directory is closed with it, but for a tree that is named.
 */
#include "store/public_walk.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/path.h"
#include "base/plain.h"
#include "base/sha256.h"
#include "base/words.h"
#include "store/public_rule.h"

#define DEPTH_MAX 100
#define TICK_NS 20000000 /* ctime is the kernel's clock, which goes in steps of up to 10 ms */

struct public_walk {
	const struct crl_public_trees *trees;
	const struct crl_public_list *old;
	struct crl_public_text *out;
	dev_t dev;
	bool differ;
};

/* One directory of a walk. */
struct public_visit {
	const char *path;
	size_t old; /* its record, or 0 for none: a list begins with other records */
	unsigned int depth;
};

static const char *const usual[] = {
	"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "var/lib/dpkg", "var/lib/rpm",
};

/* Not shown with the tree that they are in. */
static const char *const apart[] = {"usr/local"};

static int64_t changed_ns(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* that which ctime is taken from */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void put(struct public_walk *w, enum crl_public_kind kind, const char *path, const struct stat *st,
		int64_t changed)
{
	const struct crl_public_item item = {
		.kind = kind, .ino = st ? st->st_ino : 0, .changed_ns = changed, .path = path};

	crl_public_put(w->out, &item);
}

static bool is_named(const struct public_walk *w, const char *path)
{
	for (size_t i = 0; i < w->trees->show_len; i++)
		if (strcmp(w->trees->show[i] + 1, path) == 0)
			return true;
	return false;
}

static bool is_apart(const struct public_walk *w, const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(apart); i++)
		if (strcmp(apart[i], path) == 0)
			return !is_named(w, path);
	return crl_words_has(w->trees->mounts, path);
}

static bool is_open(int at, const char *name, const struct stat *st)
{
	char path[64 + PATH_MAX];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", at, name);
	return crl_public_is_by_mode(st) && crl_public_is_by_attributes(path, st);
}

/* The record of a directory in what was found of the one above it. */
static size_t find_old(const struct public_walk *w, size_t above, const char *path)
{
	if (!above)
		return 0;
	for (size_t i = above + 1; i < w->old->item[above].next; i = w->old->item[i].next)
		if (w->old->item[i].kind == CRL_PUBLIC_OPEN && strcmp(w->old->item[i].path, path) == 0)
			return i;
	return 0;
}

static int walk_dir(struct public_walk *w, const struct public_visit *v);

static int enter(struct public_walk *w, const struct public_visit *above, const char *path)
{
	const struct public_visit v = {.path = path, .old = find_old(w, above->old, path), .depth = above->depth + 1};

	return walk_dir(w, &v);
}

/* R1: any name in it has to fit a path. Who may write there could keep every login out by one that does not. */
static bool is_too_deep(const struct public_visit *v, const char *path)
{
	return v->depth >= DEPTH_MAX || strlen(path) + NAME_MAX + 2 > PATH_MAX;
}

static int read_one(struct public_walk *w, const struct public_visit *v, int dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", v->path, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
		if (errno != ENOENT)
			put(w, CRL_PUBLIC_GONE, path, NULL, 0); /* R1 */
		return 0;
	}
	if (S_ISDIR(st.st_mode) && st.st_dev == w->dev && !is_too_deep(v, path) && is_open(dir, name, &st) &&
	    !is_apart(w, path))
		return enter(w, v, path);
	if (S_ISDIR(st.st_mode))
		put(w, CRL_PUBLIC_SHUT, path, &st, changed_ns(&st)); /* R4 */
	else if (crl_words_has(w->trees->mounts, path))
		put(w, CRL_PUBLIC_BLANK, path, &st, changed_ns(&st));
	else if (!is_open(dir, name, &st))
		put(w, CRL_PUBLIC_GONE, path, &st, changed_ns(&st));
	return 0;
}

static int read_names(int dir, struct crl_words *ret)
{
	scoped(crl_dir) names = {0};
	int rc = crl_dir_open(dir, ".", &names);

	for (const char *name; rc == 0 && (name = crl_dir_next(&names));)
		rc = crl_words_add(ret, name);
	crl_words_sort(ret);
	return rc < 0 ? rc : names.error;
}

/* R3: what came while it was read may have been missed. */
static int64_t stamp(int dir, const struct stat *before)
{
	struct stat after;

	if (fstat(dir, &after) < 0 || changed_ns(&after) != changed_ns(before) ||
	    changed_ns(before) > now_ns() - TICK_NS)
		return 0;
	return changed_ns(before);
}

static int read_dir(struct public_walk *w, const struct public_visit *v)
{
	scoped(crl_words) names = {0};
	scoped_fd dir = -EBADF;
	struct stat st;
	int rc = crl_plain_open(w->trees->root, v->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, &dir); /* R2 */

	w->differ = true;
	if (rc == 0 && fstat(dir, &st) < 0)
		rc = -errno;
	if (rc < 0 || st.st_dev != w->dev || !is_open(dir, ".", &st)) {
		put(w, CRL_PUBLIC_GONE, v->path, NULL, 0); /* R1: it was replaced a moment ago */
		return 0;
	}
	rc = read_names(dir, &names);
	if (rc < 0)
		return rc;
	put(w, CRL_PUBLIC_OPEN, v->path, &st, stamp(dir, &st));
	for (size_t i = 0; i < names.len && rc == 0; i++)
		rc = read_one(w, v, dir, names.item[i]);
	return rc;
}

/* Nothing came or went in it; what is in directories below it is another matter. */
static int repeat(struct public_walk *w, const struct public_visit *v)
{
	const struct crl_public_item *item = w->old->item;
	int rc = 0;

	crl_public_put(w->out, &item[v->old]);
	for (size_t i = v->old + 1; i < item[v->old].next && rc == 0; i = item[i].next) {
		const struct public_visit below = {.path = item[i].path, .old = i, .depth = v->depth + 1};

		if (item[i].kind == CRL_PUBLIC_OPEN)
			rc = walk_dir(w, &below);
		else
			crl_public_put(w->out, &item[i]);
	}
	return rc;
}

static int walk_dir(struct public_walk *w, const struct public_visit *v)
{
	const struct crl_public_item *old = v->old ? &w->old->item[v->old] : NULL;
	struct stat st;

	if (!old || fstatat(w->trees->root, v->path, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 ||
	    !S_ISDIR(st.st_mode) || st.st_dev != w->dev || st.st_ino != old->ino || changed_ns(&st) != old->changed_ns)
		return read_dir(w, v);
	return repeat(w, v);
}

static size_t find_tree(const struct crl_public_list *old, const char *path)
{
	for (size_t i = 0; old && i + 1 < old->len; i = old->item[i].next)
		if (old->item[i].kind == CRL_PUBLIC_TREE && strcmp(old->item[i].path, path) == 0 &&
		    old->item[i + 1].kind == CRL_PUBLIC_OPEN)
			return i + 1;
	return 0;
}

/* Everybody may go through what is above it. */
static bool is_reached(int root, const char *path)
{
	char above[PATH_MAX];
	struct stat st;

	for (size_t i = 1; path[i] && i < sizeof(above); i++) {
		if (path[i] != '/')
			continue;
		(void)snprintf(above, sizeof(above), "%.*s", (int)i, path);
		if (fstatat(root, above, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
		    !is_open(root, above, &st))
			return false;
	}
	return true;
}

static int fail(struct crl_err *err, int code, const char *path, const char *why)
{
	return crl_err_set(err, code, CRL_STAGE_MOUNT, "the host's /%s cannot be shown: %s", path, why);
}

/* @must  it has to be there */
static int walk_tree(struct public_walk *w, const char *path, bool must, struct crl_err *err)
{
	char live[PATH_MAX];
	struct stat st, seen;
	int rc;

	(void)snprintf(live, sizeof(live), "/%s", path);
	if (lstat(live, &seen) < 0 || !S_ISDIR(seen.st_mode))
		return must ? fail(err, ENOENT, path, "it is no directory") : 0;
	if (fstatat(w->trees->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || seen.st_dev != w->dev ||
	    seen.st_ino != st.st_ino)
		return must ? fail(err, EXDEV, path, "it is on another file system than the host's root") : 0;
	if (!S_ISDIR(st.st_mode) || !is_reached(w->trees->root, path) || !is_open(w->trees->root, path, &st))
		return must ? fail(err, EACCES, path, "not everybody may go there") : 0;
	put(w, CRL_PUBLIC_TREE, path, NULL, 0);
	rc = walk_dir(w, &(struct public_visit){.path = path, .old = find_tree(w->old, path), .depth = 1});
	return rc < 0 ? fail(err, -rc, path, strerrordesc_np(-rc)) : 0;
}

/* One that is in another comes along with it, unless that does not show it. */
static bool comes_along(const struct public_walk *w, const char *path)
{
	char dir[PATH_MAX];

	for (size_t i = 0; i < CRL_ARRAY_LEN(apart); i++) {
		(void)snprintf(dir, sizeof(dir), "/%s", apart[i]);
		if (crl_path_is_within(path, dir))
			return is_named(w, apart[i]);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++) {
		(void)snprintf(dir, sizeof(dir), "/%s", usual[i]);
		if (crl_path_is_within(path, dir))
			return true;
	}
	for (size_t i = 0; i < w->trees->show_len; i++)
		if (strcmp(w->trees->show[i], path) != 0 && crl_path_is_within(path, w->trees->show[i]))
			return true;
	return false;
}

static int walk_named(struct public_walk *w, struct crl_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < w->trees->show_len && rc == 0; i++) {
		const char *path = w->trees->show[i];

		if (!crl_path_may_show(path))
			rc = fail(err, EINVAL, path + (*path == '/'), "it is not for everybody, or the room's own");
		else if (!comes_along(w, path))
			rc = walk_tree(w, path + 1, true, err);
	}
	return rc;
}

int crl_public_walk(const struct crl_public_trees *trees, const struct crl_public_list *old,
		    struct crl_public_text *ret, bool *ret_differ, struct crl_err *err)
{
	struct public_walk w = {.trees = trees, .old = old, .out = ret, .differ = !old};
	struct stat st;
	int rc = 0;

	if (fstat(trees->root, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot look at the host's root");
	w.dev = st.st_dev;
	crl_public_begin(ret, old ? old->whole_s : crl_boot_ms() / 1000);
	for (size_t i = 0; i < trees->show_len; i++)
		put(&w, CRL_PUBLIC_NAMED, trees->show[i] + (trees->show[i][0] == '/'), NULL, 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual) && rc == 0; i++)
		rc = walk_tree(&w, usual[i], i == 0, err);
	if (rc == 0)
		rc = walk_named(&w, err);
	crl_public_end(ret);
	if (rc == 0 && ret->rc < 0)
		rc = crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "no memory for what the host shows");
	*ret_differ = w.differ;
	return rc;
}

static bool is_shown(const struct crl_public_trees *trees, const char *path)
{
	char name[PATH_MAX];

	(void)snprintf(name, sizeof(name), "/%s", path);
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++)
		if (crl_path_is_within(path, usual[i]))
			return true;
	for (size_t i = 0; i < trees->show_len; i++)
		if (crl_path_is_within(name, trees->show[i]))
			return true;
	return false;
}

int crl_public_name(const struct crl_public_trees *trees, char ret[CRL_PUBLIC_NAME_MAX])
{
	char digest[CRL_SHA256_TEXT], head[64];
	struct crl_sha256 sum;
	struct stat st;

	if (fstat(trees->root, &st) < 0)
		return -errno;
	(void)snprintf(head, sizeof(head), "%jx %jx", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	crl_sha256_begin(&sum);
	crl_sha256_add(&sum, head, strlen(head) + 1);
	for (size_t i = 0; i < trees->show_len; i++)
		crl_sha256_add(&sum, trees->show[i], strlen(trees->show[i]) + 1);
	for (size_t i = 0; i < trees->mounts->len; i++)
		if (is_shown(trees, trees->mounts->item[i]))
			crl_sha256_add(&sum, trees->mounts->item[i], strlen(trees->mounts->item[i]) + 1);
	crl_sha256_end(&sum, digest);
	(void)snprintf(ret, CRL_PUBLIC_NAME_MAX, "%.16s", digest);
	return 0;
}

bool crl_public_is_tree(int root, const char *path)
{
	char live[PATH_MAX];
	struct stat st, seen;

	(void)snprintf(live, sizeof(live), "/%s", path);
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++)
		if (strcmp(usual[i], path) == 0)
			return lstat(live, &seen) == 0 && fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			       seen.st_dev == st.st_dev && seen.st_ino == st.st_ino && is_reached(root, path);
	return false;
}
