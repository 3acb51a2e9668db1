// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top: live logins on the screen, or one table where there is no terminal.
 *
 * Runs in: the administrator's terminal, as root. Each look reads the records, one walk through /proc, and the cgroups'
 * files; what is shown and what a key does is decided in top_*.c.
 */
#include "ctl/top.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/terminal.h"
#include "proto/fdpass.h"

#define ESCAPE_MS 100 /* the rest of a key's sequence has come by then, over a slow line too */
#define MESSAGE_MS 8000
#define SOON_MS 500 /* until the first rates, and until what an action did is to be seen */

struct top {
	const struct ctl *c;
	struct top_view view;
	struct top_sample sample;
	struct top_screen shown;
	struct top_screen next;
	bool is_shown; /* the terminal has what is in @shown */
	struct top_keys keys;
	struct top_host host;
	int64_t look_ms; /* when the next look is due */
	int64_t said_ms; /* when the message was */
};

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static int add_login(struct top_sample *s, struct ctl_meter *meter, const struct crl_room_info *room,
		     const struct crl_room_login *login)
{
	struct top_row *r = top_sample_add(s);
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
	r->memory = u.memory == TOP_UNKNOWN ? u.held : u.memory;
	r->memory_max = u.memory_max;
	r->io_bytes = u.io_bytes;
	return 0;
}

static int take_sample(const struct ctl *c, struct top_sample *ret, struct crl_err *err)
{
	struct ctl_meter meter;
	struct crl_rooms rooms;
	int r = crl_rooms_read(c->state, &rooms, err);

	*ret = (struct top_sample){0};
	if (r < 0)
		return r;
	ctl_name_terminals(&rooms);
	ctl_meter_open(&meter);
	ret->at_us = now_us();
	for (size_t i = 0; i < rooms.len && r == 0; i++) {
		struct ctl_lines lines;

		ctl_room_lines(&rooms.item[i], &lines);
		for (size_t j = 0; j < lines.len && r == 0; j++)
			r = add_login(ret, &meter, &rooms.item[i], &lines.line[j]);
	}
	ctl_meter_done(&meter);
	crl_rooms_done(&rooms);
	if (r == 0)
		return 0;
	top_sample_done(ret);
	return crl_err_set(err, -r, CRL_STAGE_NONE, "out of memory");
}

static int look(struct top *t, struct crl_err *err)
{
	struct top_sample now;
	int r = take_sample(t->c, &now, err);

	if (r < 0)
		return r;
	top_sample_finish(&now, &t->sample);
	top_sample_done(&t->sample);
	t->sample = now;
	t->host.now = time(NULL);
	return top_view_arrange(&t->view, &t->sample) == 0
		       ? 0
		       : crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
}

/* ---- on the screen ---- */

static int draw(struct top *t)
{
	struct top_screen before = t->shown;
	scoped_free char *bytes = NULL;
	int columns, lines;
	size_t len;

	ctl_terminal_size(&columns, &lines);
	if (top_screen_resize(&t->next, columns, lines) < 0)
		return -ENOMEM;
	top_draw(&t->next, &t->view, &t->sample, &t->host);
	bytes = top_screen_encode(t->is_shown ? &t->shown : NULL, &t->next, t->c->colour, &len);
	if (!bytes)
		return -ENOMEM;
	t->shown = t->next;
	t->next = before;
	t->is_shown = true;
	return ctl_terminal_write(bytes, len);
}

static ctl_room_action *action_of(enum top_action what)
{
	return what == TOP_KILL ? ctl_room_kill : what == TOP_FREEZE ? ctl_room_freeze : ctl_room_thaw;
}

/* The room is looked for anew: minutes may have passed since the question was asked. */
static void act(struct top *t, enum top_action what)
{
	static const char *const done[] = {[TOP_KILL] = "is being ended", [TOP_FREEZE] = "is frozen", [TOP_THAW] = "goes on"};
	struct top_view *v = &t->view;
	struct crl_err err = {0};
	struct crl_rooms rooms;
	bool found = false;
	int r = crl_rooms_read(t->c->state, &rooms, &err);

	for (size_t i = 0; i < rooms.len && r == 0 && !found; i++) {
		if (rooms.item[i].stale || strcmp(rooms.item[i].id, v->room) != 0)
			continue;
		found = true;
		r = action_of(what)(t->c, &rooms.item[i], false, &err);
	}
	crl_rooms_done(&rooms);
	if (r < 0)
		(void)snprintf(v->message, sizeof(v->message), "%.180s", err.text);
	else
		(void)snprintf(v->message, sizeof(v->message), "room %s %s", v->room, found ? done[what] : "has ended by itself");
	t->look_ms = crl_now_ms();
}

