// SPDX-License-Identifier: Apache-2.0
/* carrelctl list, show: live rooms and their logins, and those in which nobody is logged in. */
#include "ctl/look/list.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/look/budgets.h"
#include "ctl/look/held.h"
#include "ctl/look/keeper.h"
#include "ctl/look/network.h"
#include "ctl/look/room_init.h"
#include "ctl/look/tty.h"
#include "ctl/look/usage.h"
#include "ctl/options.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "state/rooms/rooms.h"

#define LIST_COLUMNS 14 /* without traffic */

static bool is_asked_for(const struct crl_room_info *room, const struct crl_room_login *login, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (ctl_is_named(room, login, argv[i]))
			return true;
	return argc == 0;
}

void ctl_cells_login(const struct ctl *c, struct ctl_table *t, const char *room, const char *policy,
		     const struct crl_room_login *l)
{
	ctl_cell(t, "%s", l->id);
	ctl_cell(t, "%s", room);
	ctl_cell(t, "%s", l->user);
	ctl_cell(t, "%s", policy);
	ctl_cell(t, "%s", l->service);
	ctl_cell(t, "%s", l->rhost);
	ctl_cell(t, "%s", l->tty);
	ctl_cell_since(t, l->since, c->json);
}

void ctl_cell_until(const struct ctl *c, struct ctl_table *t, int64_t until)
{
	if (c->json && until > 0)
		ctl_cell_number(t, (uint64_t)until);
	else
		ctl_cell_since(t, until, false);
}

/* What nobody counts is at least what files and shared memory hold. */
static void cell_memory(const struct ctl *c, struct ctl_table *t, const struct ctl_usage *u)
{
	ctl_cell_size(c, t, u->memory == UINT64_MAX ? u->held : u->memory);
}

/* Of most hosts' rooms none has a way out of its own: people see columns for them where one has. */
static bool has_traffic(const struct ctl *c, const struct ctl_meter *m)
{
	return c->json || m->links > 0;
}

static void add_login(const struct ctl *c, struct ctl_table *t, const struct crl_room_info *room,
		      const struct crl_room_login *l, const struct ctl_usage *u)
{
	ctl_cells_login(c, t, room->id, room->policy, l);
	ctl_cell_number(t, u->processes);
	cell_memory(c, t, u);
	ctl_cell_cpu(c, t, u->cpu_us);
	ctl_cell_size(c, t, u->io_bytes);
	ctl_cell(t, "%s", ctl_state_name(ctl_state_of(room, l, u)));
	ctl_cell_until(c, t, room->until);
	if (t->columns == LIST_COLUMNS)
		return;
	ctl_cell_size(c, t, u->sent);
	ctl_cell_size(c, t, u->received);
	ctl_cell_number(t, u->sent_packets);
	ctl_cell_number(t, u->received_packets);
}

/* On standard error: whoever reads the table line by line is not to take it for a login. */
static void tell_stale(const struct ctl *c, size_t rooms)
{
	if (rooms > 0)
		(void)ctl_complain(c, CTL_NO,
				   "%zu stale: the supervisor is gone, carrel-helper --sweep removes the record",
				   rooms);
}

static void tell_unreadable(const struct ctl *c, const struct crl_rooms *rooms)
{
	if (rooms->unreadable > 0)
		(void)ctl_complain(c, CTL_NO, "%zu more cannot be read: %s: %s", rooms->unreadable,
				   rooms->unreadable_name, strerrordesc_np(-rooms->error));
}

static enum ctl_exit run_list(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {
		CTL_LOGIN_COLUMNS,
		{"PROCESSES", true},
		{"MEMORY", true},
		{"CPU", true},
		{"IO", true},
		{"STATE", false},
		{"UNTIL", true},
		{"SENT", true},
		{"RECEIVED", true},
		{"SENT PACKETS", true},
		{"RECEIVED PACKETS", true},
	};
	struct ctl_table t = {.column = column, .columns = LIST_COLUMNS};
	struct crl_rooms rooms;
	struct crl_err err = {0};
	struct ctl_meter meter;
	size_t stale = 0;
	bool any;

	if (c->budgets)
		return argc > 0 ? ctl_complain(c, CTL_USAGE, "--budgets tells all of them") : ctl_list_budgets(c);
	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	ctl_name_terminals(&rooms);
	ctl_meter_open(&meter);
	if (has_traffic(c, &meter))
		t.columns = CRL_ARRAY_LEN(column);
	for (size_t i = 0; i < rooms.len; i++) {
		const struct crl_room_info *room = &rooms.item[i];
		struct ctl_lines lines;
		bool told = false;

		ctl_room_lines(room, &lines);
		for (size_t j = 0; j < lines.len; j++) {
			struct ctl_usage usage;

			if (!is_asked_for(room, &lines.line[j], argc, argv))
				continue;
			ctl_usage_read(&meter, room, &lines.line[j], &usage);
			add_login(c, &t, room, &lines.line[j], &usage);
			told = true;
		}
		stale += told && room->stale;
	}
	any = t.cells > 0;
	ctl_table_print(c, &t);
	tell_unreadable(c, &rooms);
	tell_stale(c, stale);
	ctl_table_done(&t);
	ctl_meter_done(&meter);
	crl_rooms_done(&rooms);
	return any || argc == 0 ? CTL_YES : CTL_NO;
}

