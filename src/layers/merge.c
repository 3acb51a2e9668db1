// SPDX-License-Identifier: Apache-2.0
/*
 * See merge.h.
 *
 * Owns: R1 a merged directory shows of what is below as much as the two did: redirected to where both of them led, or
 * opaque.
 */
#include "layers/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "layers/copy.h"
#include "layers/near.h"

static int merge_dir(struct crl_merge *m, const struct crl_view_dir *v, int to, struct crl_err *err);

static bool is_last(const struct crl_merge *m)
{
	return m->layers->len == m->layers->top;
}

/* R1 */
static int set_marks(const struct crl_merge *m, const struct crl_view_dir *v, int fd)
{
	if (is_last(m))
		return 0;
	if (v->len == v->news)
		return crl_marks_set_opaque(&m->layers->marks, fd, true);
	return v->origin ? crl_marks_set_redirect(&m->layers->marks, fd, v->origin) : 0;
}

static int dress(const struct crl_view_dir *v, int to)
{
	struct stat st;

	if (fstat(v->part[0].fd, &st) < 0)
		return -errno;
	return crl_object_dress(v->part[0].fd, to, &st, false);
}

static int merge_child(struct crl_merge *m, const struct crl_view_dir *v, const char *name, int to, struct crl_err *err)
{
	scoped(crl_view_dir) child = {0};
	scoped_fd fd = -EBADF;
	int rc = crl_view_enter(v, name, &child);

	if (rc == 0 && mkdirat(to, name, 0700) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_near_open(to, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (rc < 0)
		return rc;
	rc = merge_dir(m, &child, fd, err);
	if (rc == 0)
		rc = set_marks(m, &child, fd);
	return rc ? rc : dress(&child, fd);
}

static int merge_file(const struct crl_view_dir *v, const char *name, const struct crl_view_entry *e, int to)
{
	struct crl_object_place place;
	int rc;

	if (linkat(v->part[e->part].fd, name, to, name, 0) == 0)
		return 0;
	if (errno != EMLINK)
		return -errno;
	rc = crl_object_place_at(to, &place);
	return rc ? rc : crl_object_copy(v->part[e->part].fd, name, &e->st, &place, name);
}

static int merge_name(struct crl_merge *m, const struct crl_view_dir *v, const char *name,
		      const struct crl_view_entry *e, int to)
{
	m->names++;
	if (e->kind == CRL_VIEW_FILE)
		return merge_file(v, name, e, to);
	/* Below a directory that shows nothing of what is below, there is nothing to be hidden. */
	return v->len > v->news && mknodat(to, name, S_IFCHR, 0) < 0 ? -errno : 0;
}

static int merge_dir(struct crl_merge *m, const struct crl_view_dir *v, int to, struct crl_err *err)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(v, v->news, &names), more = 0;

	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0) {
		if (m->stop && m->stop(m->arg))
			return crl_err_set(err, EINTR, CRL_STAGE_HOME, "stopped");
		rc = e.kind == CRL_VIEW_DIR ? merge_child(m, v, name, to, err) : merge_name(m, v, name, &e, to);
		if (rc < 0)
			return crl_err_wrap(err, rc, CRL_STAGE_HOME, "%s", name);
	}
	return rc ? rc : more;
}

int crl_merge_run(struct crl_merge *m, struct crl_err *err)
{
	struct crl_err own = {0};
	scoped(crl_view_dir) root = {0};
	int rc = crl_view_open(m->layers, &root);

	if (rc == 0)
		rc = merge_dir(m, &root, m->into, &own);
	if (rc == 0)
		rc = dress(&root, m->into);
	if (rc == 0 && syncfs(m->into) < 0)
		rc = -errno;
	if (rc < 0 && err)
		*err = own;
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_HOME, "cannot merge layers") : 0;
}
