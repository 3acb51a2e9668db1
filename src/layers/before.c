// SPDX-License-Identifier: Apache-2.0
/*
 * See before.h.
 *
 * Owns: R1 for each name that a commit may touch, it has what the home has there: its content, all of it, or that there
 * is nothing; so that nothing of what the commit brings is seen through it.
 */
#include "layers/before.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "layers/commit_work.h"
#include "layers/copy.h"
#include "layers/near.h"

/* A directory on the way down, in place. */
struct before_dir {
	const struct before_dir *up; /* NULL: the root */
	const char *name;
	const struct crl_view_dir *view;
	int into;
	bool chosen; /* all of it is to be committed */
};

/* "a/b"; to be freed, NULL: no memory */
static char *path_of(const struct before_dir *d, const char *name)
{
	size_t len = strlen(name) + 1;
	char *path, *at;

	for (const struct before_dir *up = d; up->up; up = up->up)
		len += strlen(up->name) + 1;
	path = malloc(len);
	if (!path)
		return NULL;
	at = path + len - strlen(name) - 1;
	memcpy(at, name, strlen(name) + 1);
	for (; d->up; d = d->up) {
		*--at = '/';
		at -= strlen(d->name);
		memcpy(at, d->name, strlen(d->name));
	}
	return path;
}

/* Returns enum crl_commit_choice or -errno. */
static int choose(const struct crl_before *b, const struct before_dir *d, const char *name)
{
	scoped_free char *path = d->chosen ? NULL : path_of(d, name);

	if (d->chosen)
		return CRL_CHOICE_IN;
	return path ? (int)crl_commit_choose(b->path, path, NULL) : -ENOMEM;
}

/* Is it merged with the home's directory of the same path? Returns 1, 0 or -errno. */
static int is_in_place(const struct before_dir *d, const char *name, const struct crl_view_dir *v)
{
	scoped_free char *path = NULL;

	if (v->news == 0 || v->len == v->news)
		return 0;
	if (!v->origin)
		return 1;
	path = path_of(d, name);
	return !path ? -ENOMEM : v->origin[0] == '/' && strcmp(v->origin + 1, path) == 0;
}

