// SPDX-License-Identifier: Apache-2.0
/*
 * The walk through what is new, beside what was there.
 *
 * A directory that was renamed leaves a whiteout, or another object, where it was: what looks like a deletion is none.
 * So the new layers are walked twice: first for the directories that came from elsewhere, then for what is told. Where
 * one of them came back to a place that is no longer what it was, that is known only after a further walk.
 *
 * Owns: R1 the walk keeps its levels on the heap, so that a deep tree is no deep stack; R2 what no new layer has is not
 * looked into.
 */
#include "layers/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layers/diff_compare.h"
#include "layers/near.h"

/* A directory by what it is in the layer where it is youngest. */
struct origin_id {
	dev_t dev;
	ino_t ino;
};

/* A directory on the way down. R1 */
struct level {
	struct level *up;
	struct crl_view_dir now;
	struct crl_view_dir replaced; /* the one that was here before, when nothing of it is merged with this one */
	struct crl_view_walk new_names, old_names; /* old ones of what was replaced */
	const char *new_name, *old_name; /* the next of each, or NULL */
	struct crl_view_entry new_entry, old_entry;
	size_t path_len; /* of this directory's path */
	char *from; /* the path it had, when it was itself renamed */
};

struct origins {
	struct origin_id *id;
	size_t len, room;
};

struct diff {
	const struct crl_diff_wish *wish;
	struct crl_err *err;
	bool collects; /* not yet the walk that tells */
	bool doubt; /* something was found where it was before, in a directory that is another one */
	struct origins moved; /* as far as they are known, sorted */
	struct origins found; /* by the walk that collects */
	char *path; /* "" the root */
	size_t path_room;
	struct level *level;
};

/* One name of a level. */
struct diff_name {
	const char *name;
	struct crl_view_entry now, before;
	struct crl_view_dir dir_before; /* borrowed from the level */
};

static void diff_done(struct diff *d)
{
	while (d->level) {
		struct level *l = d->level;

		d->level = l->up;
		crl_view_walk_done(&l->new_names);
		crl_view_walk_done(&l->old_names);
		crl_view_dir_done(&l->now);
		crl_view_dir_done(&l->replaced);
		free(l->from);
		free(l);
	}
	free(d->moved.id);
	free(d->found.id);
	free(d->path);
}

static void level_pop(struct diff *d)
{
	struct diff one = {.level = d->level};

	d->level = one.level->up;
	one.level->up = NULL;
	diff_done(&one);
}

/* What was here before: the parts that are not new, or what was replaced. Borrowed. */
static struct crl_view_dir before_of(const struct level *l)
{
	if (l->replaced.len)
		return l->replaced;
	return (struct crl_view_dir){
		.layers = l->now.layers, .part = l->now.part + l->now.news, .len = l->now.len - l->now.news};
}

static int complain(struct diff *d, int rc)
{
	return crl_err_set(d->err, -rc, CRL_STAGE_HOME, "cannot look at \"%.200s\"", d->path[0] ? d->path : ".");
}

/* --- the path -------------------------------------------------------------------------------------------------- */

static int path_set(struct diff *d, size_t len, const char *name)
{
	size_t name_len = strlen(name), want = len + name_len + 2;

	if (want > d->path_room) {
		char *more = realloc(d->path, want * 2);

		if (!more)
			return -ENOMEM;
		d->path = more;
		d->path_room = want * 2;
	}
	if (len)
		d->path[len++] = '/';
	memcpy(d->path + len, name, name_len + 1);
	return 0;
}

/* The path that a directory had whose parts were found by @origin, as crl_view_dir says. NULL: no memory. */
static char *path_before(const struct diff *d, const char *origin)
{
	const struct level *l = d->level;
	size_t behind = l->path_len;
	const char *base = "", *rest = d->path;
	size_t rest_len = behind;
	char *text;

	if (origin[0] == '/')
		return strdup(origin + 1);
	for (; l && !l->from; l = l->up)
		;
	if (l) {
		base = l->from;
		rest = d->path + l->path_len;
		rest_len = behind - l->path_len;
	}
	if (asprintf(&text, "%s%.*s%s%s", base, (int)rest_len, rest, *base || rest_len ? "/" : "", origin) < 0)
		return NULL;
	return text;
}

