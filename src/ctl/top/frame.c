// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: what stands where on the screen; see frame.h. */
#include "ctl/top/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "ctl/print/units.h"
#include "ctl/top/keyhelp.h"
#include "ctl/top/model.h"
#include "ctl/top/screen.h"

#define CELL_MAX 256
#define BAR_MAX 24

enum { USER, POLICY, SERVICE, FROM, TTY, SINCE, PROCESSES, CPU, MEMORY, IO, NET, STATE, COLUMNS };

struct column {
	const char *title;
	int least;
	int most;
	bool right;
	bool bar;
	bool by_content; /* as wide as what is in it */
};

static const struct column column[COLUMNS] = {
	[USER] = {"USER", 4, 16, false, false, true},
	[POLICY] = {"POLICY", 6, 16, false, false, true},
	[SERVICE] = {"SVC", 3, 12, false, false, true},
	[FROM] = {"FROM", 9, 39, false, false, true},
	[TTY] = {"TTY", 3, 8, false, false, true},
	[SINCE] = {"SINCE", 5, 5, false, false, false},
	[PROCESSES] = {"PROC", 4, 4, true, false, false},
	[CPU] = {"CPU", 10, BAR_MAX, true, true, false},
	[MEMORY] = {"MEMORY", 10, BAR_MAX, true, true, false},
	[IO] = {"IO/S", 5, 5, true, false, false},
	[NET] = {"NET/S", 5, 5, true, false, false},
	[STATE] = {"STATE", 1, 6, false, false, false},
};

/* What a narrow screen does without, first to last. */
static const int dispensable[] = {SERVICE, TTY, SINCE, IO, NET, POLICY, FROM, PROCESSES, STATE, MEMORY, CPU};

/* ---- texts ---- */

static void text_cpu(uint64_t permille, char *buf)
{
	if (permille == CTL_TOP_UNKNOWN)
		(void)snprintf(buf, CELL_MAX, "-");
	else if (permille < 10000)
		(void)snprintf(buf, CELL_MAX, "%" PRIu64 ".%" PRIu64 "%%", permille / 10, permille % 10);
	else
		(void)snprintf(buf, CELL_MAX, "%" PRIu64 "%%", permille / 10);
}

enum time_form { CLOCK, HOUR, DAY, DAY_AND_HOUR };

static void text_time(int64_t at, enum time_form form, char *buf)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (at == 0 || !localtime_r(&t, &tm))
		(void)snprintf(buf, CELL_MAX, "-");
	else if (form == HOUR)
		(void)strftime(buf, CELL_MAX, "%H:%M", &tm);
	else if (form == DAY)
		(void)strftime(buf, CELL_MAX, "%m-%d", &tm);
	else if (form == CLOCK)
		(void)strftime(buf, CELL_MAX, "%H:%M:%S", &tm);
	else
		(void)strftime(buf, CELL_MAX, "%m-%d %H:%M", &tm);
}

static void text_size(uint64_t n, char *buf)
{
	char text[CTL_UNIT_TEXT];

	(void)snprintf(buf, CELL_MAX, "%s", n == CTL_TOP_UNKNOWN ? "-" : ctl_text_size(n, text));
}

static void text_number(uint64_t n, char *buf)
{
	if (n == CTL_TOP_UNKNOWN)
		(void)snprintf(buf, CELL_MAX, "-");
	else
		(void)snprintf(buf, CELL_MAX, "%" PRIu64, n);
}

/* "14:05" for what is not a day old, else "11-24" */
static void text_since(int64_t since, int64_t now, char *buf)
{
	text_time(since, now - since < 22 * 3600 ? HOUR : DAY, buf);
}

