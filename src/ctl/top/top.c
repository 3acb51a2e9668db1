// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top: live logins on the screen, or one table where there is no terminal.
 *
 * Runs in: the administrator's terminal, as root. Each look reads the records, one walk through /proc, and the cgroups'
 * files; what is shown and what a key does is decided in top_*.c.
 */
#include "ctl/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/scope.h"
#include "ctl/act/each_room.h"
#include "ctl/act/freeze.h"
#include "ctl/act/kill.h"
#include "ctl/command.h"
#include "ctl/look/list.h"
#include "ctl/look/tty.h"
#include "ctl/look/usage.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "ctl/top/frame.h"
#include "ctl/top/keys.h"
#include "ctl/top/model.h"
#include "ctl/top/screen.h"
#include "ctl/top/terminal.h"
#include "state/rooms/rooms.h"

#define ESCAPE_MS 100 /* the rest of a key's sequence has come by then, over a slow line too */
#define MESSAGE_MS 8000
#define TRAFFIC_COLUMNS 3 /* the last ones of the table */
#define SOON_MS 500 /* until the first rates, and until what an action did is to be seen */

struct top {
	const struct ctl *c;
	struct ctl_top_view view;
	struct ctl_top_sample sample;
	struct ctl_top_screen shown;
	struct ctl_top_screen next;
	bool is_shown; /* the terminal has what is in @shown */
	struct ctl_top_keys keys;
	struct ctl_top_host host;
	int64_t look_ms; /* when the next look is due */
	int64_t said_ms; /* when the message was */
};

static int add_login(struct ctl_top_sample *s, struct ctl_meter *meter, const struct crl_room_info *room,
		     const struct crl_room_login *login)
{
	struct ctl_top_row *r = ctl_top_sample_add(s);
	struct ctl_usage u;

	if (!r)
		return -ENOMEM;
	ctl_usage_read(meter, room, login, &u);
	r->login = *login;
	(void)snprintf(r->room, sizeof(r->room), "%s", room->id);
	(void)snprintf(r->policy, sizeof(r->policy), "%s", room->policy);
	(void)snprintf(r->slice, sizeof(r->slice), "%s", room->slice);
	r->state = ctl_state_of(room, login, &u);
	r->processes = u.processes;
	r->cpu_us = u.cpu_us;
	r->cpu_max = u.cpu_max;
	r->until = room->until;
	r->empty = login->pid == 0 && ctl_room_is_lingering(room);
	r->memory = u.memory == CTL_TOP_UNKNOWN ? u.held : u.memory;
	r->memory_max = u.memory_max;
	r->memory_high = u.memory_high;
	r->io_bytes = u.io_bytes;
	r->sent = u.sent;
	r->received = u.received;
	r->packets = u.sent == CTL_TOP_UNKNOWN ? u.sent : u.sent_packets + u.received_packets;
	return 0;
}

static int take_sample(const struct ctl *c, struct ctl_top_sample *ret, struct crl_err *err)
{
	struct ctl_meter meter;
	struct crl_rooms rooms;
	int rc = crl_rooms_read(c->state, &rooms, err);

	*ret = (struct ctl_top_sample){0};
	if (rc < 0)
		return rc;
	ctl_name_terminals(&rooms);
	ctl_meter_open(&meter);
	ret->at_us = crl_now_us();
	for (size_t i = 0; i < rooms.len && rc == 0; i++) {
		struct ctl_lines lines;

		ctl_room_lines(&rooms.item[i], &lines);
		for (size_t j = 0; j < lines.len && rc == 0; j++)
			rc = add_login(ret, &meter, &rooms.item[i], &lines.line[j]);
	}
	ctl_meter_done(&meter);
	crl_rooms_done(&rooms);
	if (rc == 0)
		return 0;
	ctl_top_sample_done(ret);
	return crl_err_set(err, -rc, CRL_STAGE_NONE, "out of memory");
}

static int look(struct top *t, struct crl_err *err)
{
	struct ctl_top_sample now;
	int rc = take_sample(t->c, &now, err);

	if (rc < 0)
		return rc;
	ctl_top_sample_finish(&now, &t->sample);
	ctl_top_sample_done(&t->sample);
	t->sample = now;
	t->host.now = time(NULL);
	return ctl_top_view_arrange(&t->view, &t->sample) == 0
		       ? 0
		       : crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
}

/* ---- on the screen ---- */

