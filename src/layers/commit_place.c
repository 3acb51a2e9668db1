// SPDX-License-Identifier: Apache-2.0
/*
 * Directories that are merged in place, and the walk through them. See commit_work.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "layers/commit_work.h"

char *crl_commit_join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name) < 0)
		return NULL;
	return path;
}

bool crl_commit_is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Before @at, with what separates it from what is there. Returns where it begins. */
static char *put_before(char *at, const char *name, char behind)
{
	size_t len = strlen(name);

	*--at = behind;
	return memcpy(at - len, name, len);
}

char *crl_commit_path(const struct crl_commit_dir *d, const char *name)
{
	size_t len = name ? strlen(name) + 1 : 0;
	char *path, *at;

	for (const struct crl_commit_dir *up = d; up->up; up = up->up)
		len += strlen(up->name) + 1;
	if (len == 0)
		return strdup(".");
	path = malloc(len);
	if (!path)
		return NULL;
	at = path + len;
	if (name)
		at = put_before(at, name, '\0');
	for (; d->up; d = d->up)
		at = put_before(at, d->name, at == path + len ? '\0' : '/');
	return path;
}

void crl_commit_put(struct crl_commit_dir *d)
{
	while (d && --d->refs == 0) {
		const struct timespec times[2] = {d->st.st_atim, d->st.st_mtim};
		struct crl_commit_dir *up = d->up;

		if (d->stirred) /* the time is of no weight beside the content, which is right already */
			crl_ignore(futimens(d->view.part[0].fd, times));
		crl_view_dir_done(&d->view);
		free(d->name);
		free(d);
		d = up;
	}
}

/* @v  is taken. @up  NULL for the root; a reference is taken */
static int make_dir(struct crl_commit_dir *up, const char *name, struct crl_view_dir *v, struct crl_commit_dir **ret)
{
	struct crl_commit_dir *d = calloc(1, sizeof(*d));
	int rc = 0;

	if (!d)
		return -ENOMEM;
	*d = (struct crl_commit_dir){.refs = 1, .view = *v, .name = strdup(name), .up = up};
	*v = (struct crl_view_dir){0};
	if (up)
		up->refs++;
	if (!d->name)
		rc = -ENOMEM;
	else if (fstat(d->view.part[0].fd, &d->st) < 0)
		rc = -errno;
	if (rc < 0)
		crl_commit_put(d);
	else
		*ret = d;
	return rc;
}

int crl_commit_root(struct crl_commit_work *w)
{
	scoped(crl_view_dir) v = {0};
	int rc = crl_view_open(w->c->layers, &v);

	if (rc == 0)
		rc = make_dir(NULL, ".", &v, &w->root);
	if (rc == 0)
		w->root->chosen = !w->c->path;
	return rc;
}

int crl_commit_ready(struct crl_commit_dir *d)
{
	struct statx st;
	int rc;

	if (d->ready)
		return 0;
	if (statx(d->view.part[1].fd, "", AT_EMPTY_PATH, STATX_MODE, &st) < 0)
		return -errno;
	if (st.stx_attributes & STATX_ATTR_APPEND) /* a name could be made, and would have to stay */
		return -EPERM;
	if ((st.stx_mode & 0300) != 0300) /* the upper's mode is what is shown, and in the end it is this one's */
		crl_ignore(fchmod(d->view.part[1].fd, (st.stx_mode & 07777) | S_IRWXU));
	rc = crl_object_place_at(d->view.part[1].fd, &d->to);
	d->ready = rc == 0;
	return rc;
}

enum crl_commit_choice crl_commit_choose(const char *const *wanted, const char *path, bool *met)
{
	enum crl_commit_choice choice = CRL_CHOICE_OUT;

	for (size_t i = 0; wanted[i]; i++) {
		if (strcmp(wanted[i], ".") == 0 || crl_commit_is_within(path, wanted[i])) {
			if (met)
				met[i] = true;
			choice = CRL_CHOICE_IN;
		} else if (choice == CRL_CHOICE_OUT && crl_commit_is_within(wanted[i], path)) {
			choice = CRL_CHOICE_ON_THE_WAY;
		}
	}
	return choice;
}

/* Is a name among what is to be committed? Returns enum crl_commit_choice or -errno. */
static int choose(struct crl_commit_work *w, const struct crl_commit_dir *d, const char *name)
{
	scoped_free char *path = NULL;

	if (d->chosen)
		return CRL_CHOICE_IN;
	path = crl_commit_path(d, name);
	return path ? (int)crl_commit_choose(w->c->path, path, w->met) : -ENOMEM;
}

