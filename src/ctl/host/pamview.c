// SPDX-License-Identifier: Apache-2.0
/* See pamview.h. */
#include "ctl/host/pamview.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/host/pamstack.h"

#define DEPTH_MAX 16 /* libpam's own */
#define STEPS_MAX 10000 /* files that include each other many times over */

static bool is_system(const struct ctl_pam_view *v)
{
	return strcmp(v->dir, PAM_DIR) == 0;
}

void ctl_pam_view_path(const struct ctl_pam_view *v, const char *service, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s/%s", v->dir, service);
	if (is_system(v) && access(ret, F_OK) != 0) {
		char vendor[PATH_MAX];

		(void)snprintf(vendor, sizeof(vendor), "%s/%s", PAM_VENDOR_DIR, service);
		if (access(vendor, F_OK) == 0)
			(void)snprintf(ret, size, "%s", vendor);
	}
}

static int read_path(const char *path, char **ret)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len;

	return fd < 0 ? -errno : crl_file_read_all(fd, ret, &len);
}

int ctl_pam_view_read(const struct ctl_pam_view *v, const char *service, char **ret)
{
	char path[PATH_MAX];

	if (v->name && strcmp(service, v->name) == 0) {
		*ret = strdup(v->text);
		return *ret ? 0 : -ENOMEM;
	}
	ctl_pam_view_path(v, service, path, sizeof(path));
	return read_path(path, ret);
}

/* Where the walk is. */
struct walk {
	const struct ctl_pam_view *v;
	struct ctl_pam_sessions *to;
	const char *path; /* of the file that is read */
	int depth;
	int via;
	bool in_substack;
	bool failed; /* no memory */
};

static void walk_text(struct walk *w, const char *text);

/* A name without path is one of the directory. */
static void follow(struct walk *w, const struct ctl_pam_line *l)
{
	scoped_free char *text = NULL;
	char path[PATH_MAX];
	struct walk below = *w;
	size_t len = strlen(w->v->dir);
	const char *name = l->module;

	if (strncmp(name, w->v->dir, len) == 0 && name[len] == '/' && !strchr(name + len + 1, '/'))
		name += len + 1;
	if (name[0] == '/')
		(void)snprintf(path, sizeof(path), "%s", name);
	else
		ctl_pam_view_path(w->v, name, path, sizeof(path));
	if (w->depth >= DEPTH_MAX ||
	    (name[0] == '/' ? read_path(path, &text) : ctl_pam_view_read(w->v, name, &text)) < 0) {
		w->to->lost = true;
		return;
	}
	below.path = path;
	below.depth++;
	below.via = w->depth == 0 ? l->number : w->via;
	below.in_substack |= l->substack;
	walk_text(&below, text);
	w->failed |= below.failed;
}

static void add_step(struct walk *w, const struct ctl_pam_line *l)
{
	struct ctl_pam_sessions *s = w->to;
	struct ctl_pam_step *more = s->len < STEPS_MAX ? reallocarray(s->step, s->len + 1, sizeof(*more)) : NULL;
	char *path = more ? strdup(w->path) : NULL;

	if (more)
		s->step = more;
	if (!path) {
		w->failed = true;
		return;
	}
	s->step[s->len++] = (struct ctl_pam_step){.path = path,
						  .own = w->depth == 0,
						  .in_substack = w->in_substack,
						  .via = w->depth == 0 ? l->number : w->via,
						  .line = *l};
}

static void walk_line(void *arg, const struct ctl_pam_line *l)
{
	struct walk *w = arg;

	if (w->failed)
		return;
	if (l->kind == PAM_LINE_INCLUDE)
		follow(w, l);
	else if (l->kind == PAM_LINE_SESSION)
		add_step(w, l);
}

static void walk_text(struct walk *w, const char *text)
{
	ctl_pam_stack_each(text, walk_line, w);
}

int ctl_pam_view_sessions(const struct ctl_pam_view *v, const char *service, struct ctl_pam_sessions *ret)
{
	scoped_free char *text = NULL;
	char path[PATH_MAX];
	struct walk w = {.v = v, .to = ret, .path = path};
	int rc;

	*ret = (struct ctl_pam_sessions){.len = 0};
	ctl_pam_view_path(v, service, path, sizeof(path));
	rc = ctl_pam_view_read(v, service, &text);
	if (rc < 0)
		return rc;
	walk_text(&w, text);
	if (!w.failed)
		return 0;
	ctl_pam_sessions_done(ret);
	return -ENOMEM;
}

void ctl_pam_sessions_done(struct ctl_pam_sessions *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->step[i].path);
	free(s->step);
	*s = (struct ctl_pam_sessions){.len = 0};
}

bool ctl_pam_view_opens(const struct ctl_pam_view *v, const char *service)
{
	struct ctl_pam_sessions s;
	bool found = false;

	if (ctl_pam_view_sessions(v, service, &s) < 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		found |= s.step[i].line.opens;
	ctl_pam_sessions_done(&s);
	return found;
}

/* @other  a directory whose files come first; NULL = none */
static int each_of(const char *dir, const char *other, ctl_pam_each_service *each, void *arg)
{
	scoped(crl_dir) walk = {0};
	int rc = crl_dir_follow(AT_FDCWD, dir, &walk);

	for (const char *name; (name = crl_dir_next(&walk));) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/%s", other ? other : "", name);
		if (name[0] != '.' && (!other || access(path, F_OK) != 0))
			each(arg, name);
	}
	return rc;
}

int ctl_pam_view_each(const struct ctl_pam_view *v, ctl_pam_each_service *each, void *arg)
{
	int rc = each_of(v->dir, NULL, each, arg);

	if (rc == 0 && is_system(v))
		crl_ignore(each_of(PAM_VENDOR_DIR, v->dir, each, arg) < 0); /* most hosts have none */
	return rc;
}

struct wired {
	const struct ctl_pam_view *v;
	ctl_pam_each_wired *each;
	void *arg;
};

static void look_at_service(void *arg, const char *service)
{
	const struct wired *w = arg;
	struct ctl_pam_sessions s;

	if (ctl_pam_view_sessions(w->v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++)
		if (s.step[i].line.opens || s.step[i].line.closes)
			w->each(w->arg, service, &s.step[i]);
	ctl_pam_sessions_done(&s);
}

void ctl_pam_view_wired(const struct ctl_pam_view *v, ctl_pam_each_wired *each, void *arg)
{
	struct wired w = {.v = v, .each = each, .arg = arg};

	crl_ignore(ctl_pam_view_each(v, look_at_service, &w) < 0);
}