static int draw(struct top *t)
{
	struct ctl_top_screen before = t->shown;
	scoped_free char *bytes = NULL;
	int columns, lines;
	size_t len;

	ctl_terminal_size(&columns, &lines);
	if (ctl_top_screen_resize(&t->next, columns, lines) < 0)
		return -ENOMEM;
	ctl_top_draw(&t->next, &t->view, &t->sample, &t->host);
	bytes = ctl_top_screen_encode(t->is_shown ? &t->shown : NULL, &t->next, t->c->colour, &len);
	if (!bytes)
		return -ENOMEM;
	t->shown = t->next;
	t->next = before;
	t->is_shown = true;
	return ctl_terminal_write(bytes, len);
}

static ctl_room_action *action_of(enum ctl_top_action what)
{
	return what == CTL_TOP_KILL ? ctl_room_kill : what == CTL_TOP_FREEZE ? ctl_room_freeze : ctl_room_thaw;
}

/* The room is looked for anew: minutes may have passed since the question was asked. */
static void act(struct top *t, enum ctl_top_action what)
{
	static const char *const done[] = {
		[CTL_TOP_KILL] = "is being ended", [CTL_TOP_FREEZE] = "is frozen", [CTL_TOP_THAW] = "goes on"};
	struct ctl_top_view *v = &t->view;
	struct crl_err err = {0};
	struct crl_rooms rooms;
	bool found = false;
	int rc = crl_rooms_read(t->c->state, &rooms, &err);

	for (size_t i = 0; i < rooms.len && rc == 0 && !found; i++) {
		if (rooms.item[i].stale || strcmp(rooms.item[i].id, v->room) != 0)
			continue;
		found = true;
		rc = action_of(what)(t->c, &rooms.item[i], false, &err);
	}
	crl_rooms_done(&rooms);
	if (rc < 0)
		(void)snprintf(v->message, sizeof(v->message), "%.180s", err.text);
	else
		(void)snprintf(v->message, sizeof(v->message), "room %s %s", v->room,
			       found ? done[what] : "has ended by itself");
	t->look_ms = crl_now_ms();
}

/* Returns false: leave. */
static bool take_key(struct top *t, int key)
{
	enum ctl_top_action what = ctl_top_view_key(&t->view, &t->sample, key);

	switch (what) {
	case CTL_TOP_QUIT:
		return false;
	case CTL_TOP_KILL:
	case CTL_TOP_FREEZE:
	case CTL_TOP_THAW:
		act(t, what);
		break;
	case CTL_TOP_LOOK:
		t->look_ms = crl_now_ms();
		break;
	case CTL_TOP_REPAINT:
		t->is_shown = false;
		break;
	case CTL_TOP_NOTHING:
	case CTL_TOP_REDRAW:
	default:
		break;
	}
	if (t->view.message[0])
		t->said_ms = crl_now_ms();
	if (ctl_top_view_arrange(&t->view, &t->sample) < 0)
		return false;
	if (t->look_ms > crl_now_ms() + t->view.interval_ms)
		t->look_ms = crl_now_ms() + t->view.interval_ms;
	return true;
}

/* Returns false: leave, or the terminal is gone. */
static bool take_input(struct top *t)
{
	unsigned char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return true;
	for (ssize_t i = 0; i < n; i++) {
		bool asked = t->view.mode == CTL_TOP_CONFIRM;

		if (!take_key(t, ctl_top_keys_feed(&t->keys, bytes[i])))
			return false;
		/* What was typed or pasted before the question could be read is no answer to it. */
		if (!asked && t->view.mode == CTL_TOP_CONFIRM) {
			ctl_terminal_forget_input();
			return true;
		}
	}
	return n > 0;
}

static bool wait_for_key(struct top *t)
{
	int64_t left = t->look_ms - crl_now_ms();
	bool half = ctl_top_keys_is_waiting(&t->keys);
	int what;

	what = ctl_terminal_wait(half ? ESCAPE_MS : left > 0 ? (int)left : 0);
	if (what & CTL_TERMINAL_CHANGED)
		t->is_shown = false;
	if (what & CTL_TERMINAL_INPUT)
		return take_input(t);
	return !half || what != 0 || take_key(t, ctl_top_keys_flush(&t->keys));
}

static int run(struct top *t, struct crl_err *err)
{
	int rc = 0;

	do {
		if (crl_now_ms() >= t->look_ms) {
			if (crl_now_ms() >= t->said_ms + MESSAGE_MS)
				t->view.message[0] = '\0';
			if (look(t, err) < 0)
				(void)snprintf(t->view.message, sizeof(t->view.message), "%.180s", err->text);
			t->look_ms = crl_now_ms() + t->view.interval_ms;
		}
		rc = draw(t);
	} while (rc == 0 && wait_for_key(t));
	return rc == -ENOMEM ? crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory") : 0;
}

static enum ctl_exit show_screen(struct top *t)
{
	const char *kind = getenv("TERM");
	struct crl_err err = {0};
	int rc;

