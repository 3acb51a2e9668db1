// SPDX-License-Identifier: Apache-2.0
/* Kept changes as a layer of a container image; see archive.h. */
#include "ctl/home/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/home/tar.h"
#include "layers/diff.h"
#include "layers/near.h"

#define LINKS_MIN 256 /* slots of the table, always a power of two */

/* A file of several names that was written already. */
struct written {
	dev_t dev;
	ino_t ino;
	char *path; /* NULL: the slot is free */
};

struct archiving {
	struct ctl_archive *a;
	struct ctl_tar tar;
	struct crl_err *err;
	struct crl_view_dir root;
	struct written *link;
	size_t links, slots;
	char *failed; /* what was told last as not to be had */
	char *parent; /* the directory whose way down was written last, "" at the top */
};

static void archiving_done(struct archiving *w)
{
	for (size_t i = 0; i < w->slots; i++)
		free(w->link[i].path);
	free(w->link);
	free(w->failed);
	free(w->parent);
	crl_view_dir_done(&w->root);
	ctl_tar_done(&w->tar);
}

/* ---- files with several names ---- */

static struct written *slot_of(struct written *link, size_t slots, dev_t dev, ino_t ino)
{
	size_t i = (size_t)((ino * 0x9e3779b97f4a7c15ull) >> 20 ^ dev) & (slots - 1);

	while (link[i].path && (link[i].ino != ino || link[i].dev != dev))
		i = (i + 1) & (slots - 1);
	return &link[i];
}

static int grow(struct archiving *w)
{
	const size_t slots = w->slots > 0 ? 2 * w->slots : LINKS_MIN;
	struct written *link = calloc(slots, sizeof(*link));

	if (!link)
		return -ENOMEM;
	for (size_t i = 0; i < w->slots; i++)
		if (w->link[i].path)
			*slot_of(link, slots, w->link[i].dev, w->link[i].ino) = w->link[i];
	free(w->link);
	w->link = link;
	w->slots = slots;
	return 0;
}

/* Returns 0, and @ret_path the name that the file was written by before, or NULL. */
static int find_link(struct archiving *w, const struct stat *st, const char *path, const char **ret_path)
{
	struct written *at;
	int rc = 2 * w->links < w->slots ? 0 : grow(w);

	*ret_path = NULL;
	if (rc < 0)
		return rc;
	at = slot_of(w->link, w->slots, st->st_dev, st->st_ino);
	*ret_path = at->path;
	if (at->path)
		return 0;
	*at = (struct written){st->st_dev, st->st_ino, strdup(path)};
	w->links += at->path != NULL;
	return at->path ? 0 : -ENOMEM;
}

/* ---- one name ---- */

/* Is it this name alone that cannot be had? Then it is told, and all else goes on. Returns 0, or @rc. */
static int pass_over(struct archiving *w, int rc, const char *path)
{
	static const int of_one[] = {EACCES, EPERM, ENOENT, ENOTDIR, ELOOP, ESTALE, EXDEV, EINVAL, EOPNOTSUPP};

	for (size_t i = 0; i < CRL_ARRAY_LEN(of_one); i++) {
		if (rc != -of_one[i])
			continue;
		if (!w->failed || strcmp(w->failed, path) != 0) /* a directory that is looked at twice */
			w->a->failed(w->a->arg, path, rc);
		free(w->failed);
		w->failed = strdup(path);
		return 0;
	}
	return rc;
}

static int complain(struct archiving *w, int rc, const char *path)
{
	if (rc == -EINTR)
		return rc;
	return crl_err_set(w->err, -rc, CRL_STAGE_HOME, "cannot archive \"%.200s\": %s", path, strerrordesc_np(-rc));
}

static void count(struct archiving *w)
{
	w->a->names++;
	if (w->a->told)
		w->a->told(w->a->arg, w->a->names);
}

