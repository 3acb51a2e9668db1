// SPDX-License-Identifier: Apache-2.0
/*
 * Directories that are made whole, and files with several names. See commit_work.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layers/commit_work.h"
#include "layers/near.h"
#include "layers/same.h"

/* Where one copy of each file with several names is until all its names are made, also when a run is interrupted. */
static void links_name(const struct crl_commit_work *w, char name[CRL_COMMIT_TEMP])
{
	(void)snprintf(name, CRL_COMMIT_TEMP, ".carrel-%s-" CRL_COMMIT_LINKS, w->token);
}

static int open_links(struct crl_commit_work *w, bool make)
{
	int home = w->root->view.part[1].fd, rc;
	char name[CRL_COMMIT_TEMP];

	if (w->links >= 0)
		return 0;
	links_name(w, name);
	rc = make ? crl_commit_ready(w->root) : 0;
	if (rc == 0 && make && mkdirat(home, name, 0700) < 0 && errno != EEXIST)
		rc = -errno;
	return rc ? rc : crl_near_open(home, name, O_RDONLY | O_DIRECTORY, 0, &w->links);
}

int crl_commit_links_done(struct crl_commit_work *w)
{
	char name[CRL_COMMIT_TEMP];
	int rc = w->again ? open_links(w, false) : 0;

	if (w->links < 0)
		return rc == -ENOENT ? 0 : rc;
	drop_fd(&w->links);
	links_name(w, name);
	rc = crl_commit_ready(w->root);
	return rc ? rc : crl_commit_remove(w, w->root, name);
}

/* Is the copy that an interrupted run made still the file's? Since then either may have been changed. */
static bool is_current(const struct crl_commit_work *w, const struct crl_commit_source *from, const char *copy)
{
	scoped_fd a = -EBADF;
	scoped_fd b = -EBADF;
	struct stat st;

	if (crl_near_stat(w->links, copy, &st) < 0 || st.st_mode != (from->st->st_mode & (S_IFMT | 01777)) ||
	    st.st_size != from->st->st_size || st.st_mtim.tv_sec != from->st->st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != from->st->st_mtim.tv_nsec || !S_ISREG(st.st_mode))
		return false;
	return crl_near_open(w->links, copy, O_RDONLY, 0, &a) == 0 &&
	       crl_near_open(from->dir, from->name, O_RDONLY, 0, &b) == 0 && crl_same_bytes(a, b) == 1;
}

static int copy_to_links(struct crl_commit_work *w, const struct crl_commit_source *from, const char *copy)
{
	struct crl_object_place place;
	int rc = crl_object_place_at(w->links, &place);

	return rc ? rc : crl_object_copy(from->dir, from->name, from->st, &place, copy);
}

int crl_commit_copy(struct crl_commit_work *w, const struct crl_commit_source *from, const struct crl_object_place *to,
		    const char *as)
{
	bool several = from->st->st_nlink > 1;
	char copy[24];
	int rc;

	if (!several && !w->again && w->links < 0) /* of the last name of several the others may be gone already */
		return crl_object_copy(from->dir, from->name, from->st, to, as);
	rc = open_links(w, several);
	if (rc < 0)
		return rc == -ENOENT ? crl_object_copy(from->dir, from->name, from->st, to, as) : rc;
	(void)snprintf(copy, sizeof(copy), "%" PRIu64, (uint64_t)from->st->st_ino);
	if (w->again && !is_current(w, from, copy) && unlinkat(w->links, copy, 0) < 0 && errno != ENOENT)
		return -errno;
	rc = linkat(w->links, copy, to->dir, as, 0) < 0 ? -errno : 0;
	if (rc == -ENOENT && several) {
		rc = copy_to_links(w, from, copy);
		if (rc == 0 && linkat(w->links, copy, to->dir, as, 0) < 0)
			rc = -errno;
	}
	if (rc == -ENOENT || rc == -EMLINK || rc == -EXDEV)
		rc = crl_object_copy(from->dir, from->name, from->st, to, as);
	return rc;
}

