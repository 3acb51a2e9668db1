// SPDX-License-Identifier: Apache-2.0
/*
 * See cgroup_sweep.h.
 *
 * Runs in: helper (root, host namespaces).
 */
#include "apply/limits/cgroup_sweep.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/dir.h"
#include "base/scope.h"
#include "wire/proto.h"

#define TOP "carrel.slice"
#define LOGIN "login-"
#define SUFFIX ".slice"

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
	scoped(crl_dir) dir = {0};
	size_t before = f->len;
	int rc = 0;

	if (crl_dir_open(parent, name, &dir) < 0)
		return 0;
	for (const char *login; rc == 0 && (login = crl_dir_next(&dir));)
		if (strncmp(login, LOGIN, strlen(LOGIN)) == 0 && strlen(login + strlen(LOGIN)) < CRL_ID_MAX)
			rc = add(f, path, login + strlen(LOGIN));
	return rc == 0 && f->len == before ? add(f, path, "") : rc;
}

/* @budgets  may there be slices of budgets below? Only below carrel.slice itself. */
static int list_slices(struct crl_dir *dir, const char *path, bool budgets, struct crl_cgroup_found *f)
{
	size_t before = f->len;
	int rc = 0;

	for (const char *name; rc == 0 && (name = crl_dir_next(dir));) {
		char below[CRL_SLICE_MAX];

		if (append(below, path, name) < 0)
			continue;
		if (is_slice(name, "user-")) {
			rc = list_user(crl_dir_fd(dir), name, below, f);
		} else if (budgets && is_slice(name, "budget-")) {
			scoped(crl_dir) budget = {0};

			rc = crl_dir_open(crl_dir_fd(dir), name, &budget) < 0 ? 0
									      : list_slices(&budget, below, false, f);
		}
	}
	return rc == 0 && !budgets && f->len == before ? add(f, path, "") : rc;
}

int crl_cgroup_find(int root, const char *prefix, struct crl_cgroup_found *ret)
{
	scoped(crl_dir) dir = {0};
	char path[CRL_SLICE_MAX];
	int rc;

	*ret = (struct crl_cgroup_found){.len = 0};
	if (append(path, prefix, TOP) < 0)
		return 0;
	rc = crl_dir_open(root, path, &dir) < 0 ? 0 : list_slices(&dir, path, true, ret);
	if (rc < 0)
		crl_cgroup_found_done(ret);
	return rc;
}
