// SPDX-License-Identifier: Apache-2.0
/*
 * Renamed directories: content of the home that is shown by another path. It must stay where it is until the directory
 * is whole by its new path, or else the overlay would lose it.
 *
 * Where each of two such directories stands in the other's way (exchanged names), or one in its own ("a/b" became "a"),
 * one gets a stand-in: all of it, by hard links, by a name of ours in the home's root, and in the upper an empty
 * directory in its place that is redirected there, put in by one exchange of names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "layers/commit_work.h"
#include "layers/near.h"

static int add_origin(struct crl_commit_moved *m, char *origin)
{
	char **more = reallocarray(m->origin, m->origins + 1, sizeof(*more));

	if (!more) {
		free(origin);
		return -ENOMEM;
	}
	m->origin = more;
	m->origin[m->origins++] = origin;
	return 0;
}

static void free_moved(struct crl_commit_moved *m)
{
	for (size_t i = 0; i < m->origins; i++)
		free(m->origin[i]);
	free(m->origin);
	free(m->path);
}

void crl_commit_moves_done(struct crl_commit_work *w)
{
	for (size_t i = 0; i < w->moves; i++)
		free_moved(&w->moved[i]);
	free(w->moved);
}

/* What a directory is made of, and all below it. @home  where its parent's content is in the home, NULL: nowhere */
struct gathering {
	struct crl_commit_work *w;
	struct crl_commit_moved *m;
};

static int gather(struct gathering *g, const char *home, const char *name, const struct crl_view_dir *v);

static int gather_below(struct gathering *g, const char *home, const struct crl_view_dir *v)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(v, v->news, &names), more = 0;

	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0) {
		scoped(crl_view_dir) child = {0};

		if (e.kind == CRL_VIEW_FILE) {
			g->w->c->all_files++;
			g->w->c->all_bytes += S_ISREG(e.st.st_mode) ? (uint64_t)e.st.st_size : 0;
		}
		if (e.kind != CRL_VIEW_DIR)
			continue;
		rc = crl_view_enter(v, name, &child);
		if (rc == 0)
			rc = gather(g, home, name, &child);
		else if (!crl_commit_is_fatal(rc))
			rc = 0; /* it is told when it is to be brought over */
	}
	return rc ? rc : more;
}

static int gather(struct gathering *g, const char *home, const char *name, const struct crl_view_dir *v)
{
	scoped_free char *own = NULL;
	int rc = 0;

	if (v->len > v->news) {
		own = v->origin && v->origin[0] == '/'
			      ? strdup(v->origin)
			      : crl_commit_join(home ? home : "/", v->origin ? v->origin : name);
		if (!own)
			return -ENOMEM;
		if (v->origin)
			rc = add_origin(g->m, strdup(own));
	}
	return rc ? rc : gather_below(g, own, v);
}

static int scan_whole(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		      const struct crl_view_dir *v)
{
	struct crl_commit_moved m = {.path = crl_commit_path(d, name)};
	struct gathering g = {.w = w, .m = &m};
	scoped_free char *parent = crl_commit_path(d, NULL);
	scoped_free char *home = NULL;
	int rc = -ENOMEM;

	if (parent && m.path)
		home = strcmp(parent, ".") == 0 ? strdup("/") : crl_commit_join("/", parent);
	if (home)
		rc = gather(&g, home, name, v);
	if (rc == 0 && m.origins > 0 && w->moves == w->moves_room) {
		size_t room = w->moves_room ? w->moves_room * 2 : 16;
		void *more = reallocarray(w->moved, room, sizeof(m));

		rc = more ? 0 : -ENOMEM;
		if (more) {
			w->moved = more;
			w->moves_room = room;
		}
	}
	if (rc < 0 || m.origins == 0)
		free_moved(&m);
	else
		w->moved[w->moves++] = m;
	return rc;
}

static int scan_file(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		     const struct crl_view_entry *e)
{
	(void)d, (void)name;
	w->c->all_files++;
	w->c->all_bytes += S_ISREG(e->st.st_mode) ? (uint64_t)e->st.st_size : 0;
	return 0;
}

