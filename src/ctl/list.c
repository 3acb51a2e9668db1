// SPDX-License-Identifier: Apache-2.0
/* carrelctl list, show: live rooms and their logins. */
#include "ctl/ctl.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"

static void cell_since(struct ctl_table *t, int64_t since, bool json)
{
	time_t at = (time_t)since;
	char text[32];
	struct tm tm;

	if (since == 0 || !localtime_r(&at, &tm)) {
		ctl_no_cell(t);
		return;
	}
	(void)strftime(text, sizeof(text), json ? "%Y-%m-%dT%H:%M:%S%z" : "%m-%d %H:%M", &tm);
	ctl_cell(t, "%s", text);
}

static void cell_number(struct ctl_table *t, uint64_t n)
{
	if (n == UINT64_MAX)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%" PRIu64, n);
}

/* For people in units, for programs in bytes. Nobody reads a size to the byte. */
static void cell_size(struct ctl_table *t, uint64_t n, bool json)
{
	static const char unit[] = "BKMGTPE";
	double value = (double)n;
	size_t i = 0;

	if (n == UINT64_MAX || json) {
		cell_number(t, n);
		return;
	}
	for (; value >= 1024 && unit[i + 1]; i++)
		value /= 1024;
	ctl_cell(t, value < 10 && i > 0 ? "%.1f%c" : "%.0f%c", value, unit[i]);
}

static void cell_cpu(struct ctl_table *t, uint64_t us, bool json)
{
	if (us == UINT64_MAX || json)
		cell_number(t, us);
	else
		ctl_cell(t, "%" PRIu64 ":%02" PRIu64 ".%02" PRIu64, us / 60000000, us / 1000000 % 60, us / 10000 % 100);
}

bool ctl_is_named(const struct crl_room_info *room, const struct crl_room_login *login, const char *what)
{
	return strcmp(what, login->user) == 0 || strcmp(what, login->id) == 0 || strcmp(what, room->id) == 0;
}

static const char *state_of(const struct crl_room_info *room, const struct crl_room_login *l, const struct ctl_usage *u)
{
	return room->stale ? "stale" : u->frozen ? "frozen" : l->pid == 0 ? "left" : "open";
}

static bool is_asked_for(const struct crl_room_info *room, const struct crl_room_login *login, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (ctl_is_named(room, login, argv[i]))
			return true;
	return argc == 0;
}

static void add_login(const struct ctl *c, struct ctl_table *t, const struct crl_room_info *room,
		      const struct crl_room_login *l, const struct ctl_usage *u)
{
	ctl_cell(t, "%s", l->id);
	ctl_cell(t, "%s", room->id);
	ctl_cell(t, "%s", l->user);
	ctl_cell(t, "%s", room->policy);
	ctl_cell(t, "%s", l->service);
	ctl_cell(t, "%s", l->rhost);
	ctl_cell(t, "%s", l->tty);
	cell_since(t, l->since, c->json);
	cell_number(t, u->processes);
	cell_size(t, u->memory, c->json);
	cell_cpu(t, u->cpu_us, c->json);
	ctl_cell(t, "%s", state_of(room, l, u));
}

enum ctl_exit ctl_list(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {
		{"ID", false},   {"ROOM", false}, {"USER", false},     {"POLICY", false}, {"SERVICE", false}, {"FROM", false},
		{"TTY", false},  {"SINCE", false}, {"PROCESSES", true}, {"MEMORY", true},  {"CPU", true},      {"STATE", false},
	};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_rooms rooms;
	struct crl_err err = {0};
	bool any;

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	for (size_t i = 0; i < rooms.len; i++) {
		struct ctl_usage usage;

		ctl_usage_read(&rooms.item[i], &usage);
		for (size_t j = 0; j < rooms.item[i].logins; j++)
			if (is_asked_for(&rooms.item[i], &rooms.item[i].login[j], argc, argv))
				add_login(c, &t, &rooms.item[i], &rooms.item[i].login[j], &usage);
	}
	any = t.cells > 0;
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	crl_rooms_done(&rooms);
	return any || argc == 0 ? CTL_YES : CTL_NO;
}

static void show(const struct ctl *c, const struct crl_room_info *room, const struct crl_room_login *l)
{
	static const struct ctl_column column[] = {
		{"ID", false},	     {"ROOM", false},	   {"USER", false},	{"UID", true},	      {"POLICY", false},
		{"SERVICE", false},  {"FROM", false},	   {"TTY", false},	{"SINCE", false},     {"STATE", false},
		{"APPLICATION", true}, {"INIT", true},	   {"SUPERVISOR", true}, {"LOGINS", true},    {"PROCESSES", true},
		{"TASKS MAX", true}, {"MEMORY", true},	   {"MEMORY MAX", true}, {"CPU", true},	      {"IO", true},
		{"CGROUP", false},
	};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct ctl_usage u;

	ctl_usage_read(room, &u);
	ctl_cell(&t, "%s", l->id);
	ctl_cell(&t, "%s", room->id);
	ctl_cell(&t, "%s", l->user);
	cell_number(&t, l->uid);
	ctl_cell(&t, "%s", room->policy);
	ctl_cell(&t, "%s", l->service);
	ctl_cell(&t, "%s", l->rhost);
	ctl_cell(&t, "%s", l->tty);
	cell_since(&t, l->since, true);
	ctl_cell(&t, "%s", state_of(room, l, &u));
	cell_number(&t, (uint64_t)l->pid);
	cell_number(&t, (uint64_t)room->init);
	cell_number(&t, (uint64_t)room->supervisor);
	cell_number(&t, room->logins);
	cell_number(&t, u.processes);
	cell_number(&t, u.tasks_max);
	cell_size(&t, u.memory, c->json);
	cell_size(&t, u.memory_max, c->json);
	cell_cpu(&t, u.cpu_us, c->json);
	cell_size(&t, u.io_bytes, c->json);
	ctl_cell(&t, "%s", room->slice);
	ctl_table_print_object(c, &t);
	ctl_table_done(&t);
}

enum ctl_exit ctl_show(const struct ctl *c, int argc, char **argv)
{
	struct crl_rooms rooms;
	struct crl_err err = {0};
	size_t found = 0;

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	for (size_t i = 0; i < rooms.len; i++) {
		for (size_t j = 0; j < rooms.item[i].logins; j++) {
			if (!is_asked_for(&rooms.item[i], &rooms.item[i].login[j], argc, argv))
				continue;
			if (found++ > 0 && !c->json)
				(void)printf("\n");
			show(c, &rooms.item[i], &rooms.item[i].login[j]);
		}
	}
	crl_rooms_done(&rooms);
	return found > 0 ? CTL_YES : ctl_complain(c, CTL_NO, "no login %s", argv[0]);
}
