// SPDX-License-Identifier: Apache-2.0
/* What was thrown away is removed; see trash.h. */
#include "ctl/home/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/text.h"
#include "ctl/home/kept.h"
#include "ctl/home/worker.h"
#include "ctl/print/out.h"
#include "layers/remove.h"
#include "store/stack.h"

#define LEFT_TOLD 10 /* names that are told one by one */

struct emptying {
	const struct ctl_kept *kept;
	struct ctl_worker *w;
	struct crl_remove *removal;
};

/* ---- in the worker ---- */

static bool stop_or_tell(void *arg)
{
	const struct emptying *e = arg;

	ctl_worker_progress(e->w, e->removal->removed, 0);
	return ctl_worker_stop(NULL);
}

static int remove_all(const struct ctl_kept *k, struct crl_remove *r)
{
	scoped(crl_dir) trash = {0};
	int rc = crl_dir_open(k->data, CRL_STACK_TRASH, &trash), worst = rc;

	for (const char *name; rc != -EINTR && (name = crl_dir_next(&trash));) {
		rc = crl_remove_tree(crl_dir_fd(&trash), name, r);
		worst = rc < 0 ? rc : worst;
	}
	return worst < 0 ? worst : trash.error;
}

static int empty(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct emptying *e = arg;
	struct crl_remove r = {.stop = stop_or_tell, .arg = e};
	int rc;

	e->w = w;
	e->removal = &r;
	rc = remove_all(e->kept, &r);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot remove what was thrown away: %s",
				    strerrordesc_np(-rc))
		      : 0;
}

/* ---- in carrelctl ---- */

struct left {
	const struct ctl *c;
	size_t told;
};

static void tell_left(void *arg, const char *path, int rc)
{
	struct left *l = arg;

	if (l->told++ < LEFT_TOLD)
		(void)ctl_complain(l->c, CTL_FAIL, "cannot remove %.200s: %s", path, strerrordesc_np(-rc));
}

/*
 * What is left: what the kernel made for an overlay below "work" is root's, and no user's to remove. By descriptors
 * beneath the trash, as its user's process does it.
 */
static enum ctl_exit remove_rest(const struct ctl *c, const struct ctl_kept *k)
{
	struct left l = {.c = c};
	struct crl_remove r = {.left = tell_left, .arg = &l};
	int rc = remove_all(k, &r);

	return rc < 0 ? ctl_complain(c, CTL_FAIL, "not all that was thrown away could be removed: %s",
				     strerrordesc_np(-rc))
		      : CTL_YES;
}

enum ctl_exit ctl_home_empty_trash(const struct ctl *c, struct ctl_kept *k)
{
	struct emptying e = {.kept = k};
	struct ctl_task work = {.doing = "removing", .unit = "files", .writes = true, .run = empty, .arg = &e};
	struct crl_err err = {0};
	int rc = ctl_kept_work(c, k, &work, &err);

	if (rc == -EINTR || rc == -ECHILD)
		return ctl_error(c, &err);
	return rc < 0 ? remove_rest(c, k) : CTL_YES;
}