static int make_dir(int at, const char *name, int *ret_fd)
{
	if (mkdirat(at, name, 0700) < 0)
		return -errno;
	return crl_near_open(at, name, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

static int copy_dir(struct crl_before *b, int from, const char *name, int to, bool opaque);

static int copy_names(struct crl_before *b, int from, int to)
{
	scoped(crl_dir) dir = {0};
	struct crl_object_place place;
	int rc = crl_object_place_at(to, &place);

	if (rc == 0)
		rc = crl_dir_open(from, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		struct stat st;

		if (b->stop && b->stop(b->arg))
			return -EINTR;
		rc = crl_near_stat(from, name, &st);
		if (rc == 0)
			rc = S_ISDIR(st.st_mode) ? copy_dir(b, from, name, to, false)
						 : crl_object_copy(from, name, &st, &place, name);
		if (rc == -EOPNOTSUPP && S_ISSOCK(st.st_mode))
			rc = 0; /* of no use without who listens */
	}
	return rc ? rc : dir.error;
}

static int copy_dir(struct crl_before *b, int from, const char *name, int to, bool opaque)
{
	scoped_fd old = -EBADF, new = -EBADF;
	struct stat st;
	int rc = crl_near_open(from, name, O_RDONLY | O_DIRECTORY, 0, &old);

	if (rc == 0)
		rc = make_dir(to, name, &new);
	if (rc == 0 && fstat(old, &st) < 0)
		rc = -errno;
	if (rc == 0 && opaque)
		rc = crl_marks_set_opaque(&b->layers->marks, new, true);
	if (rc == 0)
		rc = copy_names(b, old, new);
	return rc ? rc : crl_object_dress(old, new, &st, true);
}

/* R1: what the home has by that name. */
static int keep_name(struct crl_before *b, const struct before_dir *d, const char *name, bool is_whiteout)
{
	struct crl_view_entry e;
	struct crl_object_place place;
	int rc = crl_view_find_below(d->view, d->view->news, name, &e), at;

	if (rc < 0)
		return rc;
	if (e.kind == CRL_VIEW_ABSENT && is_whiteout)
		return 0;
	b->names++;
	if (e.kind == CRL_VIEW_ABSENT)
		return mknodat(d->into, name, S_IFCHR, 0) < 0 ? -errno : 0;
	at = d->view->part[e.part].fd;
	if (e.kind == CRL_VIEW_DIR)
		return copy_dir(b, at, name, d->into, true);
	rc = crl_object_place_at(d->into, &place);
	if (rc == 0)
		rc = crl_object_copy(at, name, &e.st, &place, name);
	if (rc == -EOPNOTSUPP && S_ISSOCK(e.st.st_mode))
		return mknodat(d->into, name, S_IFCHR, 0) < 0 ? -errno : 0;
	return rc;
}

static int keep_dir(struct crl_before *b, const struct before_dir *d, struct crl_err *err);

/* Its attributes are kept, and what changes in it. @d  not made yet */
static int keep_merged(struct crl_before *b, struct before_dir *d, struct crl_err *err)
{
	const int old = d->view->part[d->view->news].fd;
	scoped_fd into = -EBADF;
	struct stat st;
	int rc = make_dir(d->up->into, d->name, &into);

	d->into = into;
	b->names += d->chosen;
	if (rc == 0)
		rc = keep_dir(b, d, err);
	if (rc == 0 && fstat(old, &st) < 0)
		rc = -errno;
	return rc ? rc : crl_object_dress(old, into, &st, true);
}

static int look_at(struct crl_before *b, const struct before_dir *d, const char *name, const struct crl_view_entry *e,
		   struct crl_err *err)
{
	scoped(crl_view_dir) v = {0};
	int choice = choose(b, d, name), rc;
	struct before_dir child = {.up = d, .name = name, .view = &v, .chosen = choice == CRL_CHOICE_IN};

	if (choice < 0 || choice == CRL_CHOICE_OUT)
		return choice;
	if (e->kind == CRL_VIEW_DIR) {
		rc = crl_view_enter(d->view, name, &v);
		if (rc == 0)
			rc = is_in_place(d, name, &v);
		if (rc != 0)
			return rc < 0 ? rc : keep_merged(b, &child, err);
	}
	/* What is new or renamed is committed as a whole, or not at all. */
	return choice == CRL_CHOICE_IN ? keep_name(b, d, name, e->kind == CRL_VIEW_WHITEOUT) : 0;
}

static int keep_dir(struct crl_before *b, const struct before_dir *d, struct crl_err *err)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(d->view, d->view->news, &names), more = 0;

	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0) {
		if (b->stop && b->stop(b->arg))
			return crl_err_set(err, EINTR, CRL_STAGE_HOME, "stopped");
		rc = look_at(b, d, name, &e, err);
		if (rc < 0)
			return crl_err_wrap(err, rc, CRL_STAGE_HOME, "%s", name);
	}
	return rc ? rc : more;
}

int crl_before_run(struct crl_before *b, struct crl_err *err)
{
	struct crl_err own = {0};
	scoped(crl_view_dir) root = {0};
	const struct before_dir d = {.view = &root, .into = b->into, .chosen = !b->path};
	struct stat st;
	int rc = crl_view_open(b->layers, &root);

	b->names = 0;
	if (rc == 0 && root.len == root.news)
		rc = -EINVAL;
	if (rc == 0)
		rc = keep_dir(b, &d, &own);
	if (rc == 0 && fstat(root.part[root.news].fd, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_object_dress(root.part[root.news].fd, b->into, &st, true);
	if (rc == 0 && syncfs(b->into) < 0)
		rc = -errno;
	if (rc < 0 && err)
		*err = own;
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_HOME, "cannot keep what snapshots show of the home") : 0;
}