const struct ctl_command ctl_list_command = {
	.name = "list",
	.usage = "[USER|ID...]",
	.summary = "live logins, one a line",
	.options =
		(const struct ctl_option[]){
			{.name = "budgets",
			 .help = "what those who share a budget use of it together",
			 CTL_FLAG(budgets)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl list alice",
			"carrelctl list --json | jq -r '.[] | [.user, .processes] | @tsv'",
			NULL,
		},
	.most = CTL_ARGUMENTS_MAX,
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.offer = CTL_OFFER_ROOM,
	.run = run_list,
};

static uint64_t held(const struct crl_room_info *room)
{
	scoped_fd init = room->stale ? -EBADF : ctl_open_init(room);

	return init < 0 ? UINT64_MAX : ctl_room_held(room, init);
}

static const struct ctl_column show_column[] = {
	{"ID", false},
	{"ROOM", false},
	{"USER", false},
	{"UID", true},
	{"POLICY", false},
	{"SERVICE", false},
	{"FROM", false},
	{"TTY", false},
	{"SINCE", false},
	{"STATE", false},
	{"UNTIL", true},
	{"APPLICATION", true},
	{"INIT", true},
	{"SUPERVISOR", true},
	{"KEEPER", true},
	{"LOGINS", true},
	{"PROCESSES", true},
	{"TASKS MAX", true},
	{"MEMORY", true},
	{"MEMORY MAX", true},
	{"HELD", true},
	{"CPU", true},
	{"IO", true},
	{"CGROUP", false},
	{"NETWORK", false},
	{"ADDRESS", false},
	{"ADDRESS IPV6", false},
	{"SENT", true},
	{"RECEIVED", true},
	{"PORTS", false},
	{"SENT PACKETS", true},
	{"RECEIVED PACKETS", true},
};

static void cells_network(const struct ctl *c, struct ctl_table *t, const struct ctl_network *net)
{
	ctl_cell(t, "%s", net->ipv4);
	ctl_cell(t, "%s", net->ipv6);
	ctl_cell_size(c, t, net->sent);
	ctl_cell_size(c, t, net->received);
	ctl_cell(t, "%s", net->ports);
	ctl_cell_number(t, net->sent_packets);
	ctl_cell_number(t, net->received_packets);
}

static void show(const struct ctl *c, struct ctl_meter *meter, const struct crl_room_info *room,
		 const struct crl_room_login *l)
{
	struct ctl_table t = {.column = show_column, .columns = CRL_ARRAY_LEN(show_column)};
	const pid_t keeper = ctl_find_keeper(c->helper, room->id);
	char network[CTL_NETWORK_NAME];
	struct ctl_network net;
	struct ctl_usage u;

	ctl_usage_read(meter, room, l, &u);
	crl_ignore(ctl_network_find(c->state, room->id, &net)); /* most have none */
	ctl_network_name(room, network);
	ctl_cell(&t, "%s", l->id);
	ctl_cell(&t, "%s", room->id);
	ctl_cell(&t, "%s", l->user);
	ctl_cell_number(&t, l->uid);
	ctl_cell(&t, "%s", room->policy);
	ctl_cell(&t, "%s", l->service);
	ctl_cell(&t, "%s", l->rhost);
	ctl_cell(&t, "%s", l->tty);
	ctl_cell_since(&t, l->since, true);
	ctl_cell(&t, "%s", ctl_state_name(ctl_state_of(room, l, &u)));
	ctl_cell_until(c, &t, room->until);
	ctl_cell_number(&t, l->pid > 0 ? (uint64_t)l->pid : UINT64_MAX);
	ctl_cell_number(&t, (uint64_t)room->init);
	ctl_cell_number(&t, (uint64_t)room->supervisor);
	ctl_cell_number(&t, keeper > 0 ? (uint64_t)keeper : UINT64_MAX);
	ctl_cell_number(&t, room->logins);
	ctl_cell_number(&t, u.processes);
	ctl_cell_number(&t, u.tasks_max);
	ctl_cell_size(c, &t, u.memory);
	ctl_cell_size(c, &t, u.memory_max);
	ctl_cell_size(c, &t, held(room));
	ctl_cell_cpu(c, &t, u.cpu_us);
	ctl_cell_size(c, &t, u.io_bytes);
	ctl_cell(&t, "%s", room->slice);
	ctl_cell(&t, "%s", network);
	cells_network(c, &t, &net);
	ctl_table_print_object(c, &t);
	ctl_table_done(&t);
}

static enum ctl_exit run_show(const struct ctl *c, int argc, char **argv)
{
	struct crl_rooms rooms;
	struct crl_err err = {0};
	struct ctl_meter meter;
	size_t found = 0, stale = 0;

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	ctl_name_terminals(&rooms);
	ctl_meter_open(&meter);
	for (size_t i = 0; i < rooms.len; i++) {
		struct ctl_lines lines;

		ctl_room_lines(&rooms.item[i], &lines);
		for (size_t j = 0; j < lines.len; j++) {
			if (!is_asked_for(&rooms.item[i], &lines.line[j], argc, argv))
				continue;
			if (found++ > 0 && !c->json)
				(void)printf("\n");
			show(c, &meter, &rooms.item[i], &lines.line[j]);
			stale += rooms.item[i].stale;
		}
	}
	tell_unreadable(c, &rooms);
	ctl_meter_done(&meter);
	crl_rooms_done(&rooms);
	tell_stale(c, stale);
	return found > 0 ? CTL_YES : ctl_complain(c, CTL_NO, "no login or room %s", argv[0]);
}

const struct ctl_command ctl_show_command = {
	.name = "show",
	.usage = "USER|ID...",
	.summary = "everything known of a login",
	.examples =
		(const char *const[]){
			"carrelctl show alice",
			NULL,
		},
	.least = 1,
	.most = CTL_ARGUMENTS_MAX,
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.offer = CTL_OFFER_ROOM,
	.run = run_show,
};