/* Returns 1, 0 or -errno. */
static int is_in_place(const struct crl_commit_dir *d, const char *name, const struct crl_view_dir *v)
{
	scoped_free char *path = NULL;
	struct stat st;

	if (v->news != 1 || v->len != 2)
		return 0;
	if (fstat(v->part[0].fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0300) != 0300) /* its mode is shown, and stays as it is until it is gone */
		return 0;
	if (!v->origin)
		return 1;
	path = crl_commit_path(d, name);
	if (!path)
		return -ENOMEM;
	return v->origin[0] == '/' && strcmp(v->origin + 1, path) == 0; /* moved away and back */
}

/* What is asked for is within a directory that can go as a whole only. */
static int keep_part(struct crl_commit_work *w, const struct crl_commit_dir *d, const char *name)
{
	scoped_free char *path = crl_commit_path(d, name);

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; w->c->path[i]; i++)
		if (crl_commit_is_within(w->c->path[i], path))
			w->met[i] = true;
	return crl_commit_keep(w, d, name, "can be committed as a whole only: it is new, renamed or read-only");
}

static int walk(struct crl_commit_work *w, const struct crl_commit_pass *pass, struct crl_commit_dir *d);

static int visit_dir(struct crl_commit_work *w, const struct crl_commit_pass *pass, struct crl_commit_dir *d,
		     const char *name, bool chosen)
{
	struct crl_commit_dir *child = NULL;
	struct crl_view_dir v;
	int rc = crl_view_enter(&d->view, name, &v);

	if (rc == 0)
		rc = is_in_place(d, name, &v);
	if (rc == 0) {
		if (chosen)
			rc = pass->whole ? pass->whole(w, d, name, &v) : 0;
		else if (pass->tells)
			rc = keep_part(w, d, name);
	} else if (rc == 1) {
		rc = make_dir(d, name, &v, &child);
	} else {
		rc = pass->tells ? crl_commit_failed(w, d, name, rc) : crl_commit_is_fatal(rc) ? rc : 0;
	}
	crl_view_dir_done(&v);
	if (!child)
		return rc;
	child->chosen = chosen;
	rc = walk(w, pass, child);
	crl_commit_put(child);
	return rc;
}

static int visit(struct crl_commit_work *w, const struct crl_commit_pass *pass, struct crl_commit_dir *d,
		 const char *name, const struct crl_view_entry *e)
{
	int choice;

	if (w->again && crl_commit_is_ours(w, name)) /* on its way out */
		return 0;
	choice = crl_commit_is_stopped(w) ? -EINTR : choose(w, d, name);
	if (choice < 0 || choice == CRL_CHOICE_OUT)
		return choice;
	if (e->kind == CRL_VIEW_DIR)
		return visit_dir(w, pass, d, name, choice == CRL_CHOICE_IN);
	return choice == CRL_CHOICE_IN && pass->file ? pass->file(w, d, name, e) : 0;
}

static int walk(struct crl_commit_work *w, const struct crl_commit_pass *pass, struct crl_commit_dir *d)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = pass->begin ? pass->begin(w, d) : 0, more = 0;

	if (rc == 0)
		rc = crl_view_walk_begin(&d->view, 1, &names);
	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0)
		rc = visit(w, pass, d, name, &e);
	if (rc == 0 && more < 0)
		rc = more;
	return rc == 0 && pass->end ? pass->end(w, d) : rc;
}

int crl_commit_walk(struct crl_commit_work *w, const struct crl_commit_pass *pass)
{
	return walk(w, pass, w->root);
}

int crl_commit_open(struct crl_commit_work *w, const char *path, struct crl_commit_dir **ret, const char **ret_name)
{
	struct crl_commit_dir *d = w->root, *next = NULL;
	const char *rest = path, *slash;
	int rc = 0;

	d->refs++;
	for (; rc == 0 && (slash = strchr(rest, '/')); rest = slash + 1) {
		scoped_free char *name = strndup(rest, (size_t)(slash - rest));
		struct crl_view_dir v = {0};

		rc = name ? crl_view_enter(&d->view, name, &v) : -ENOMEM;
		if (rc == 0)
			rc = is_in_place(d, name, &v) == 1 ? make_dir(d, name, &v, &next) : -ESTALE;
		crl_view_dir_done(&v);
		if (rc == 0) {
			crl_commit_put(d);
			d = next;
		}
	}
	if (rc < 0)
		crl_commit_put(d);
	else
		*ret = d;
	*ret_name = rest;
	return rc;
}