int crl_commit_scan(struct crl_commit_work *w)
{
	const struct crl_commit_pass all = {.file = scan_file, .whole = scan_whole};
	bool chosen = w->root->chosen;
	int rc;

	w->root->chosen = true; /* what is not asked for shows content of the home as well */
	rc = crl_commit_walk(w, &all);
	w->root->chosen = chosen;
	return rc;
}

static bool shows(const struct crl_commit_moved *m, const char *path)
{
	if (m->state != CRL_MOVED_DONE)
		for (size_t i = 0; i < m->origins; i++)
			if (crl_commit_is_within(m->origin[i] + 1, path))
				return true;
	return false;
}

const char *crl_commit_shown_as(const struct crl_commit_work *w, const char *path)
{
	for (size_t i = 0; i < w->moves; i++)
		if (shows(&w->moved[i], path))
			return w->moved[i].path;
	return NULL;
}

/* Is it among what is asked for? */
static bool is_chosen(struct crl_commit_work *w, const struct crl_commit_moved *m)
{
	bool chosen = !w->c->path;

	for (size_t i = 0; w->c->path && w->c->path[i]; i++)
		if (strcmp(w->c->path[i], ".") == 0 || crl_commit_is_within(m->path, w->c->path[i]))
			chosen = w->met[i] = true;
	return chosen;
}

/* Its place in the home has something in it that is still shown elsewhere. */
static bool is_hindered(struct crl_commit_work *w, const struct crl_commit_moved *m)
{
	return crl_commit_shown_as(w, m->path) != NULL;
}

static int bring(struct crl_commit_work *w, struct crl_commit_moved *m)
{
	struct crl_commit_dir *d;
	struct crl_view_dir v;
	const char *name;
	int rc = crl_commit_open(w, m->path, &d, &name);

	if (rc < 0)
		return rc;
	rc = crl_view_enter(&d->view, name, &v);
	if (rc == 0)
		rc = crl_commit_bring_whole(w, d, name, &v, m);
	else
		rc = crl_commit_failed(w, d, name, rc);
	if (m->state == CRL_MOVED_LIVE)
		m->state = CRL_MOVED_FAILED;
	crl_view_dir_done(&v);
	crl_commit_put(d);
	return rc;
}

/* All that have free places. Returns how many, or -errno. */
static int round_of(struct crl_commit_work *w)
{
	int n = 0, rc = 0;

	for (size_t i = 0; rc == 0 && i < w->moves; i++) {
		struct crl_commit_moved *m = &w->moved[i];

		if (m->state != CRL_MOVED_LIVE || !is_chosen(w, m) || is_hindered(w, m))
			continue;
		rc = bring(w, m);
		n++;
	}
	if (rc == 0 && n > 0)
		rc = crl_commit_finish(w);
	return rc ? rc : n;
}

