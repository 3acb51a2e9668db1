// SPDX-License-Identifier: Apache-2.0
/*
 * See discard.h.
 *
 * Owns: R1 of a renamed directory the end that hides goes first: a run that ends between shows it twice, and never not
 * at all.
 */
#include "layers/discard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "layers/near.h"
#include "layers/remove.h"

/* A directory of the upper that shows what is below by another path. */
struct turned {
	char *path;
	char *origin; /* in the layers below */
};

struct doomed {
	char *path;
	bool too; /* not asked for */
	bool done;
};

struct discarding {
	struct crl_discard *d;
	struct turned *turned;
	size_t turns;
	struct doomed *doomed;
	size_t dooms;
};

static bool is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0 ? NULL : path;
}

/* @path, @origin  are taken */
static int add_turned(struct discarding *g, char *path, char *origin)
{
	void *more = reallocarray(g->turned, g->turns + 1, sizeof(*g->turned));

	if (more)
		g->turned = more;
	if (!more || !path || !origin) {
		free(path);
		free(origin);
		return -ENOMEM;
	}
	g->turned[g->turns++] = (struct turned){path, origin};
	return 0;
}

static int add_doomed(struct discarding *g, const char *path, bool too)
{
	void *more = reallocarray(g->doomed, g->dooms + 1, sizeof(*g->doomed));
	char *own = strdup(path);

	if (more)
		g->doomed = more;
	if (!more || !own) {
		free(own);
		return -ENOMEM;
	}
	g->doomed[g->dooms++] = (struct doomed){.path = own, .too = too};
	return 0;
}

/* @path  of @v, @below  where what is below is looked for by its parent; "" for roots */
static int gather(struct discarding *g, const struct crl_view_dir *v, const char *path, const char *below)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(v, v->news, &names), more = 0;

	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0) {
		scoped(crl_view_dir) child = {0};
		scoped_free char *child_path = NULL;
		scoped_free char *child_below = NULL;

		if (e.kind != CRL_VIEW_DIR)
			continue;
		rc = crl_view_enter(v, name, &child);
		if (rc == -EACCES) { /* nothing is known of what is in it */
			rc = 0;
			continue;
		}
		child_path = join(path, name);
		child_below = child.origin && child.origin[0] == '/' ? strdup(child.origin + 1)
								     : join(below, child.origin ? child.origin : name);
		if (rc == 0 && (!child_path || !child_below))
			rc = -ENOMEM;
		if (rc == 0 && child.origin && strcmp(child_path, child_below) != 0)
			rc = add_turned(g, strdup(child_path), strdup(child_below));
		if (rc == 0)
			rc = gather(g, &child, child_path, child_below);
	}
	return rc ? rc : more;
}

/* By what path the overlay would show what is at @origin below, if nothing hid it. To be freed. */
static char *shown_at(const struct discarding *g, const char *origin)
{
	const struct turned *best = NULL;

	for (size_t i = 0; i < g->turns; i++) {
		const struct turned *t = &g->turned[i];

		if (strcmp(t->origin, origin) != 0 && is_within(origin, t->origin) &&
		    (!best || strlen(t->origin) > strlen(best->origin)))
			best = t;
	}
	return best ? join(best->path, origin + strlen(best->origin) + 1) : strdup(origin);
}

static bool is_doomed(const struct discarding *g, const char *path)
{
	for (size_t i = 0; i < g->dooms; i++)
		if (is_within(path, g->doomed[i].path))
			return true;
	return false;
}