	if (!isatty(STDIN_FILENO))
		return ctl_complain(t->c, CTL_USAGE, "standard input is no terminal: there would be no keys");
	if (!kind || !kind[0] || strcmp(kind, "dumb") == 0)
		return ctl_complain(t->c, CTL_USAGE,
				    "this terminal (TERM) cannot be drawn on: carrelctl top | cat prints a table");
	if (look(t, &err) < 0)
		return ctl_error(t->c, &err);
	t->look_ms = crl_now_ms() + SOON_MS;
	rc = ctl_terminal_take();
	if (rc < 0)
		return ctl_complain(t->c, CTL_FAIL, "cannot use the terminal: %s", strerrordesc_np(-rc));
	rc = run(t, &err);
	ctl_terminal_give_back();
	return rc < 0 ? ctl_error(t->c, &err) : CTL_YES;
}

/* ---- one table ---- */

static void cell_percent(struct ctl_table *t, uint64_t permille)
{
	if (permille == CTL_TOP_UNKNOWN)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%" PRIu64 ".%" PRIu64, permille / 10, permille % 10);
}

static void print_table(const struct top *t)
{
	static const struct ctl_column column[] = {CTL_LOGIN_COLUMNS,     {"PROCESSES", true}, {"CPU PERCENT", true},
						   {"MEMORY", true},      {"IO RATE", true},   {"STATE", false},
						   {"UNTIL", true},       {"SENT RATE", true}, {"RECEIVED RATE", true},
						   {"PACKETS RATE", true}};
	bool traffic = t->c->json || ctl_top_has_traffic(&t->sample);
	struct ctl_table table = {.column = column, .columns = CRL_ARRAY_LEN(column) - (traffic ? 0 : TRAFFIC_COLUMNS)};

	for (size_t i = 0; i < t->view.len; i++) {
		const struct ctl_top_row *r = &t->sample.row[t->view.order[i]];

		ctl_cells_login(t->c, &table, r->room, r->policy, &r->login);
		ctl_cell_number(&table, r->processes);
		cell_percent(&table, r->cpu_permille);
		ctl_cell_size(t->c, &table, r->memory);
		ctl_cell_size(t->c, &table, r->io_rate);
		ctl_cell(&table, "%s", ctl_state_name(r->state));
		ctl_cell_until(t->c, &table, r->until);
		if (!traffic)
			continue;
		ctl_cell_size(t->c, &table, r->sent_rate);
		ctl_cell_size(t->c, &table, r->received_rate);
		ctl_cell_number(&table, r->packets_rate);
	}
	ctl_table_print(t->c, &table);
	ctl_table_done(&table);
}

static enum ctl_exit show_table(struct top *t)
{
	struct crl_err err = {0};

	if (look(t, &err) < 0)
		return ctl_error(t->c, &err);
	crl_pause_ms(t->view.interval_ms);
	if (look(t, &err) < 0)
		return ctl_error(t->c, &err);
	print_table(t);
	return CTL_YES;
}

static bool take_interval(struct ctl *c, const struct ctl_option *o, const char *value)
{
	uint64_t ms;

	(void)o;
	if (ctl_parse_decimal(value, 3, 500, 60000, &ms) == 0) {
		c->interval_ms = (unsigned int)ms;
		return true;
	}
	(void)fprintf(stderr, "carrelctl: --interval wants seconds from 0.5 to 60, such as 2 or 0.5\n");
	return false;
}

static enum ctl_exit run_top(const struct ctl *c, int argc, char **argv)
{
	struct top t = {.c = c, .view = {.interval_ms = c->interval_ms}};
	long processors = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	enum ctl_exit status;

	(void)argc;
	(void)argv;
	t.host.processors = processors > 0 ? (unsigned int)processors : 1;
	t.host.memory = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : CTL_TOP_UNKNOWN;
	status = c->json || !isatty(STDOUT_FILENO) ? show_table(&t) : show_screen(&t);
	ctl_top_view_done(&t.view);
	ctl_top_sample_done(&t.sample);
	ctl_top_screen_done(&t.shown);
	ctl_top_screen_done(&t.next);
	return status;
}

const struct ctl_command ctl_top_command = {
	.name = "top",
	.usage = "",
	.summary = "live logins and what they use, on the screen, to sort, search and act on",
	.options =
		(const struct ctl_option[]){
			{.name = "interval",
			 .value = "S",
			 .help = "seconds between two looks, 0.5 to 60; 2 without it",
			 .take = take_interval,
			 .at = offsetof(struct ctl, interval_ms)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl top --interval 60 | head -n 4 >>/var/log/busy",
			NULL,
		},
	.json = true,
	.looks_at_rooms = true,
	.tells_drain = true,
	.run = run_top,
};
