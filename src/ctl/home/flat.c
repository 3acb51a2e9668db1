// SPDX-License-Identifier: Apache-2.0
/* Upper and layers made one; see flat.h. What is new is made aside, and put in its place when it is whole. */
#include "ctl/home/flat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/home/kept.h"
#include "ctl/home/worker.h"
#include "ctl/print/out.h"
#include "layers/before.h"
#include "layers/commit.h"
#include "layers/merge.h"
#include "layers/near.h"
#include "store/stack.h"

struct merging {
	const struct ctl_kept *kept;
	const char *name;
};

static void name_it(char *buf, size_t size)
{
	(void)snprintf(buf, size, "flat-%lld-%d", (long long)time(NULL), (int)getpid());
}

static int open_trash(const struct ctl_kept *k, int *ret_fd)
{
	return crl_near_open(k->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

/* In the worker. */
static int merge(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	const struct merging *m = arg;
	struct crl_merge merge = {.layers = &m->kept->layers, .stop = ctl_worker_stop};
	scoped_fd trash = -EBADF, into = -EBADF;
	int rc = open_trash(m->kept, &trash);

	(void)w;
	if (rc == 0 && mkdirat(trash, m->name, 0700) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_near_open(trash, m->name, O_RDONLY | O_DIRECTORY, 0, &into);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot make a place to merge in: %s",
				   strerrordesc_np(-rc));
	merge.into = into;
	return crl_merge_run(&merge, err);
}

static enum ctl_exit put_in_place(const struct ctl *c, const struct ctl_kept *k, const char *name)
{
	scoped_fd trash = -EBADF;
	struct crl_err err = {0};
	int rc = open_trash(k, &trash);

	if (rc < 0)
		return ctl_complain(c, CTL_FAIL, "cannot open the trash: %s", strerrordesc_np(-rc));
	rc = crl_snapshot_import(k->data, &(struct crl_snapshot_made){trash, name}, NULL, time(NULL), &err);
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

enum ctl_exit ctl_flat_make(const struct ctl *c, struct ctl_kept *k)
{
	char name[64];
	struct merging m = {.kept = k, .name = name};
	struct ctl_task task = {.doing = "merging", .unit = "layers", .run = merge, .arg = &m};
	struct crl_err err = {0};

	name_it(name, sizeof(name));
	return ctl_kept_work(c, k, &task, &err) < 0 ? ctl_error(c, &err) : put_in_place(c, k, name);
}

/* ---- layers that nothing tells apart ---- */

struct thinning {
	const struct ctl_kept *kept;
	int into;
};

/* In the worker. The upper, which is the first of them, has no part in it. */
static int merge_two(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	const struct thinning *t = arg;
	struct crl_layers layers = t->kept->layers;
	struct crl_merge merge = {.layers = &layers, .into = t->into, .stop = ctl_worker_stop};

	(void)w;
	memmove(layers.fd, layers.fd + 1, (layers.len - 1) * sizeof(layers.fd[0]));
	layers.len--;
	layers.top = 2;
	return crl_merge_run(&merge, err);
}

static enum ctl_exit thin_once(const struct ctl *c, struct ctl_kept *k, const struct crl_stack *layers)
{
	struct thinning t = {.kept = k, .into = -EBADF};
	struct ctl_task task = {
		.doing = "merging", .unit = "layers", .fd = &t.into, .fds = 1, .run = merge_two, .arg = &t};
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_layers_of(c, k, layers);
	int rc;

	if (status != CTL_YES)
		return status;
	rc = crl_stack_merge_begin(k->data, layers, &t.into, &err);
	if (rc == 0)
		rc = ctl_kept_work(c, k, &task, &err);
	drop_fd(&t.into);
	if (rc == 0)
		rc = crl_stack_merge_end(k->data, layers, &err);
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}

enum ctl_exit ctl_flat_thin(const struct ctl *c, struct ctl_kept *k)
{
	enum ctl_exit status = CTL_YES;
	struct crl_stack layers;
	struct crl_err err = {0};

	while (status == CTL_YES) {
		if (crl_stack_merge_find(k->data, &layers, &err) < 0)
			return ctl_error(c, &err);
		if (layers.len == 0)
			break;
		status = thin_once(c, k, &layers);
	}
	return status;
}

/* ---- what lies below, for snapshots ---- */

enum { RECORD_NAMES };

struct keeping {
	const struct ctl_kept *kept;
	const char *const *path;
	int into;
	uint64_t names; /* in carrelctl: so many things are kept */
};

static bool stop_keeping(void *arg)
{
	return ctl_kept_stop(((const struct keeping *)arg)->kept);
}

/* In the worker. */
static int keep_below(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct keeping *m = arg;
	const struct crl_layers two = crl_commit_layers(&m->kept->layers);
	struct crl_before before = {.layers = &two, .into = m->into, .path = m->path, .stop = stop_keeping, .arg = m};
	int rc = crl_before_run(&before, err);

	return rc < 0 ? rc : ctl_worker_send(w, RECORD_NAMES, &(struct iovec){&before.names, sizeof(before.names)}, 1);
}

static int take_names(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct keeping *m = arg;

	if (kind != RECORD_NAMES || len != sizeof(m->names))
		return -EBADMSG;
	memcpy(&m->names, data, len);
	return 0;
}

enum ctl_exit ctl_flat_below(const struct ctl *c, struct ctl_kept *k, const char *const *path)
{
	struct keeping m = {.kept = k, .path = path, .into = -EBADF};
	struct ctl_task task = {.doing = "keeping what snapshots show",
				.unit = "files",
				.fd = &m.into,
				.fds = 1,
				.run = keep_below,
				.take = take_names,
				.arg = &m};
	struct crl_err err = {0};
	int rc;

	if (k->snapshots.len == 0)
		return CTL_YES;
	rc = crl_stack_below_begin(k->data, &m.into, &err);
	if (rc == 0)
		rc = ctl_kept_work(c, k, &task, &err);
	drop_fd(&m.into);
	if (rc == 0 && m.names > 0)
		rc = crl_stack_below_end(k->data, &err);
	if (rc == -EOPNOTSUPP || rc == -EACCES || rc == -ENOSPC || rc == -EDQUOT) {
		(void)ctl_error(c, &err);
		return ctl_complain(c, CTL_FAIL,
				    "nothing was committed: drop snapshots first, or commit other paths alone");
	}
	return rc < 0 ? ctl_error(c, &err) : CTL_YES;
}