/* The directory of the upper that the last name of @path is in. Returns 0, -ENOENT the upper has none, -errno. */
static int open_parent(const struct discarding *g, const char *path, int *ret_fd, const char **ret_name)
{
	scoped_fd fd = openat(g->d->layers->fd[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;
	int rc = fd < 0 ? -errno : 0;

	for (; rc == 0 && (slash = strchr(path, '/')); path = slash + 1) {
		scoped_free char *name = strndup(path, (size_t)(slash - path));
		int next;

		rc = name ? crl_near_open(fd, name, O_RDONLY | O_DIRECTORY, 0, &next) : -ENOMEM;
		if (rc == 0) {
			drop_fd(&fd);
			fd = next;
		}
	}
	if (rc < 0)
		return rc == -ENOTDIR || rc == -ELOOP ? -ENOENT : rc;
	*ret_fd = take_fd(&fd);
	*ret_name = path;
	return 0;
}

static int look(const struct discarding *g, const char *path, struct stat *ret)
{
	scoped_fd fd = -EBADF;
	const char *name;
	int rc = open_parent(g, path, &fd, &name);

	return rc ? rc : crl_near_stat(fd, name, ret);
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* Both ends of all that was renamed. */
static int complete(struct discarding *g)
{
	bool again = true;
	int rc = 0;

	while (again && rc == 0) {
		again = false;
		for (size_t i = 0; rc == 0 && i < g->turns; i++) {
			const char *path = g->turned[i].path;
			scoped_free char *place = shown_at(g, g->turned[i].origin);
			struct stat st;
			bool new_end, old_end;

			if (!place)
				return -ENOMEM;
			new_end = is_doomed(g, path);
			old_end = is_doomed(g, place);
			if (new_end == old_end)
				continue;
			if (new_end && (look(g, place, &st) < 0 || !is_whiteout(&st)))
				continue; /* something else stands there, which is a change of its own */
			rc = add_doomed(g, new_end ? place : path, true);
			again = true;
		}
	}
	return rc;
}

static int discharge(const struct discarding *g, int at, const char *name)
{
	uint64_t random;
	char as[32];
	int rc;

	do {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -errno;
		(void)snprintf(as, sizeof(as), "%016" PRIx64, random);
		rc = renameat2(at, name, g->d->trash, as, RENAME_NOREPLACE) < 0 ? -errno : 0;
		if (rc == -EACCES && crl_remove_open_up(at, name) == 0) /* it goes away, and its mode with it */
			rc = renameat2(at, name, g->d->trash, as, RENAME_NOREPLACE) < 0 ? -errno : 0;
	} while (rc == -EEXIST);
	return rc;
}

static int take_out(const struct discarding *g, int at, const char *name)
{
	int rc = unlinkat(at, name, 0) < 0 ? -errno : 0;

	return rc == -EISDIR ? discharge(g, at, name) : rc;
}

/* As above, also where the directory is one that its owner may not write to. */
static int take_out_of(const struct discarding *g, int at, const char *name)
{
	struct stat st;
	int rc = take_out(g, at, name);

	if (rc != -EACCES || fstat(at, &st) < 0 || (st.st_mode & 0300) == 0300)
		return rc;
	if (fchmod(at, (st.st_mode & 07777) | S_IRWXU) < 0)
		return -errno;
	rc = take_out(g, at, name);
	crl_ignore(fchmod(at, st.st_mode & 07777));
	return rc;
}

static int discard_one(struct discarding *g, const struct doomed *p)
{
	scoped_fd fd = -EBADF;
	const char *name;
	int rc = open_parent(g, p->path, &fd, &name);

	if (rc == 0)
		rc = take_out_of(g, fd, name);
	if (rc == -ENOMEM || rc == -EIO || rc == -EROFS)
		return rc;
	if (rc == 0) {
		g->d->tell(g->d->arg, p->too ? CRL_DISCARD_TOO : CRL_DISCARD_DONE, p->path, NULL);
		return 0;
	}
	if (p->too && rc == -ENOENT)
		return 0;
	g->d->kept++;
	g->d->tell(g->d->arg, rc == -ENOENT ? CRL_DISCARD_UNCHANGED : CRL_DISCARD_KEPT, p->path,
		   rc == -ENOENT ? NULL : strerror(-rc));
	return 0;
}

/* Is it within another one that goes? */
static bool is_part(const struct discarding *g, size_t which)
{
	for (size_t i = 0; i < g->dooms; i++)
		if (i != which && is_within(g->doomed[which].path, g->doomed[i].path) &&
		    (i < which || strcmp(g->doomed[which].path, g->doomed[i].path) != 0))
			return true;
	return false;
}

/* R1 */
static int carry_out(struct discarding *g)
{
	int rc = 0;

	for (int hiding = 1; hiding >= 0; hiding--)
		for (size_t i = 0; rc == 0 && i < g->dooms; i++) {
			struct stat st;
			bool white;

			if (g->doomed[i].done || is_part(g, i))
				continue;
			white = look(g, g->doomed[i].path, &st) == 0 && is_whiteout(&st);
			if (white != (hiding == 1))
				continue;
			rc = discard_one(g, &g->doomed[i]);
			g->doomed[i].done = true;
		}
	return rc;
}

static void free_all(struct discarding *g)
{
	for (size_t i = 0; i < g->turns; i++) {
		free(g->turned[i].path);
		free(g->turned[i].origin);
	}
	for (size_t i = 0; i < g->dooms; i++)
		free(g->doomed[i].path);
	free(g->turned);
	free(g->doomed);
}

int crl_discard_run(struct crl_discard *d, struct crl_err *err)
{
	struct discarding g = {.d = d};
	scoped(crl_view_dir) root = {0};
	int rc = crl_view_open(d->layers, &root);

	if (rc == 0)
		rc = gather(&g, &root, "", "");
	for (size_t i = 0; rc == 0 && d->path[i]; i++)
		rc = add_doomed(&g, d->path[i], false);
	if (rc == 0)
		rc = complete(&g);
	if (rc == 0)
		rc = carry_out(&g);
	if (rc == 0 && syncfs(d->layers->fd[0]) < 0)
		rc = -errno;
	free_all(&g);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot discard; what is done is done, run it again") : 0;
}
