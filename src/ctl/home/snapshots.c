// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER snapshots: when they were taken, what each takes itself, what has changed since. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/home/kept.h"
#include "ctl/home/measure.h"
#include "ctl/home/worker.h"
#include "ctl/print/out.h"
#include "layers/diff.h"
#include "store/stack.h"

enum { RECORD_SNAPSHOT };

/* What the worker finds of one snapshot. */
struct found {
	uint64_t index;
	uint64_t bytes;
	uint64_t inodes;
	uint64_t changes; /* since; UINT64_MAX = it is not below the present ones */
};

struct looking {
	struct ctl_kept *kept;
	int layer[CRL_SNAPSHOTS_MAX]; /* the youngest layer of each snapshot; -EBADF: it has none */
	uint64_t changes; /* in the worker, of the snapshot at hand */
	struct found found[CRL_SNAPSHOTS_MAX]; /* in carrelctl */
};

/* ---- in the worker ---- */

static int count_one(void *arg, const struct crl_diff_change *change)
{
	struct looking *l = arg;

	(void)change;
	l->changes++;
	return CRL_DIFF_ON;
}

static int count_changes(struct looking *l, const struct crl_snapshot *s, struct crl_err *err)
{
	const struct crl_diff_wish wish = {.tell = count_one, .stop = ctl_worker_stop, .arg = l};
	struct crl_layers layers = l->kept->layers;

	l->changes = UINT64_MAX;
	if (!ctl_kept_since(l->kept, s, &layers.top))
		return 0;
	l->changes = 0;
	return crl_diff_walk(&layers, &wish, err);
}

static int look_at(struct ctl_worker *w, struct looking *l, size_t i, struct crl_err *err)
{
	struct found f = {.index = i};
	struct ctl_measure m = {.bytes = 0};
	int rc = l->layer[i] < 0 ? 0 : ctl_measure_tree(l->layer[i], ctl_worker_stop, NULL, &m);

	if (rc == 0)
		rc = count_changes(l, &l->kept->snapshots.item[i], err);
	if (rc < 0)
		return rc;
	f.bytes = m.bytes;
	f.inodes = m.inodes;
	f.changes = l->changes;
	ctl_worker_progress(w, i + 1, l->kept->snapshots.len);
	return ctl_worker_send(w, RECORD_SNAPSHOT, &(struct iovec){&f, sizeof(f)}, 1);
}

static int look(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	struct looking *l = arg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->kept->snapshots.len; i++)
		rc = look_at(w, l, i, err);
	return rc;
}

/* ---- in carrelctl ---- */

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct looking *l = arg;
	struct found f;

	if (kind != RECORD_SNAPSHOT || len != sizeof(f))
		return -EBADMSG;
	memcpy(&f, data, sizeof(f));
	if (f.index >= l->kept->snapshots.len)
		return -EBADMSG;
	l->found[f.index] = f;
	return 0;
}

static void print(const struct ctl *c, const struct looking *l)
{
	static const struct ctl_column column[] = {
		{"SNAPSHOT", false}, {"WHEN", false}, {"SIZE", true}, {"FILES", true}, {"CHANGES SINCE", true},
	};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	for (size_t i = 0; i < l->kept->snapshots.len; i++) {
		const struct crl_snapshot *s = &l->kept->snapshots.item[i];

		ctl_cell(&t, "%s", s->name);
		ctl_cell_since(&t, s->when, c->json);
		ctl_cell_size(c, &t, l->found[i].bytes);
		ctl_cell_number(&t, l->found[i].inodes);
		ctl_cell_number(&t, l->found[i].changes);
	}
	ctl_table_print(c, &t);
	ctl_table_done(&t);
}

static void close_all(struct looking *l)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(l->layer); i++)
		drop_fd(&l->layer[i]);
}

static int open_all(struct looking *l, struct crl_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(l->layer); i++)
		l->layer[i] = -EBADF;
	for (size_t i = 0; rc == 0 && i < l->kept->snapshots.len; i++) {
		const struct crl_snapshot *s = &l->kept->snapshots.item[i];

		if (s->stack.len > 0)
			rc = crl_stack_open_layer(l->kept->data, s->stack.layer[0], &l->layer[i], err);
	}
	return rc;
}

static enum ctl_exit run_snapshots(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	scoped_free struct looking *l = calloc(1, sizeof(*l));
	struct ctl_task work = {.doing = "comparing", .unit = "snapshots", .run = look, .take = take, .arg = l};
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_READ, &kept);
	int rc;

	(void)argc;
	(void)argv;
	if (!l)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (status == CTL_YES)
		status = ctl_kept_layers(c, &kept, NULL);
	if (status != CTL_YES)
		return status;
	if (kept.snapshots.len == 0 && !c->json) {
		(void)printf("There are no snapshots.\n");
		return CTL_NO;
	}
	l->kept = &kept;
	rc = open_all(l, &err);
	work.fd = l->layer;
	work.fds = kept.snapshots.len;
	if (rc == 0)
		rc = ctl_kept_work(c, &kept, &work, &err);
	close_all(l);
	if (rc < 0)
		return ctl_error(c, &err);
	print(c, l);
	return kept.snapshots.len > 0 ? CTL_YES : CTL_NO;
}

const struct ctl_command ctl_home_snapshots_action = {
	.name = "snapshots",
	.usage = "",
	.summary = "the snapshots, what they take, what has changed since",
	.examples = (const char *const[]){"carrelctl home alice snapshots", NULL},
	.json = true,
	.looks_at_rooms = true,
	.run = run_snapshots,
};