static void text_of(const struct ctl_top_row *r, int which, const struct ctl_top_host *host, char *buf)
{
	const char *const text[] = {r->login.user, r->policy, r->login.service, r->login.rhost, r->login.tty};

	switch (which) {
	case SINCE:
		text_since(r->login.since, host->now, buf);
		break;
	case PROCESSES:
		text_number(r->processes, buf);
		break;
	case CPU:
		text_cpu(r->cpu_permille, buf);
		break;
	case MEMORY:
		text_size(r->memory, buf);
		break;
	case IO:
		text_size(r->io_rate, buf);
		break;
	case NET:
		text_size(ctl_top_net_rate(r), buf);
		break;
	case STATE:
		(void)snprintf(buf, CELL_MAX, "%s", ctl_state_name(r->state));
		break;
	default:
		(void)snprintf(buf, CELL_MAX, "%s", text[which][0] ? text[which] : "-");
		break;
	}
}

/* ---- widths: 0 = left out ---- */

static int total(const int width[COLUMNS])
{
	int sum = 0;

	for (int i = 0; i < COLUMNS; i++)
		sum += width[i] > 0 ? width[i] + 1 : 0;
	return sum - 1;
}

/* With every column that is shown as narrow as it can be. */
static int least(const int width[COLUMNS])
{
	int sum = 0;

	for (int i = 0; i < COLUMNS; i++)
		sum += width[i] > 0 ? column[i].least + 1 : 0;
	return sum - 1;
}

/* As wide as the longest state that is there; most screens have none of the long ones. */
static int width_of_states(const struct ctl_top_view *v, const struct ctl_top_sample *s)
{
	int width = 6; /* "frozen" */

	for (size_t j = 0; j < v->len; j++) {
		int len = (int)strlen(ctl_state_name(s->row[v->order[j]].state));

		width = len > width ? len : width;
	}
	return width;
}

static void want(const struct ctl_top_view *v, const struct ctl_top_sample *s, int width[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		width[i] = column[i].least;
		for (size_t j = 0; j < v->len && column[i].by_content; j++) {
			char text[CELL_MAX];
			int len;

			text_of(&s->row[v->order[j]], i, &(struct ctl_top_host){0}, text);
			len = (int)ctl_top_screen_length(text);
			len = len < column[i].most ? len : column[i].most;
			width[i] = len > width[i] ? len : width[i];
		}
	}
	width[STATE] = width_of_states(v, s);
	if (!ctl_top_has_traffic(s))
		width[NET] = 0;
}

/* The column that is furthest over its least width, or -1. */
static int widest(const int width[COLUMNS])
{
	int found = -1;

	for (int i = 0; i < COLUMNS; i++)
		if (column[i].by_content && width[i] > column[i].least &&
		    (found < 0 || width[i] - column[i].least > width[found] - column[found].least))
			found = i;
	return found;
}

static void fit(int width[COLUMNS], int columns)
{
	if (total(width) > columns)
		width[STATE] = column[STATE].least; /* its letter says it, too */
	for (size_t i = 0; i < CRL_ARRAY_LEN(dispensable) && least(width) > columns; i++)
		width[dispensable[i]] = 0;
	for (int i = widest(width); i >= 0 && total(width) > columns; i = widest(width))
		width[i]--;
	while (total(width) + 2 <= columns && width[CPU] > 0 && width[MEMORY] > 0 && width[CPU] < BAR_MAX) {
		width[CPU]++;
		width[MEMORY]++;
	}
}

/* ---- rows ---- */

static uint8_t heat(double part)
{
	return part < 0.6 ? CTL_TOP_GREEN : part < 0.85 ? CTL_TOP_YELLOW : CTL_TOP_RED;
}

/* "[|||| 12.5%]", as much of it filled as @part of 1 */
static void put_bar(struct ctl_top_screen *s, const struct ctl_top_field *where, const char *text, double part)
{
	int inner = where->width - 2, len = (int)strlen(text), filled;
	struct ctl_top_field field = *where;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	filled = (int)(part * inner + 0.5);
	for (int i = 0; i < inner; i++) {
		field = (struct ctl_top_field){where->line, where->column + 1 + i, 1, false, where->look};
		if (i < inner - len)
			ctl_top_screen_put(s, &field, i < filled ? "|" : " ");
	}
	field = (struct ctl_top_field){where->line, where->column + 1 + (inner > len ? inner - len : 0),
				       inner < len ? inner : len, false, where->look};
	ctl_top_screen_put(s, &field, text);
	ctl_top_screen_put(s, &(struct ctl_top_field){where->line, where->column, 1, false, where->look}, "[");
	ctl_top_screen_put(
		s, &(struct ctl_top_field){where->line, where->column + where->width - 1, 1, false, where->look}, "]");
	ctl_top_screen_paint(s, where->line, where->column + 1, filled, heat(part));
}

