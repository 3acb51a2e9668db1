// SPDX-License-Identifier: Apache-2.0
/*
 * See cgroup_sweep.h.
 *
 * Runs in: helper (root, host namespaces).
 */
#include "apply/cgroup_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "proto/proto.h"
#include "proto/scope.h"

#define TOP "carrel.slice"
#define LOGIN "login-"
#define SUFFIX ".slice"
#define scoped_dir __attribute__((cleanup(close_list))) DIR
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

void crl_cgroup_found_done(struct crl_cgroup_found *f)
{
	free(f->item);
	*f = (struct crl_cgroup_found){.len = 0};
}

static int add(struct crl_cgroup_found *f, const char *slice, const char *id)
{
	struct crl_cgroup_login *l;

	if ((f->len & (f->len - 1)) == 0) {
		l = reallocarray(f->item, f->len ? f->len * 2 : 1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		f->item = l;
	}
	l = &f->item[f->len++];
	(void)snprintf(l->slice, sizeof(l->slice), "%s", slice);
	(void)snprintf(l->id, sizeof(l->id), "%s", id);
	return 0;
}

static void close_list(DIR *const *dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static DIR *open_list(int parent, const char *name)
{
	int fd = openat(parent, name, DIR_FLAGS);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		scope_close_fd(&fd);
	return dir;
}

/* "user-1000.slice" is a slice of "user-", carrel.slice's own name is none. */
static bool is_slice(const char *name, const char *kind)
{
	size_t len = strlen(name), kind_len = strlen(kind);

	return len > kind_len + strlen(SUFFIX) && strncmp(name, kind, kind_len) == 0 &&
	       strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

/* Returns 0 when @path has got "/NAME" appended, -ENAMETOOLONG when that cannot be ours. */
static int append(char path[CRL_SLICE_MAX], const char *above, const char *name)
{
	int n = snprintf(path, CRL_SLICE_MAX, "%s%s%s", above, above[0] ? "/" : "", name);

	return n < 0 || n >= CRL_SLICE_MAX ? -ENAMETOOLONG : 0;
}

static int list_user(int parent, const char *name, const char *path, struct crl_cgroup_found *f)
{
	scoped_dir *dir = open_list(parent, name);
	size_t before = f->len;
	int r = 0;

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d && r == 0; d = readdir(dir))
		if (strncmp(d->d_name, LOGIN, strlen(LOGIN)) == 0 && strlen(d->d_name + strlen(LOGIN)) < CRL_ID_MAX)
			r = add(f, path, d->d_name + strlen(LOGIN));
	return r == 0 && dir && f->len == before ? add(f, path, "") : r;
}

/* @budgets  may there be slices of budgets below? Only below carrel.slice itself. */
static int list_slices(DIR *dir, const char *path, bool budgets, struct crl_cgroup_found *f)
{
	size_t before = f->len;
	int r = 0;

	for (const struct dirent *d = readdir(dir); d && r == 0; d = readdir(dir)) {
		char below[CRL_SLICE_MAX];

		if (append(below, path, d->d_name) < 0)
			continue;
		if (is_slice(d->d_name, "user-")) {
			r = list_user(dirfd(dir), d->d_name, below, f);
		} else if (budgets && is_slice(d->d_name, "budget-")) {
			scoped_dir *budget = open_list(dirfd(dir), d->d_name);

			r = budget ? list_slices(budget, below, false, f) : 0;
		}
	}
	return r == 0 && !budgets && f->len == before ? add(f, path, "") : r;
}

int crl_cgroup_find(int root, const char *prefix, struct crl_cgroup_found *ret)
{
	scoped_dir *dir = NULL;
	char path[CRL_SLICE_MAX];
	int r;

	*ret = (struct crl_cgroup_found){.len = 0};
	if (append(path, prefix, TOP) < 0)
		return 0;
	dir = open_list(root, path);
	r = dir ? list_slices(dir, path, true, ret) : 0;
	if (r < 0)
		crl_cgroup_found_done(ret);
	return r;
}