/* What a layer has at @name of the directory @at. */
static int add_there(struct archiving *w, int at, const char *name, const struct stat *st, const char *path)
{
	struct ctl_tar_entry e = {.path = path, .st = st, .fd = -EBADF};
	char target[PATH_MAX];
	scoped_fd fd = -EBADF;
	ssize_t n;
	int rc = 0;

	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		rc = crl_near_open(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);
	if (rc == 0 && S_ISREG(st->st_mode) && st->st_nlink > 1) {
		rc = find_link(w, st, path, &e.link);
		if (rc < 0)
			return rc;
	}
	e.fd = e.link ? -EBADF : fd;
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(at, name, target, sizeof(target) - 1);
		rc = n < 0 ? -errno : 0;
		target[n < 0 ? 0 : n] = '\0';
		e.link = target;
	}
	if (rc < 0)
		return pass_over(w, rc, path);
	return ctl_tar_add(&w->tar, &e);
}

/* As the room has them, where it has them. */
static struct stat with_owner(const struct archiving *w, const struct stat *st)
{
	struct stat own = *st;

	if (w->a->uids)
		crl_ignore(crl_subid_map_in(w->a->uids, st->st_uid, &own.st_uid));
	if (w->a->gids)
		crl_ignore(crl_subid_map_in(w->a->gids, st->st_gid, &own.st_gid));
	return own;
}

static int add_name(struct archiving *w, int at, const char *name, const struct stat *st, const char *path)
{
	const struct stat own = with_owner(w, st);
	int rc = w->a->stop && w->a->stop(NULL) ? -EINTR : 0;

	if (rc == 0 && (S_ISSOCK(st->st_mode) || S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))) {
		w->a->left_out++;
		return 0;
	}
	if (rc == 0)
		rc = add_there(w, at, name, &own, path);
	if (rc < 0)
		return complain(w, rc, path);
	count(w);
	return 0;
}

/* A name that was deleted: an empty file beside it. */
static int add_whiteout(struct archiving *w, const char *path)
{
	static const struct stat st = {.st_mode = S_IFREG | 0600, .st_nlink = 1};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct ctl_tar_entry e = {.st = &st, .fd = -EBADF};
	scoped_free char *marker = NULL;
	int rc;

	if (asprintf(&marker, "%.*s" CTL_WHITEOUT "%s", (int)(name - path), path, name) < 0)
		return complain(w, -ENOMEM, path);
	e.path = marker;
	rc = ctl_tar_add(&w->tar, &e);
	if (rc < 0)
		return complain(w, rc, path);
	count(w);
	return 0;
}

/* ---- the directories above it: else whoever unpacks it would make them with a mode of his own ---- */

/* Does @parent begin with the first @len bytes of @path, as components? */
static bool is_above(const char *parent, const char *path, size_t len)
{
	return strncmp(parent, path, len) == 0 && (parent[len] == '/' || parent[len] == '\0');
}

static int add_parent(struct archiving *w, struct crl_view_dir *dir, const char *name, const char *path, bool known)
{
	struct crl_view_dir below = {.layers = NULL};
	struct crl_view_entry e;
	int rc = crl_view_find(dir, name, &e);

	if (rc == 0 && e.kind != CRL_VIEW_DIR)
		rc = -ENOTDIR;
	if (rc == 0)
		rc = crl_view_enter(dir, name, &below);
	if (rc == 0 && !known)
		rc = add_name(w, dir->part[e.part].fd, name, &e.st, path);
	crl_view_dir_done(dir);
	*dir = below;
	return rc;
}

static int add_parents(struct archiving *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	scoped_free char *parent = strndup(path, slash ? (size_t)(slash - path) : 0),
			 *at = strdup(parent ? parent : "");
	scoped(crl_view_dir) dir = {.layers = NULL};
	char *name = at, *end;
	int rc;

	if (!parent || !at)
		return -ENOMEM;
	if (!parent[0] || (w->parent && is_above(w->parent, parent, strlen(parent))))
		return 0;
	rc = crl_view_open(w->a->layers, &dir);
	while (rc == 0 && name) {
		end = strchr(name, '/');
		if (end)
			*end = '\0';
		rc = add_parent(w, &dir, name, at, w->parent && is_above(w->parent, at, strlen(at)));
		if (end)
			*end = '/';
		name = end ? end + 1 : NULL;
	}
	free(w->parent);
	w->parent = take_ptr(parent);
	return rc;
}