/* Of the user's limit where there is one, else of the machine. */
static double part_of(const struct ctl_top_row *r, int which, const struct ctl_top_host *host)
{
	uint64_t used = which == CPU ? r->cpu_permille : r->memory;
	/* from memory_high on the kernel holds back, which to the user is the limit */
	uint64_t limit = which == CPU ? r->cpu_max : r->memory_high < r->memory_max ? r->memory_high : r->memory_max;
	uint64_t all = which == CPU ? host->processors * UINT64_C(1000) : host->memory;

	limit = limit < all ? limit : all;
	return used == CTL_TOP_UNKNOWN || limit == 0 ? 0 : (double)used / (double)limit;
}

static uint8_t look_of_state(enum ctl_state state)
{
	static const uint8_t look[] = {
		[CTL_OPEN] = CTL_TOP_PLAIN, [CTL_LEFT] = CTL_TOP_YELLOW,      [CTL_FROZEN] = CTL_TOP_CYAN,
		[CTL_STALE] = CTL_TOP_RED,  [CTL_LINGERING] = CTL_TOP_YELLOW, [CTL_HELD_BACK] = CTL_TOP_RED};

	return look[state];
}

static void put_row(struct ctl_top_screen *s, int line, const int width[COLUMNS], const struct ctl_top_row *r,
		    const struct ctl_top_host *host)
{
	struct ctl_top_field field = {.line = line};

	for (int i = 0; i < COLUMNS; i++) {
		char text[CELL_MAX];

		if (width[i] == 0)
			continue;
		text_of(r, i, host, text);
		field.width = width[i];
		field.right = column[i].right;
		field.look = i == STATE ? look_of_state(r->state) : CTL_TOP_PLAIN;
		if (i == STATE && width[i] == 1)
			text[1] = '\0';
		if (column[i].bar && text[0] != '-')
			put_bar(s, &field, text, part_of(r, i, host));
		else
			ctl_top_screen_put(s, &field, text);
		field.column += width[i] + 1;
	}
}

static void put_titles(struct ctl_top_screen *s, int line, const int width[COLUMNS], enum ctl_top_sort sort)
{
	static const int sorted[CTL_TOP_SORTS] = {CPU, MEMORY, PROCESSES, IO, NET, USER, SINCE};
	struct ctl_top_field field = {.line = line};

	for (int i = 0; i < COLUMNS; i++) {
		if (width[i] == 0)
			continue;
		field.width = width[i];
		field.right = column[i].right;
		field.look = i == sorted[sort] ? CTL_TOP_BOLD : CTL_TOP_PLAIN;
		ctl_top_screen_put(s, &field, width[i] == 1 ? "S" : column[i].title);
		field.column += width[i] + 1;
	}
	ctl_top_screen_paint(s, line, 0, s->columns, CTL_TOP_REVERSE | CTL_TOP_GREEN);
}

/* ---- above and below ---- */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* @right keeps its place, @left gets what is over. */
static void put_two(struct ctl_top_screen *s, int line, uint8_t look, const char *left, const char *right)
{
	int len = (int)ctl_top_screen_length(right);

	len = len < s->columns ? len : s->columns;
	ctl_top_screen_put(s, &(struct ctl_top_field){line, 0, s->columns - (len > 0 ? len + 1 : 0), false, look},
			   left);
	ctl_top_screen_put(s, &(struct ctl_top_field){line, s->columns - len, len, false, CTL_TOP_PLAIN}, right);
}

