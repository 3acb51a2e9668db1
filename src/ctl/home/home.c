// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl home and carrelctl root: what is kept, for whom. What can be done with it are actions, each in its file.
 */
#include "ctl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/conf/storepath.h"
#include "ctl/home/actions.h"
#include "ctl/home/kept.h"
#include "ctl/print/out.h"
#include "state/rooms/rooms.h"
#include "store/form.h"
#include "store/gc.h"
#include "store/lock.h"
#include "store/stack.h"

/* What the list is made from. */
struct listing {
	const struct ctl *c;
	struct crl_store store;
	struct crl_rooms rooms;
	struct ctl_table table;
	bool roots; /* that are kept, else homes */
	bool incomplete; /* an entry could not be read */
};

static const struct ctl_column columns[] = {
	{"USER", false}, {"UID", true},    {"BASE", false},     {"FORM", false},    {"USED", true},  {"SIZE", true},
	{"FILES", true}, {"INODES", true}, {"SNAPSHOTS", true}, {"CREATED", false}, {"ROOMS", true}, {"ORPHAN", false},
};

/* What is known of what is in it; UINT64_MAX = nobody counts that, or somebody is just at work in it. */
struct content {
	uint64_t used;
	uint64_t files;
	uint64_t snapshots;
};

static uint64_t count_rooms(const struct listing *l, uint32_t uid)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->rooms.len; i++)
		n += !l->rooms.item[i].stale && l->rooms.item[i].uid == uid;
	return n;
}

/* UINT64_MAX = without a limit */
static uint64_t limit_of(uint64_t n)
{
	return n > 0 ? n : UINT64_MAX;
}

/*
 * As who counts for the limit has it, which costs the same however much there is. A file system in a file has to be
 * mounted for that.
 */
static struct content look_into(const struct listing *l, const struct crl_gc_entry *entry)
{
	static struct crl_snapshots snapshots;
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	struct content c = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
	struct crl_form_usage usage;
	scoped_fd data = -EBADF;

	if (entry->is_orphan || entry->owner.form == CRL_FORM_NONE)
		return c;
	e.store = &l->store;
	e.owner = entry->owner;
	e.dir = openat(entry->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(e.name, sizeof(e.name), "%s", entry->name);
	if (e.dir < 0 || crl_entry_lock(&e, 0, NULL) < 0 || crl_form_open(&e, 0, &data, NULL) < 0)
		return c;
	if (crl_form_usage(&e, data, &usage, NULL) == 0 && usage.is_known) {
		c.used = usage.bytes;
		c.files = usage.inodes;
	}
	if (crl_stack_read(data, NULL, &snapshots, NULL) == 0)
		c.snapshots = snapshots.len;
	return c;
}

static int add_entry(void *arg, const struct crl_gc_entry *e)
{
	struct listing *l = arg;
	const bool is_root = strncmp(e->name, CRL_STORE_ROOTS "/", sizeof(CRL_STORE_ROOTS)) == 0;
	const char *base = is_root ? strchr(e->name, '.') : NULL;
	struct content in;

	if (!e->is_orphan && is_root != l->roots)
		return 0;
	if (e->dir < 0 || (!e->has_owner && !e->is_orphan)) {
		l->incomplete = true;
		return 0;
	}
	in = look_into(l, e);
	ctl_cell(&l->table, "%s", e->has_owner ? e->owner.name : "");
	ctl_cell_number(&l->table, e->has_owner ? e->owner.uid : UINT64_MAX);
	ctl_cell(&l->table, "%s", base ? base + 1 : "");
	ctl_cell(&l->table, "%s", e->has_owner ? crl_form_name(e->owner.form) : "");
	ctl_cell_size(l->c, &l->table, in.used);
	ctl_cell_size(l->c, &l->table, limit_of(e->owner.size));
	ctl_cell_number(&l->table, in.files);
	ctl_cell_number(&l->table, limit_of(e->owner.inodes));
	ctl_cell_number(&l->table, in.snapshots);
	ctl_cell_since(&l->table, e->owner.created, l->c->json);
	ctl_cell_number(&l->table, e->is_orphan || !e->has_owner ? 0 : count_rooms(l, e->owner.uid));
	ctl_cell(&l->table, "%s", e->is_orphan ? strchr(e->name, '/') + 1 : "");
	return 0;
}

static enum ctl_exit print_list(struct listing *l)
{
	const struct ctl *c = l->c;
	struct crl_err err = {0};

	if (l->store.dir >= 0 && crl_gc_walk(&l->store, add_entry, l, &err) < 0)
		return ctl_error(c, &err);
	if (l->incomplete)
		return ctl_complain(c, CTL_FAIL, "%s: an entry cannot be read", l->store.path);
	if (l->table.cells == 0 && !c->json)
		(void)printf("Nothing is kept.\n");
	else
		ctl_table_print(c, &l->table);
	return l->table.cells > 0 ? CTL_YES : CTL_NO;
}

static enum ctl_exit run_list(const struct ctl *c, int argc, char **argv)
{
	struct listing l = {
		.c = c, .store = {.dir = -EBADF}, .table = {.column = columns, .columns = CRL_ARRAY_LEN(columns)}};
	scoped_free char *path = NULL;
	enum ctl_exit status;
	struct crl_err err = {0};
	int rc = ctl_store_path(c, &path, &err);

	(void)argv;
	if (argc > 0) {
		(void)ctl_complain(c, CTL_USAGE, "what of %s? carrelctl help %s tells what can be done", argv[0],
				   c->command);
		return CTL_USAGE;
	}
	if (rc == 0)
		rc = crl_store_open(path, false, &l.store, &err);
	if (rc == 0)
		rc = crl_rooms_read(c->state, &l.rooms, &err);
	if (rc < 0 && rc != -ENOENT)
		return ctl_error(c, &err);
	l.roots = strcmp(ctl_kept_word(c), "root") == 0;
	status = print_list(&l);
	ctl_table_done(&l.table);
	crl_rooms_done(&l.rooms);
	crl_store_done(&l.store);
	return status;
}

static const struct ctl_command *const actions[] = {
	&ctl_home_diff_action,
	&ctl_home_commit_action,
	&ctl_home_discard_action,
	&ctl_home_snapshot_action,
	&ctl_home_snapshots_action,
	&ctl_home_restore_action,
	&ctl_home_drop_action,
	&ctl_home_export_action,
	&ctl_home_import_action,
	&ctl_home_usage_action,
	&ctl_home_resize_action,
	&ctl_home_gc_action,
	NULL,
};

const struct ctl_command ctl_home_command = {
	.name = "home",
	.usage = "[USER ACTION...]",
	.summary = "kept homes: what changed in them, snapshots, commit and more",
	.examples = (const char *const[]){"carrelctl home", "carrelctl home alice diff", NULL},
	.most = 1,
	.json = true,
	.looks_at_rooms = true,
	.offer = CTL_OFFER_USER,
	.actions = actions,
	.subject = "USER",
	.run = run_list,
};

const struct ctl_command ctl_root_command = {
	.name = "root",
	.usage = "[USER[:BASE] ACTION...]",
	.summary = "kept roots: what changed in them, snapshots, export and more",
	.examples = (const char *const[]){"carrelctl root", "carrelctl root alice:debian diff", NULL},
	.most = 1,
	.json = true,
	.looks_at_rooms = true,
	.offer = CTL_OFFER_USER,
	.actions = actions,
	.subject = "USER[:BASE]",
	.run = run_list,
};