/* --- directories that came from elsewhere ----------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	const struct origin_id *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static int origins_add(struct origins *o, const struct stat *st)
{
	if (o->len == o->room) {
		size_t room = o->room ? o->room * 2 : 64;
		struct origin_id *more = reallocarray(o->id, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		o->id = more;
		o->room = room;
	}
	o->id[o->len++] = (struct origin_id){.dev = st->st_dev, .ino = st->st_ino};
	return 0;
}

static bool was_moved(const struct diff *d, const struct stat *st)
{
	const struct origin_id id = {.dev = st->st_dev, .ino = st->st_ino};

	return d->moved.len && bsearch(&id, d->moved.id, d->moved.len, sizeof(id), compare_ids);
}

/* What was found is what is known. Returns whether that is more than before. */
static bool origins_settle(struct diff *d)
{
	struct origins known = d->moved;

	if (d->found.len)
		qsort(d->found.id, d->found.len, sizeof(*d->found.id), compare_ids);
	d->moved = d->found;
	d->found = known;
	d->found.len = 0;
	return d->moved.len > known.len;
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

/* Returns CRL_DIFF_ON, CRL_DIFF_SKIP or a negative number. */
static int tell(struct diff *d, struct crl_diff_change *c, const struct diff_name *n)
{
	if (d->collects)
		return CRL_DIFF_ON;
	c->path = d->path[0] ? d->path : ".";
	c->name = n->name;
	c->dir = d->level ? &d->level->now : NULL;
	c->dir_before = d->level ? &n->dir_before : NULL;
	c->now = &n->now;
	c->before = &n->before;
	return d->wish->tell(d->wish->arg, c);
}

static int tell_kind(struct diff *d, enum crl_diff_kind kind, const struct diff_name *n)
{
	return tell(d, &(struct crl_diff_change){.kind = kind}, n);
}

/* What is not read is told, and the rest as well. What is gone meanwhile is not. */
static int tell_unreadable(struct diff *d, int rc, const struct diff_name *n)
{
	if (rc == -ENOENT || rc == -ENOTDIR)
		return CRL_DIFF_SKIP;
	if (rc != -EACCES && rc != -EINVAL)
		return complain(d, rc);
	rc = tell(d, &(struct crl_diff_change){.kind = CRL_DIFF_UNREADABLE, .error = rc}, n);
	return rc < 0 ? rc : CRL_DIFF_SKIP;
}

static int tell_file(struct diff *d, const struct diff_name *n)
{
	struct crl_diff_change c = {.kind = CRL_DIFF_CHANGED};
	int rc;

	if (d->collects)
		return 0;
	if (n->before.kind == CRL_VIEW_ABSENT)
		return tell_kind(d, CRL_DIFF_ADDED, n);
	if ((n->now.st.st_mode ^ n->before.st.st_mode) & S_IFMT)
		return tell_kind(d, CRL_DIFF_TYPE, n);
	rc = crl_diff_compare(&(struct crl_compared){d->level->now.part[n->now.part].fd, n->name, &n->now.st},
			      &(struct crl_compared){n->dir_before.part[n->before.part].fd, n->name, &n->before.st},
			      d->wish->exact, &c.what);
	if (rc == -ENOENT || rc == -ELOOP || rc == -EINVAL)
		return CRL_DIFF_ON; /* it is another meanwhile */
	if (rc < 0)
		return complain(d, rc);
	return c.what ? tell(d, &c, n) : CRL_DIFF_ON;
}

/* --- directories ------------------------------------------------------------------------------------------------ */

/* A directory that is still there, or was renamed to where it is. @old  a descriptor of what it was; @from or NULL */
static int tell_kept(struct diff *d, const struct level *l, int old, const struct diff_name *n)
{
	struct crl_diff_change c = {.kind = l->from ? CRL_DIFF_RENAMED : CRL_DIFF_CHANGED, .from = l->from};
	struct diff_name seen = *n;
	int rc;

	if (d->collects)
		return CRL_DIFF_ON;
	seen.before.kind = CRL_VIEW_DIR;
	if (fstat(old, &seen.before.st) < 0)
		return complain(d, -errno);
	rc = crl_diff_compare(&(struct crl_compared){l->now.part[0].fd, NULL, &seen.now.st},
			      &(struct crl_compared){old, NULL, &seen.before.st}, false, &c.what);
	if (rc < 0)
		return complain(d, rc);
	return l->from || c.what ? tell(d, &c, &seen) : CRL_DIFF_ON;
}

/* Of a directory with parts of before: is what was here before another? Then @l gets the path that it had. */
static int find_origin(struct diff *d, struct level *l, const struct diff_name *n)
{
	struct stat st;

	if (fstat(l->now.part[l->now.news].fd, &st) < 0)
		return complain(d, -errno);
	if (n->before.kind == CRL_VIEW_DIR && n->before.st.st_dev == st.st_dev && n->before.st.st_ino == st.st_ino) {
		d->doubt = d->doubt || d->level->replaced.len;
		return 0;
	}
	if (d->collects)
		return origins_add(&d->found, &st);
	l->from = path_before(d, l->now.origin ? l->now.origin : n->name);
	return l->from ? 0 : -ENOMEM;
}

/* Something else was here. Returns as tell(). */
static int tell_displaced(struct diff *d, const struct diff_name *n)
{
	struct diff_name gone = *n;

	if (n->before.kind == CRL_VIEW_ABSENT)
		return CRL_DIFF_ON;
	gone.now.kind = CRL_VIEW_ABSENT;
	return tell_kind(d, CRL_DIFF_DELETED, &gone);
}

/* May names in all parts be looked at? Whoever may not finds out now, and not name by name. */
static int may_search(const struct crl_view_dir *dir)
{
	struct stat st;

	for (size_t i = 0; i < dir->len; i++)
		if (fstatat(dir->part[i].fd, ".", &st, 0) < 0)
			return -errno;
	return 0;
}

/* Returns as tell(), with @l ready to be walked. */
static int tell_dir(struct diff *d, struct level *l, const struct diff_name *n)
{
	int rc;

	if (l->now.news < l->now.len) {
		rc = find_origin(d, l, n);
		if (rc == 0 && l->from)
			rc = tell_displaced(d, n);
		return rc < 0 ? rc : tell_kept(d, l, l->now.part[l->now.news].fd, n);
	}
	if (n->before.kind != CRL_VIEW_DIR)
		return tell_kind(d, n->before.kind == CRL_VIEW_ABSENT ? CRL_DIFF_ADDED : CRL_DIFF_TYPE, n);
	rc = crl_view_enter(&n->dir_before, n->name, &l->replaced);
	if (rc == 0)
		rc = may_search(&l->replaced);
	if (rc < 0)
		return tell_unreadable(d, rc, n);
	return tell_kept(d, l, l->replaced.part[0].fd, n);
}

static int advance(struct crl_view_walk *w, const char **name, struct crl_view_entry *e)
{
	int rc = crl_view_walk_next(w, name, e);

	if (rc <= 0)
		*name = NULL;
	return rc < 0 ? rc : 0;
}

/* The walk of @l begins, and it is the level that is looked at. R2 */
static int level_push(struct diff *d, struct level *l)
{
	int rc = crl_view_walk_begin(&l->now, l->now.news, &l->new_names);

	if (rc == 0)
		rc = advance(&l->new_names, &l->new_name, &l->new_entry);
	if (rc == 0 && l->replaced.len && !d->collects) {
		rc = crl_view_walk_begin(&l->replaced, l->replaced.len, &l->old_names);
		if (rc == 0)
			rc = advance(&l->old_names, &l->old_name, &l->old_entry);
	}
	l->path_len = strlen(d->path);
	l->up = d->level;
	d->level = l; /* owned also on an error */
	return rc < 0 ? complain(d, rc) : 0;
}

static void drop_level(struct level *l)
{
	diff_done(&(struct diff){.level = l});
}

static int look_at_dir(struct diff *d, const struct diff_name *n)
{
	struct level *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	rc = crl_view_enter(&d->level->now, n->name, &l->now);
	if (rc == 0)
		rc = may_search(&l->now);
	rc = rc < 0 ? tell_unreadable(d, rc, n) : tell_dir(d, l, n);
	if (rc == CRL_DIFF_ON)
		return level_push(d, l);
	drop_level(l);
	return rc < 0 ? rc : 0;
}

static int look_at(struct diff *d, struct diff_name *n)
{
	int rc;

	if (n->before.kind == CRL_VIEW_WHITEOUT || (n->before.kind == CRL_VIEW_DIR && was_moved(d, &n->before.st)))
		n->before = (struct crl_view_entry){.kind = CRL_VIEW_ABSENT};
	if (n->now.kind == CRL_VIEW_DIR)
		return look_at_dir(d, n);
	if (n->now.kind == CRL_VIEW_FILE)
		rc = tell_file(d, n);
	else
		rc = n->before.kind == CRL_VIEW_ABSENT ? CRL_DIFF_ON : tell_kind(d, CRL_DIFF_DELETED, n);
	return rc < 0 ? rc : 0;
}

/* --- the walk --------------------------------------------------------------------------------------------------- */

/* The next name of a level, with what it is and was. @copy  the name, until the next call. Returns 1, 0 or -errno. */
static int next_name(struct diff *d, struct level *l, char *copy, struct diff_name *n)
{
	int order, rc = 0;

	if (!l->new_name && !l->old_name)
		return 0;
	order = !l->new_name ? 1 : !l->old_name ? -1 : strcmp(l->new_name, l->old_name);
	*n = (struct diff_name){.name = copy, .dir_before = before_of(l)};
	strcpy(copy, order <= 0 ? l->new_name : l->old_name);
	if (order <= 0) {
		n->now = l->new_entry;
		rc = advance(&l->new_names, &l->new_name, &l->new_entry);
	}
	if (rc == 0 && order >= 0) {
		n->before = l->old_entry;
		rc = advance(&l->old_names, &l->old_name, &l->old_entry);
	} else if (rc == 0 && !l->replaced.len) {
		rc = crl_view_find(&n->dir_before, copy, &n->before);
	} else if (rc == 0 && d->collects) {
		rc = crl_view_find(&l->replaced, copy, &n->before);
	}
	return rc < 0 ? rc : 1;
}

static int walk(struct diff *d)
{
	char name[NAME_MAX + 1];

	while (d->level) {
		struct diff_name n;
		size_t len = d->level->path_len;
		int rc = next_name(d, d->level, name, &n);

		d->path[len] = '\0';
		if (rc < 0)
			return complain(d, rc);
		if (rc == 0) {
			level_pop(d);
			continue;
		}
		if (d->wish->stop && d->wish->stop(d->wish->arg))
			return -EINTR;
		rc = path_set(d, len, name);
		if (rc == 0)
			rc = look_at(d, &n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int walk_all(struct diff *d, const struct crl_layers *layers)
{
	struct level *root = calloc(1, sizeof(*root));
	struct diff_name n = {.name = ".", .now = {.kind = CRL_VIEW_DIR}, .before = {.kind = CRL_VIEW_DIR}};
	int rc = root ? path_set(d, 0, "") : -ENOMEM;

	if (rc == 0)
		rc = crl_view_open(layers, &root->now);
	if (rc == 0 && fstat(root->now.part[0].fd, &n.now.st) < 0)
		rc = -errno;
	if (rc < 0) {
		drop_level(root);
		return crl_err_set(d->err, -rc, CRL_STAGE_HOME, "cannot open the layers");
	}
	if (root->now.news > 0 && root->now.news < root->now.len)
		rc = tell_kept(d, root, root->now.part[root->now.news].fd, &n);
	if (rc == CRL_DIFF_ON)
		rc = level_push(d, root);
	else
		drop_level(root);
	return rc < 0 || !d->level ? (rc < 0 ? rc : 0) : walk(d);
}

int crl_diff_walk(const struct crl_layers *layers, const struct crl_diff_wish *wish, struct crl_err *err)
{
	struct diff d = {.wish = wish, .err = err, .collects = true};
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		d.doubt = false;
		rc = walk_all(&d, layers);
		more = origins_settle(&d) && d.doubt;
	}
	d.collects = false;
	if (rc == 0)
		rc = walk_all(&d, layers);
	diff_done(&d);
	return rc;
}