static void put_first_line(struct ctl_top_screen *s, const struct ctl_top_view *v, const struct ctl_top_total *t,
			   const struct ctl_top_host *host)
{
	char clock[CELL_MAX], left[CELL_MAX], right[CELL_MAX];

	text_time(host->now, CLOCK, clock);
	(void)snprintf(left, sizeof(left), "carrelctl top %.16s  %zu login%s, %zu room%s, %zu user%s", clock, t->logins,
		       plural(t->logins), t->rooms, plural(t->rooms), t->users, plural(t->users));
	(void)snprintf(right, sizeof(right), "by %s%s, every %g s", ctl_top_sort_name(v->sort),
		       v->reverse ? " reversed" : "", v->interval_ms / 1000.0);
	put_two(s, 0, CTL_TOP_BOLD, left, right);
}

static void put_second_line(struct ctl_top_screen *s, const struct ctl_top_view *v, const struct ctl_top_sample *sample,
			    const struct ctl_top_total *t, const struct ctl_top_host *host)
{
	char cpu[CELL_MAX], memory[CELL_MAX], all[CELL_MAX], io[CELL_MAX], net[CELL_MAX], processes[CELL_MAX];
	char left[CELL_MAX * 2], right[CELL_MAX] = "";
	size_t last = v->first + v->page < v->len ? v->first + v->page : v->len;

	text_number(t->processes, processes);
	text_cpu(t->cpu_permille, cpu);
	text_size(t->memory, memory);
	text_size(host->memory, all);
	text_size(t->io_rate, io);
	text_size(t->net_rate, net);
	(void)snprintf(left, sizeof(left),
		       "%.20s processes  cpu %.20s of %u00%%  memory %.20s of %.20s  io %.20s%s%s%.20s%s", processes,
		       cpu, host->processors, memory, all, io, t->io_rate == CTL_TOP_UNKNOWN ? "" : "/s",
		       t->net_rate == CTL_TOP_UNKNOWN ? "" : "  net ", t->net_rate == CTL_TOP_UNKNOWN ? "" : net,
		       t->net_rate == CTL_TOP_UNKNOWN ? "" : "/s");
	if (v->filter[0])
		(void)snprintf(right, sizeof(right), "/%s: %zu of %zu", v->filter, v->len, sample->len);
	else if (v->len > v->page)
		(void)snprintf(right, sizeof(right), "%zu-%zu of %zu", v->first + 1, last, v->len);
	put_two(s, 1, CTL_TOP_PLAIN, left, right);
}

/* Ids and what a narrow column has cut; the host last, since it can be long. */
static void put_details(struct ctl_top_screen *s, int line, const struct ctl_top_row *r)
{
	char since[CELL_MAX], until[CELL_MAX], text[1024];

	text_time(r->login.since, DAY_AND_HOUR, since);
	text_time(r->until, DAY_AND_HOUR, until);
	if (r->empty)
		(void)snprintf(text, sizeof(text), "room %s  %s  nobody in  %s  since %.20s  ends %.20s", r->room,
			       r->login.user, ctl_state_name(r->state), since, until);
	else
		(void)snprintf(text, sizeof(text), "room %s login %s  %s%s%s  since %.20s  from %s", r->room,
			       r->login.id, r->login.user, r->state == CTL_OPEN ? "" : "  ",
			       r->state == CTL_OPEN ? "" : ctl_state_name(r->state), since,
			       r->login.rhost[0] ? r->login.rhost : "-");
	ctl_top_screen_put(s, &(struct ctl_top_field){line, 0, s->columns, false, CTL_TOP_CYAN}, text);
}

static void text_question(const struct ctl_top_view *v, char *buf, size_t size)
{
	const char *verb = v->asked == CTL_TOP_KILL ? "End" : v->asked == CTL_TOP_FREEZE ? "Freeze" : "Thaw";

	(void)snprintf(buf, size, "%s room %s of %.64s (%zu login%s)? y/n", verb, v->room, v->user, v->logins,
		       plural(v->logins));
}

/* Room for the lines that a small screen does without? */
static bool is_tall(const struct ctl_top_screen *s)
{
	return s->lines >= 8;
}

