// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER usage: what is kept takes, the upper and each snapshot for itself, and what it may take. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/home/kept.h"
#include "ctl/home/measure.h"
#include "ctl/home/worker.h"
#include "ctl/print/out.h"
#include "store/form.h"
#include "store/stack.h"

enum { RECORD_ITEM };

#define ITEMS_MAX (CRL_STACK_MAX + CRL_SNAPSHOTS_MAX + 2) /* upper, layers, trash */

/* One tree of the data directory. */
struct usage_item {
	const char *snapshot; /* the first that has it as its youngest; NULL = none has */
	const char *what;
	struct ctl_measure m;
};

struct usage_tally {
	const struct ctl *c;
	struct ctl_kept *kept;
	struct crl_form_usage form; /* as who counts for the limit has it */
	int fd[ITEMS_MAX];
	struct usage_item item[ITEMS_MAX];
	size_t len;
};

struct counted {
	uint64_t index;
	struct ctl_measure m;
};

/* ---- in the worker ---- */

static int count_all(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	const struct usage_tally *t = arg;
	int rc = 0;

	(void)err;
	for (size_t i = 0; rc == 0 && i < t->len; i++) {
		struct counted counted = {.index = i};

		rc = ctl_measure_tree(t->fd[i], ctl_worker_stop, NULL, &counted.m);
		if (rc == 0)
			rc = ctl_worker_send(w, RECORD_ITEM, &(struct iovec){&counted, sizeof(counted)}, 1);
		ctl_worker_progress(w, i + 1, t->len);
	}
	return rc;
}

/* ---- in carrelctl ---- */

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	struct usage_tally *t = arg;
	struct counted counted;

	if (kind != RECORD_ITEM || len != sizeof(counted))
		return -EBADMSG;
	memcpy(&counted, data, sizeof(counted));
	if (counted.index >= t->len)
		return -EBADMSG;
	t->item[counted.index].m = counted.m;
	return 0;
}

static bool has_layer(const struct usage_tally *t, uint32_t layer, const uint32_t *known)
{
	for (size_t i = 0; i < t->len; i++)
		if (known[i] == layer)
			return true;
	return false;
}

/* Each layer once, with the snapshot that it was frozen for. */
static int add_layers(struct usage_tally *t, const struct crl_stack *s, const char *snapshot, uint32_t *known,
		      struct crl_err *err)
{
	for (size_t i = 0; i < s->len; i++) {
		int rc;

		if (has_layer(t, s->layer[i], known))
			continue;
		if (t->len == ITEMS_MAX)
			return crl_err_set(err, E2BIG, CRL_STAGE_HOME, "too many layers");
		rc = crl_stack_open_layer(t->kept->data, s->layer[i], &t->fd[t->len], err);
		if (rc < 0)
			return rc;
		known[t->len] = s->layer[i];
		t->item[t->len++] = (struct usage_item){.what = "layer", .snapshot = i == 0 ? snapshot : NULL};
	}
	return 0;
}

static int open_items(struct usage_tally *t, struct crl_err *err)
{
	const struct crl_snapshots *s = &t->kept->snapshots;
	uint32_t known[ITEMS_MAX] = {0};
	int rc = crl_stack_open_up(t->kept->data, &t->fd[0], err);

	if (rc < 0)
		return rc;
	t->item[t->len++].what = "upper";
	for (size_t i = 0; rc == 0 && i < s->len; i++)
		rc = add_layers(t, &s->item[i].stack, s->item[i].name, known, err);
	if (rc == 0)
		rc = add_layers(t, &t->kept->stack, NULL, known, err);
	if (rc == 0 && t->len < ITEMS_MAX) {
		t->fd[t->len] = openat(t->kept->data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (t->fd[t->len] >= 0)
			t->item[t->len++].what = "trash";
	}
	return rc;
}

static void add_row(const struct ctl *c, struct ctl_table *table, const struct usage_item *i,
		    const struct crl_owner *limit)
{
	ctl_cell(table, "%s", i->what);
	ctl_cell(table, "%s", i->snapshot ? i->snapshot : "");
	ctl_cell_size(c, table, i->m.bytes);
	ctl_cell_size(c, table, limit && limit->size > 0 ? limit->size : UINT64_MAX);
	ctl_cell_number(table, i->m.inodes);
	ctl_cell_number(table, limit && limit->inodes > 0 ? limit->inodes : UINT64_MAX);
}

static void print(const struct usage_tally *t)
{
	static const struct ctl_column column[] = {
		{"WHAT", false}, {"SNAPSHOT", false}, {"SIZE", true},
		{"LIMIT", true}, {"FILES", true},     {"FILES LIMIT", true},
	};
	struct ctl_table table = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct usage_item all = {.what = "all"};

	for (size_t i = 0; i < t->len; i++) {
		add_row(t->c, &table, &t->item[i], NULL);
		all.m.bytes += t->item[i].m.bytes;
		all.m.inodes += t->item[i].m.inodes;
	}
	if (t->form.is_known) { /* blocks of the file system itself, too */
		all.m.bytes = t->form.bytes;
		all.m.inodes = t->form.inodes;
	}
	add_row(t->c, &table, &all, &t->kept->entry.owner);
	ctl_table_print(t->c, &table);
	ctl_table_done(&table);
}

static enum ctl_exit run_usage(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	struct usage_tally t = {.c = c, .kept = &kept};
	struct ctl_task work = {.doing = "counting", .unit = "trees", .run = count_all, .take = take, .arg = &t};
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_READ, &kept);
	int rc;

	(void)argc;
	(void)argv;
	if (status != CTL_YES)
		return status;
	rc = crl_form_usage(&kept.entry, kept.data, &t.form, &err);
	if (rc == 0)
		rc = open_items(&t, &err);
	work.fd = t.fd;
	work.fds = t.len;
	if (rc == 0)
		rc = ctl_kept_work(c, &kept, &work, &err);
	for (size_t i = 0; i < t.len; i++)
		drop_fd(&t.fd[i]);
	if (rc < 0)
		return ctl_error(c, &err);
	print(&t);
	return CTL_YES;
}

const struct ctl_command ctl_home_usage_action = {
	.name = "usage",
	.usage = "",
	.summary = "what the upper and each snapshot take, and may",
	.examples = (const char *const[]){"carrelctl home alice usage", NULL},
	.json = true,
	.looks_at_rooms = true,
	.run = run_usage,
};