/* What is unchanged in the home gets another name; where that may not be, and it is the user's, it is copied. */
static int link_lower(const struct crl_commit_source *from, const struct crl_object_place *to, const char *as)
{
	int rc = linkat(from->dir, from->name, to->dir, as, 0) < 0 ? -errno : 0;

	if ((rc == -EPERM || rc == -EMLINK || rc == -EXDEV) && from->st->st_uid == geteuid())
		rc = crl_object_copy(from->dir, from->name, from->st, to, as);
	return rc;
}

/* Told; or nothing can go on. Returns 1 or -errno. */
static int not_whole(struct crl_commit_work *w, const char *path, const char *name, int rc)
{
	scoped_free char *what = NULL;

	if (crl_commit_is_fatal(rc))
		return rc;
	what = name ? crl_commit_join(path, name) : strdup(path);
	if (!what)
		return -ENOMEM;
	w->c->kept++;
	w->c->tell(w->c->arg, CRL_COMMIT_KEPT, what,
		   rc == -EOPNOTSUPP ? "is a device, or has attributes that the home cannot have" : strerror(-rc));
	return 1;
}

static int build_file(struct crl_commit_work *w, const struct crl_commit_source *from, bool lower,
		      const struct crl_object_place *to, const char *path)
{
	int rc = lower ? link_lower(from, to, from->name) : crl_commit_copy(w, from, to, from->name);

	if (rc == -EOPNOTSUPP && S_ISSOCK(from->st->st_mode)) {
		scoped_free char *what = crl_commit_join(path, from->name);

		if (!what)
			return -ENOMEM;
		w->c->tell(w->c->arg, CRL_COMMIT_LEFT_OUT, what, "is a socket");
		rc = 0;
	}
	if (rc < 0)
		return not_whole(w, path, from->name, rc);
	if (!lower)
		crl_commit_progress(w, from->st);
	return 0;
}

static int build_names(struct crl_commit_work *w, const struct crl_view_dir *v, const char *path, int to);

static int build_child(struct crl_commit_work *w, const struct crl_view_dir *v, const char *path, const char *name,
		       int to)
{
	scoped_free char *child_path = crl_commit_join(path, name);
	scoped(crl_view_dir) child = {0};
	int rc = child_path ? crl_view_enter(v, name, &child) : -ENOMEM;

	return rc < 0 ? not_whole(w, path, name, rc) : crl_commit_build(w, &child, child_path, to, name);
}

static int build_names(struct crl_commit_work *w, const struct crl_view_dir *v, const char *path, int to)
{
	scoped(crl_view_walk) names = {0};
	struct crl_object_place place;
	struct crl_view_entry e;
	const char *name;
	int rc = crl_object_place_at(to, &place), more = 0;

	if (rc == 0)
		rc = crl_view_walk_begin(v, v->len, &names);
	while (rc == 0 && (more = crl_view_walk_next(&names, &name, &e)) > 0) {
		const struct crl_commit_source from = {.dir = v->part[e.part].fd, .name = name, .st = &e.st};

		if (crl_commit_is_stopped(w))
			rc = -EINTR;
		else if (e.kind == CRL_VIEW_DIR)
			rc = build_child(w, v, path, name, to);
		else if (e.kind == CRL_VIEW_FILE)
			rc = build_file(w, &from, e.part >= v->news, &place, path);
	}
	return rc == 0 ? more : rc;
}

int crl_commit_build(struct crl_commit_work *w, const struct crl_view_dir *v, const char *path, int at, const char *as)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = mkdirat(at, as, 0700) < 0 ? -errno : crl_near_open(at, as, O_RDONLY | O_DIRECTORY, 0, &fd);

	if (rc == 0)
		rc = build_names(w, v, path, fd);
	if (rc == 0 && fstat(v->part[0].fd, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_object_dress(v->part[0].fd, fd, &st, false);
	return rc < 0 ? not_whole(w, path, NULL, rc) : rc;
}