/* A message that is too long for one line goes on in the next, from its last blank that fits. */
static void put_message(struct ctl_top_screen *s, const char *message)
{
	char text[CELL_MAX], *rest;
	size_t columns = (size_t)s->columns;

	(void)snprintf(text, sizeof(text), "%s", message);
	rest = text;
	if (strlen(text) > columns && is_tall(s)) {
		for (rest = text + columns; rest > text && *rest != ' '; rest--)
			;
		if (*rest == ' ')
			*rest++ = '\0';
		ctl_top_screen_put(s, &(struct ctl_top_field){s->lines - 2, 0, s->columns, false, CTL_TOP_BOLD},
				   rest > text ? text : "");
	}
	ctl_top_screen_put(s, &(struct ctl_top_field){s->lines - 1, 0, s->columns, false, CTL_TOP_BOLD}, rest);
}

static void put_last_line(struct ctl_top_screen *s, const struct ctl_top_view *v)
{
	struct ctl_top_field field = {s->lines - 1, 0, s->columns, false, CTL_TOP_BOLD};
	char text[CELL_MAX];

	if (v->mode == CTL_TOP_CONFIRM) {
		text_question(v, text, sizeof(text));
		field.look = CTL_TOP_BOLD | CTL_TOP_YELLOW;
	} else if (v->mode == CTL_TOP_TYPE_FILTER) {
		(void)snprintf(text, sizeof(text), "filter user, policy, host: %s_", v->filter);
	} else if (v->message[0]) {
		put_message(s, v->message);
		return;
	} else {
		(void)snprintf(text, sizeof(text),
			       "q quit  h help  / filter  c m p i n u t sort  r reverse  F freeze  K kill");
		field.look = CTL_TOP_PLAIN;
	}
	ctl_top_screen_put(s, &field, text);
}

/* The selected row has to be on the screen. */
static void scroll(struct ctl_top_view *v, int rows)
{
	v->page = rows > 0 ? (size_t)rows : 1;
	if (v->at < v->first)
		v->first = v->at;
	if (v->at >= v->first + v->page)
		v->first = v->at - v->page + 1;
	if (v->first + v->page > v->len)
		v->first = v->len > v->page ? v->len - v->page : 0;
}

static void put_rows(struct ctl_top_screen *s, const struct ctl_top_view *v, const struct ctl_top_sample *sample,
		     const struct ctl_top_host *host, int line)
{
	int width[COLUMNS];

	want(v, sample, width);
	fit(width, s->columns);
	put_titles(s, line, width, v->sort);
	for (size_t i = v->first; i < v->len && i < v->first + v->page; i++) {
		int at = line + 1 + (int)(i - v->first);

		put_row(s, at, width, &sample->row[v->order[i]], host);
		if (i == v->at)
			ctl_top_screen_paint(s, at, 0, s->columns, CTL_TOP_REVERSE);
	}
	if (v->len == 0)
		ctl_top_screen_put(s, &(struct ctl_top_field){line + 1, 0, s->columns, false, CTL_TOP_PLAIN},
				   sample->len > 0 ? "no login matches the filter" : "nobody is in");
}

void ctl_top_draw(struct ctl_top_screen *s, struct ctl_top_view *v, const struct ctl_top_sample *sample,
		  const struct ctl_top_host *host)
{
	bool tall = is_tall(s);
	const struct ctl_top_row *selected = ctl_top_view_selected(v, sample);
	struct ctl_top_total sum;

	scroll(v, s->lines - (tall ? 5 : 2));
	ctl_top_sample_total(sample, &sum);
	if (tall) {
		put_first_line(s, v, &sum, host);
		put_second_line(s, v, sample, &sum, host);
	}
	if (v->mode == CTL_TOP_HELP)
		ctl_top_put_help(s, tall ? 3 : 0);
	else
		put_rows(s, v, sample, host, tall ? 2 : 0);
	if (tall && selected && v->mode != CTL_TOP_HELP)
		put_details(s, s->lines - 2, selected);
	put_last_line(s, v);
}
