// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl list --budgets: what the users of one budget use together, beside what they may.
 *
 * A room's slice says whose budget it is in, for either manager; use and limits are the kernel's own numbers of the
 * budget's slice.
 */
#include "ctl/look/budgets.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/look/usage.h"
#include "ctl/print/out.h"
#include "policy/policy.h"
#include "state/rooms/rooms.h"
#include "wire/proto.h"

/* One, while they are collected. */
struct budget {
	char name[CRL_BUDGET_NAME_MAX];
	char slice[CRL_SLICE_MAX];
	const struct crl_room_info *room; /* one that is in it */
	size_t rooms;
	size_t logins;
	uint32_t *uid; /* of its users, one for each room */
};

struct budgets {
	struct budget *item;
	size_t len;
};

/* ".../budget-NAME.slice/..." or systemd's ".../user-budget_NAME.slice/...". Returns false: of no budget. */
static bool find_slice(const char *path, struct budget *ret)
{
	static const char *const begin[] = {"/budget-", "/user-budget_"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(begin); i++) {
		const char *at = strstr(path, begin[i]);
		const char *name = at ? at + strlen(begin[i]) : NULL;
		const char *end = name ? strstr(name, ".slice/") : NULL;

		if (!end || (size_t)(end - name) >= sizeof(ret->name) || (size_t)(end - path) + 7 > sizeof(ret->slice))
			continue;
		(void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(end - name), name);
		(void)snprintf(ret->slice, sizeof(ret->slice), "%.*s.slice", (int)(end - path), path);
		return true;
	}
	return false;
}

static bool is_same(const struct budget *b, const struct budget *found, const struct crl_room_info *room)
{
	return strcmp(b->slice, found->slice) == 0 &&
	       strcmp(crl_room_cgroup_root(b->room), crl_room_cgroup_root(room)) == 0;
}

static void *must(void *p)
{
	if (!p)
		abort(); /* as ctl_cell() */
	return p;
}

static void add_room(struct budgets *all, const struct crl_room_info *room)
{
	struct budget found = {.room = room}, *b = NULL;

	if (room->stale || !find_slice(room->slice, &found))
		return;
	for (size_t i = 0; i < all->len && !b; i++)
		b = is_same(&all->item[i], &found, room) ? &all->item[i] : NULL;
	if (!b) {
		all->item = must(reallocarray(all->item, all->len + 1, sizeof(*all->item)));
		b = &all->item[all->len++];
		*b = found;
	}
	b->uid = must(reallocarray(b->uid, b->rooms + 1, sizeof(*b->uid)));
	b->uid[b->rooms++] = room->uid;
	for (size_t i = 0; i < room->logins; i++)
		b->logins += room->login[i].pid != 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct budget *)a)->name, ((const struct budget *)b)->name);
}

static size_t count_users(struct budget *b)
{
	size_t users = 0;

	qsort(b->uid, b->rooms, sizeof(*b->uid), by_number);
	for (size_t i = 0; i < b->rooms; i++)
		users += i == 0 || b->uid[i] != b->uid[i - 1];
	return users;
}

/* The lines of io.max as one: "8:0 rbps=max wbps=1048576 …; …". */
static void cell_io_max(struct ctl_table *t, int dir)
{
	char text[2048];
	ssize_t n = dir < 0 ? -1 : crl_file_read(dir, "io.max", text, sizeof(text));

	if (n <= 0) {
		ctl_no_cell(t);
		return;
	}
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = p[1] ? ';' : '\0';
	ctl_cell(t, "%s", text);
}

static void cell_percent(const struct ctl *c, struct ctl_table *t, uint64_t permille)
{
	char text[24];

	if (c->json || permille == UINT64_MAX) {
		ctl_cell_number(t, permille);
		return;
	}
	crl_format_percent(permille, text, sizeof(text));
	ctl_cell(t, "%s", text);
}

struct printing {
	const struct ctl *c;
	struct ctl_table t;
};

static void add_budget(void *arg, const struct ctl_budget *b)
{
	struct printing *p = arg;
	const struct ctl_usage *u = &b->usage;
	struct ctl_table *t = &p->t;

	ctl_cell(t, "%s", b->name);
	ctl_cell_number(t, b->users);
	ctl_cell_number(t, b->rooms);
	ctl_cell_number(t, b->logins);
	ctl_cell_number(t, u->processes);
	ctl_cell_number(t, u->tasks_max);
	ctl_cell_size(p->c, t, u->memory);
	ctl_cell_size(p->c, t, u->memory_max);
	ctl_cell_cpu(p->c, t, u->cpu_us);
	cell_percent(p->c, t, u->cpu_max);
	ctl_cell_size(p->c, t, u->io_bytes);
	cell_io_max(t, b->dir);
}

static void tell(struct budget *b, ctl_budget_each *each, void *arg)
{
	scoped_fd root = ctl_cgroup_root(b->room);
	scoped_fd dir = root < 0 ? root : openat(root, b->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ctl_budget told = {
		.name = b->name, .users = count_users(b), .rooms = b->rooms, .logins = b->logins, .dir = dir};

	ctl_usage_of_slice(dir, &told.usage);
	each(arg, &told);
}

void ctl_budgets_read(const struct crl_rooms *rooms, ctl_budget_each *each, void *arg)
{
	struct budgets all = {0};

	for (size_t i = 0; i < rooms->len; i++)
		add_room(&all, &rooms->item[i]);
	if (all.len > 1)
		qsort(all.item, all.len, sizeof(*all.item), by_name);
	for (size_t i = 0; i < all.len; i++) {
		tell(&all.item[i], each, arg);
		free(all.item[i].uid);
	}
	free(all.item);
}

enum ctl_exit ctl_list_budgets(const struct ctl *c)
{
	static const struct ctl_column column[] = {
		{"BUDGET", false}, {"USERS", true},     {"ROOMS", true},  {"LOGINS", true},
		{"TASKS", true},   {"TASKS MAX", true}, {"MEMORY", true}, {"MEMORY MAX", true},
		{"CPU", true},     {"CPU MAX", true},   {"IO", true},     {"IO MAX", false},
	};
	struct printing p = {.c = c, .t = {.column = column, .columns = CRL_ARRAY_LEN(column)}};
	struct crl_err err = {0};
	struct crl_rooms rooms;

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	ctl_budgets_read(&rooms, add_budget, &p);
	ctl_table_print(c, &p.t);
	ctl_table_done(&p.t);
	crl_rooms_done(&rooms);
	return CTL_YES;
}