/* An empty directory of the upper that will show what is in the home by @name. @v  as it is now */
static int make_pointer(struct crl_commit_work *w, const struct crl_view_dir *v, const char *name, int at,
			const char *pointer)
{
	scoped_free char *target = crl_commit_join("/", name);
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = target ? 0 : -ENOMEM;

	if (rc == 0 && mkdirat(at, pointer, 0700) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_near_open(at, pointer, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (rc == 0 && fstat(v->part[0].fd, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_marks_set_redirect(&w->c->layers->marks, fd, target);
	return rc ? rc : crl_object_dress(v->part[0].fd, fd, &st, false);
}

static int exchange(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name, const char *pointer)
{
	int at = d->view.part[0].fd;

	if (syncfs(w->root->view.part[1].fd) < 0)
		return -errno;
	if (renameat2(at, name, at, pointer, RENAME_EXCHANGE) < 0)
		return -errno;
	return syncfs(at) < 0 ? -errno : 0; /* before anything of what it was made of goes */
}

/* Makes a moved directory independent of where its content was. Returns 0; 1 it cannot be, told; -errno. */
static int stand_in(struct crl_commit_work *w, struct crl_commit_moved *m, struct crl_commit_dir *d, const char *name)
{
	char as[CRL_COMMIT_TEMP], pointer[CRL_COMMIT_TEMP];
	scoped(crl_view_dir) v = {0};
	char *origin;
	int rc = crl_view_enter(&d->view, name, &v);

	crl_commit_name(w, w->next++, as);
	crl_commit_name(w, w->next++, pointer);
	if (rc == 0)
		rc = crl_commit_ready(w->root);
	if (rc == 0 && mknodat(w->root->view.part[0].fd, as, S_IFCHR, 0) < 0) /* so that nobody sees it */
		rc = -errno;
	if (rc == 0)
		rc = crl_commit_build(w, &v, m->path, w->root->to.dir, as);
	if (rc == 0)
		rc = make_pointer(w, &v, as, d->view.part[0].fd, pointer);
	d->stirred = true;
	if (rc == 0)
		rc = exchange(w, d, name, pointer);
	crl_ignore(crl_commit_discharge(w, d->view.part[0].fd, pointer)); /* what was there, or what was not put in */
	origin = rc == 0 ? crl_commit_join("/", as) : NULL;
	if (rc == 0 && !origin)
		rc = -ENOMEM;
	if (rc == 0) {
		while (m->origins > 0)
			free(m->origin[--m->origins]);
		m->origin[m->origins++] = origin;
	} else {
		crl_ignore(crl_commit_remove(w, w->root, as));
		crl_ignore(unlinkat(w->root->view.part[0].fd, as, 0));
	}
	return rc < 0 ? (crl_commit_failed(w, d, name, rc) < 0 ? rc : 1) : rc;
}

/* Frees the place of one of those that hinder each other. */
static int free_place(struct crl_commit_work *w, struct crl_commit_moved *m)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->moves; i++) {
		struct crl_commit_moved *other = &w->moved[i];
		struct crl_commit_dir *d;
		const char *name;

		if (!shows(other, m->path))
			continue;
		rc = other->state == CRL_MOVED_LIVE ? crl_commit_open(w, other->path, &d, &name) : 1;
		if (rc != 0)
			break;
		rc = stand_in(w, other, d, name);
		crl_commit_put(d);
	}
	if (rc > 0)
		m->state = CRL_MOVED_FAILED;
	return rc < 0 ? rc : 0;
}

static int keep_hindered(struct crl_commit_work *w, const struct crl_commit_moved *m)
{
	w->c->kept++;
	w->c->tell(w->c->arg, CRL_COMMIT_KEPT, m->path, "stands where something is that could not be committed");
	return 0;
}

static bool is_ours_path(const struct crl_commit_work *w, const char *origin)
{
	return crl_commit_is_ours(w, origin + 1);
}

/* Stand-ins that nothing shows any more. */
static int remove_stand_ins(struct crl_commit_work *w)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->moves; i++) {
		const struct crl_commit_moved *m = &w->moved[i];

		if (m->origins != 1 || !is_ours_path(w, m->origin[0]))
			continue;
		if (m->state != CRL_MOVED_DONE) {
			w->littered = true;
			continue;
		}
		rc = crl_commit_ready(w->root);
		if (rc == 0)
			rc = crl_commit_remove(w, w->root, m->origin[0] + 1);
		if (rc == 0 && unlinkat(w->root->view.part[0].fd, m->origin[0] + 1, 0) < 0 && errno != ENOENT)
			rc = -errno;
	}
	return crl_commit_is_fatal(rc) ? rc : 0;
}

int crl_commit_moves(struct crl_commit_work *w)
{
	bool again = w->moves > 0;
	int rc = 0;

	while (again && rc == 0) {
		while ((rc = round_of(w)) > 0)
			;
		again = false;
		for (size_t i = 0; rc == 0 && i < w->moves && !again; i++) {
			struct crl_commit_moved *m = &w->moved[i];

			if (m->state != CRL_MOVED_LIVE || !is_chosen(w, m))
				continue;
			rc = free_place(w, m);
			if (m->state == CRL_MOVED_FAILED)
				rc = keep_hindered(w, m);
			again = true;
		}
	}
	return rc ? rc : remove_stand_ins(w);
}