/* A directory was written itself. */
static int remember_parent(struct archiving *w, const char *path)
{
	free(w->parent);
	w->parent = strdup(path);
	return w->parent ? 0 : -ENOMEM;
}

/* ---- what changed ---- */

static int add_tree(struct archiving *w, const struct crl_view_dir *dir, const char *path);

static int add_below(struct archiving *w, const struct crl_view_dir *dir, const char *name,
		     const struct crl_view_entry *e, const char *path)
{
	scoped(crl_view_dir) below = {.layers = NULL};
	int rc = add_name(w, dir->part[e->part].fd, name, &e->st, path);

	if (rc < 0 || e->kind != CRL_VIEW_DIR)
		return rc;
	rc = crl_view_enter(dir, name, &below);
	if (rc == 0)
		return add_tree(w, &below, path);
	rc = pass_over(w, rc, path);
	return rc < 0 ? complain(w, rc, path) : 0;
}

/* All that a directory shows. */
static int add_tree(struct archiving *w, const struct crl_view_dir *dir, const char *path)
{
	scoped(crl_view_walk) walk = {.dir = NULL};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(dir, dir->len, &walk);

	while (rc >= 0 && (rc = crl_view_walk_next(&walk, &name, &e)) > 0) {
		scoped_free char *below = NULL;

		if (e.kind == CRL_VIEW_WHITEOUT || e.kind == CRL_VIEW_ABSENT)
			continue;
		if (asprintf(&below, "%s/%s", path, name) < 0)
			return -ENOMEM;
		rc = add_below(w, dir, name, &e, below);
	}
	return rc < 0 && w->err->code == 0 ? complain(w, rc, path) : rc;
}

static bool is_there(const struct crl_view_entry *e)
{
	return e && (e->kind == CRL_VIEW_FILE || e->kind == CRL_VIEW_DIR);
}

static int add_change(void *arg, const struct crl_diff_change *c)
{
	struct archiving *w = arg;
	int rc;

	if (strcmp(c->path, ".") == 0)
		return CRL_DIFF_ON; /* the top has its owner's mode wherever it is unpacked */
	if (c->kind == CRL_DIFF_UNREADABLE) {
		rc = pass_over(w, c->error, c->path);
		return rc < 0 ? complain(w, rc, c->path) : CRL_DIFF_ON;
	}
	rc = add_parents(w, c->path);
	if (rc < 0)
		return w->err->code ? rc : complain(w, rc, c->path);
	if (c->kind == CRL_DIFF_DELETED || c->kind == CRL_DIFF_TYPE)
		rc = add_whiteout(w, c->path);
	if (rc == 0 && c->kind == CRL_DIFF_RENAMED) {
		rc = add_whiteout(w, c->from);
		rc = rc < 0 ? rc : add_below(w, c->dir, c->name, c->now, c->path);
		return rc < 0 ? rc : CRL_DIFF_SKIP;
	}
	if (rc == 0 && is_there(c->now))
		rc = add_name(w, c->dir->part[c->now->part].fd, c->name, &c->now->st, c->path);
	if (rc == 0 && c->now->kind == CRL_VIEW_DIR)
		rc = remember_parent(w, c->path);
	return rc < 0 ? rc : CRL_DIFF_ON;
}

int ctl_archive_write(struct ctl_archive *a, struct crl_err *err)
{
	scoped(archiving) w = {.a = a, .err = err, .tar = {.fd = a->fd, .stop = a->stop}};
	const struct crl_diff_wish wish = {.tell = add_change, .stop = a->stop, .arg = &w};
	int rc = crl_diff_walk(a->layers, &wish, err);

	if (rc == 0)
		rc = ctl_tar_end(&w.tar);
	if (rc == 0 && w.err->code == 0)
		return 0;
	return rc == -EINTR || err->code
		       ? rc
		       : crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot write the archive: %s", strerrordesc_np(-rc));
}