/* Returns false: leave. */
static bool take_key(struct top *t, int key)
{
	enum top_action what = top_view_key(&t->view, &t->sample, key);

	switch (what) {
	case TOP_QUIT:
		return false;
	case TOP_KILL:
	case TOP_FREEZE:
	case TOP_THAW:
		act(t, what);
		break;
	case TOP_LOOK:
		t->look_ms = crl_now_ms();
		break;
	case TOP_REPAINT:
		t->is_shown = false;
		break;
	case TOP_NOTHING:
	case TOP_REDRAW:
	default:
		break;
	}
	if (t->view.message[0])
		t->said_ms = crl_now_ms();
	if (top_view_arrange(&t->view, &t->sample) < 0)
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
		bool asked = t->view.mode == TOP_CONFIRM;

		if (!take_key(t, top_keys_feed(&t->keys, bytes[i])))
			return false;
		/* What was typed or pasted before the question could be read is no answer to it. */
		if (!asked && t->view.mode == TOP_CONFIRM) {
			ctl_terminal_forget_input();
			return true;
		}
	}
	return n > 0;
}

static bool wait_for_key(struct top *t)
{
	int64_t left = t->look_ms - crl_now_ms();
	bool half = top_keys_is_waiting(&t->keys);
	int what;

	what = ctl_terminal_wait(half ? ESCAPE_MS : left > 0 ? (int)left : 0);
	if (what & CTL_TERMINAL_CHANGED)
		t->is_shown = false;
	if (what & CTL_TERMINAL_INPUT)
		return take_input(t);
	return !half || what != 0 || take_key(t, top_keys_flush(&t->keys));
}

static int run(struct top *t, struct crl_err *err)
{
	int r = 0;

	do {
		if (crl_now_ms() >= t->look_ms) {
			if (crl_now_ms() >= t->said_ms + MESSAGE_MS)
				t->view.message[0] = '\0';
			if (look(t, err) < 0)
				(void)snprintf(t->view.message, sizeof(t->view.message), "%.180s", err->text);
			t->look_ms = crl_now_ms() + t->view.interval_ms;
		}
		r = draw(t);
	} while (r == 0 && wait_for_key(t));
	return r == -ENOMEM ? crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory") : 0;
}

static enum ctl_exit show_screen(struct top *t)
{
	const char *kind = getenv("TERM");
	struct crl_err err = {0};
	int r;

	if (!isatty(STDIN_FILENO))
		return ctl_complain(t->c, CTL_USAGE, "standard input is no terminal: there would be no keys");
	if (!kind || !kind[0] || strcmp(kind, "dumb") == 0)
		return ctl_complain(t->c, CTL_USAGE, "this terminal (TERM) cannot be drawn on: carrelctl top | cat prints a table");
	if (look(t, &err) < 0)
		return ctl_error(t->c, &err);
	t->look_ms = crl_now_ms() + SOON_MS;
	r = ctl_terminal_take();
	if (r < 0)
		return ctl_complain(t->c, CTL_FAIL, "cannot use the terminal: %s", strerrordesc_np(-r));
	r = run(t, &err);
	ctl_terminal_give_back();
	return r < 0 ? ctl_error(t->c, &err) : CTL_YES;
}

/* ---- one table ---- */

static void cell_percent(struct ctl_table *t, uint64_t permille)
{
	if (permille == TOP_UNKNOWN)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%" PRIu64 ".%" PRIu64, permille / 10, permille % 10);
}

static void print_table(const struct top *t)
{
	static const struct ctl_column column[] = {CTL_LOGIN_COLUMNS,	{"PROCESSES", true}, {"CPU PERCENT", true},
						   {"MEMORY", true},	{"IO RATE", true},   {"STATE", false},
						   {"UNTIL", true}};
	struct ctl_table table = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	for (size_t i = 0; i < t->view.len; i++) {
		const struct top_row *r = &t->sample.row[t->view.order[i]];

		ctl_cells_login(t->c, &table, r->room, r->policy, &r->login);
		ctl_cell_number(&table, r->processes);
		cell_percent(&table, r->cpu_permille);
		ctl_cell_size(t->c, &table, r->memory);
		ctl_cell_size(t->c, &table, r->io_rate);
		ctl_cell(&table, "%s", ctl_state_name(r->state));
		ctl_cell_until(t->c, &table, r->until);
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

enum ctl_exit ctl_top(const struct ctl *c, int argc, char **argv)
{
	struct top t = {.c = c, .view = {.interval_ms = c->interval_ms}};
	long processors = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	enum ctl_exit status;

	(void)argc;
	(void)argv;
	t.host.processors = processors > 0 ? (unsigned int)processors : 1;
	t.host.memory = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : TOP_UNKNOWN;
	status = c->json || !isatty(STDOUT_FILENO) ? show_table(&t) : show_screen(&t);
	top_view_done(&t.view);
	top_sample_done(&t.sample);
	top_screen_done(&t.shown);
	top_screen_done(&t.next);
	return status;
}
