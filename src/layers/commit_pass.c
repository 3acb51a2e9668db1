// SPDX-License-Identifier: Apache-2.0
/*
 * The passes of a commit through the directories that are merged in place. See commit_work.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/dir.h"
#include "layers/commit_work.h"
#include "layers/near.h"
#include "layers/remove.h"

/* Is a directory of the home by that name needed for what is shown elsewhere? Returns 1 and tells it, 0, or -errno. */
static int is_needed(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name)
{
	scoped_free char *path = NULL;
	scoped_free char *why = NULL;
	const char *as;
	struct stat st;

	if (w->moves == 0 || crl_near_stat(d->view.part[1].fd, name, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	path = crl_commit_path(d, name);
	as = path ? crl_commit_shown_as(w, path) : NULL;
	if (path && !as)
		return 0;
	if (!path || asprintf(&why, "what was here is shown as %s, which has to be committed first", as) < 0)
		return -ENOMEM;
	crl_ignore(crl_commit_keep(w, d, name, why));
	return 1;
}

/* A socket is left out: what it stands for in the home goes. */
static int leave_out(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name)
{
	const struct crl_commit_item item = {.dir = d, .name = crl_unconst(name), .kind = CRL_ITEM_GONE};
	scoped_free char *path = crl_commit_path(d, name);
	int rc = path ? crl_commit_remove(w, d, name) : -ENOMEM;

	if (rc < 0)
		return crl_commit_failed(w, d, name, rc);
	w->c->tell(w->c->arg, CRL_COMMIT_LEFT_OUT, path, "is a socket");
	return crl_commit_add(w, &item, NULL);
}

static int bring_file(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		      const struct crl_view_entry *e)
{
	const struct crl_commit_source from = {.dir = d->view.part[0].fd, .name = name, .st = &e->st};
	struct crl_commit_item item = {.dir = d, .name = crl_unconst(name), .kind = CRL_ITEM_FILE};
	char temp[CRL_COMMIT_TEMP];
	int rc;

	if (e->kind == CRL_VIEW_WHITEOUT)
		return 0;
	rc = is_needed(w, d, name);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = crl_commit_ready(d);
	item.temp = w->next++;
	crl_commit_name(w, item.temp, temp);
	if (rc == 0)
		rc = crl_commit_copy(w, &from, &d->to, temp);
	if (rc == -EOPNOTSUPP && S_ISSOCK(e->st.st_mode))
		return leave_out(w, d, name);
	if (rc < 0)
		return crl_commit_failed(w, d, name, rc);
	crl_commit_progress(w, &e->st);
	return crl_commit_add(w, &item, &e->st);
}

int crl_commit_bring_whole(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
			   const struct crl_view_dir *v, struct crl_commit_moved *m)
{
	struct crl_commit_item item = {.dir = d, .name = crl_unconst(name), .kind = CRL_ITEM_WHOLE, .moved = m};
	scoped_free char *path = crl_commit_path(d, name);
	char temp[CRL_COMMIT_TEMP];
	int rc = path ? is_needed(w, d, name) : -ENOMEM;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = crl_commit_ready(d);
	if (rc < 0)
		return crl_commit_failed(w, d, name, rc);
	item.temp = w->next++;
	crl_commit_name(w, item.temp, temp);
	rc = crl_commit_build(w, v, path, d->to.dir, temp);
	if (rc == 0)
		rc = crl_commit_add(w, &item, NULL);
	else
		crl_ignore(crl_commit_remove(w, d, temp)); /* what is left is the next run's */
	if (rc == 0 && m && m->state == CRL_MOVED_LIVE)
		m->state = CRL_MOVED_QUEUED;
	return rc < 0 ? rc : 0;
}

static int bring_new(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		     const struct crl_view_dir *v)
{
	scoped_free char *path = w->moves ? crl_commit_path(d, name) : NULL;

	if (w->moves && !path)
		return -ENOMEM;
	for (size_t i = 0; i < w->moves; i++)
		if (strcmp(w->moved[i].path, path) == 0)
			return 0; /* what could be done is done */
	return crl_commit_bring_whole(w, d, name, v, NULL);
}

int crl_commit_bring(struct crl_commit_work *w)
{
	const struct crl_commit_pass pass = {.tells = true, .file = bring_file, .whole = bring_new};
	int rc = crl_commit_walk(w, &pass);

	return rc ? rc : crl_commit_finish(w);
}

/* What could not be removed, the first of it. */
struct remains {
	char *path;
	int rc;
};

static void note_remains(void *arg, const char *path, int rc)
{
	struct remains *r = arg;

	if (!r->path) {
		r->path = strdup(path);
		r->rc = rc;
	}
}

static int keep_deletion(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name, const struct remains *r)
{
	scoped_free char *why = NULL;

	if (asprintf(&why, "is deleted but for %s: %s", r->path, strerror(-r->rc)) < 0)
		return -ENOMEM;
	return crl_commit_keep(w, d, name, why);
}

static int bring_deletion(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
			  const struct crl_view_entry *e)
{
	const struct crl_commit_item item = {.dir = d, .name = crl_unconst(name), .kind = CRL_ITEM_GONE};
	struct remains left = {0};
	struct crl_remove r = {.left = note_remains, .arg = &left};
	scoped_free char *path = NULL;
	int rc;

	if (e->kind != CRL_VIEW_WHITEOUT)
		return 0;
	rc = is_needed(w, d, name);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = crl_commit_ready(d);
	if (rc == 0)
		rc = crl_remove_tree(d->view.part[1].fd, name, &r);
	path = left.path;
	if (rc < 0)
		return path && !crl_commit_is_fatal(rc) ? keep_deletion(w, d, name, &left)
							: crl_commit_failed(w, d, name, rc);
	crl_commit_progress(w, &e->st);
	return crl_commit_add(w, &item, NULL);
}

/* All that is in a directory is through: its attributes, then itself. */
static int leave_dir(struct crl_commit_work *w, struct crl_commit_dir *d)
{
	const struct crl_commit_item item = {.dir = d->up, .name = d->name, .kind = CRL_ITEM_EMPTY};
	int rc;

	if (!d->chosen)
		return 0;
	rc = crl_object_dress(d->view.part[0].fd, d->view.part[1].fd, &d->st, false);
	if (rc < 0)
		return crl_commit_failed(w, d, NULL, rc);
	return d->up ? crl_commit_add(w, &item, NULL) : 0;
}

int crl_commit_delete(struct crl_commit_work *w)
{
	const struct crl_commit_pass pass = {.file = bring_deletion, .end = leave_dir};
	int rc = crl_commit_walk(w, &pass);

	return rc ? rc : crl_commit_finish(w);
}

/* Names of an interrupted run. A stand-in that is still shown (commit_moved.c) stays, and so do links. */
static int tidy_home(struct crl_commit_work *w, struct crl_commit_dir *d)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(d->view.part[1].fd, ".", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		scoped_free char *path = NULL;

		if (!crl_commit_is_ours(w, name) || strcmp(strrchr(name, '-') + 1, CRL_COMMIT_LINKS) == 0)
			continue;
		path = crl_commit_path(d, name);
		rc = path ? 0 : -ENOMEM;
		if (rc == 0 && !crl_commit_shown_as(w, path))
			rc = crl_commit_ready(d);
		if (rc == 0 && !crl_commit_shown_as(w, path))
			rc = crl_commit_remove(w, d, name);
		if (rc < 0)
			w->littered = true;
		if (!crl_commit_is_fatal(rc))
			rc = 0;
	}
	return rc ? rc : dir.error;
}

static int tidy_upper(struct crl_commit_work *w, struct crl_commit_dir *d)
{
	scoped(crl_dir) dir = {0};
	int at = d->view.part[0].fd, rc = crl_dir_open(at, ".", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		scoped_free char *path = NULL;

		if (!crl_commit_is_ours(w, name))
			continue;
		path = crl_commit_path(d, name);
		if (!path)
			return -ENOMEM;
		if (crl_commit_shown_as(w, path))
			continue;
		d->stirred = true;
		if (unlinkat(at, name, 0) < 0)
			rc = errno == EISDIR ? crl_commit_discharge(w, at, name) : -errno;
		if (rc < 0)
			w->littered = true;
		if (!crl_commit_is_fatal(rc))
			rc = 0;
	}
	return rc ? rc : dir.error;
}

static int tidy_dir(struct crl_commit_work *w, struct crl_commit_dir *d)
{
	int rc = tidy_home(w, d);

	return rc ? rc : tidy_upper(w, d);
}

int crl_commit_tidy(struct crl_commit_work *w)
{
	const struct crl_commit_pass pass = {.begin = tidy_dir};
	bool chosen = w->root->chosen;
	int rc;

	w->root->chosen = true;
	rc = crl_commit_walk(w, &pass);
	w->root->chosen = chosen;
	return rc ? rc : crl_commit_finish(w);
}
