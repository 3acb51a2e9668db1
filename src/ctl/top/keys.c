// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top: what a key is, and what it does; see keys.h.
 *
 * Owns: R1 a room is named when the question is asked, and the answer is about that one, whatever is selected by then.
 */
#include "ctl/top/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/print/units.h"
#include "ctl/top/model.h"

static const struct {
	const char *sequence;
	int key;
} sequences[] = {
	{"\033[A", CTL_TOP_KEY_UP},   {"\033OA", CTL_TOP_KEY_UP},       {"\033[B", CTL_TOP_KEY_DOWN},
	{"\033OB", CTL_TOP_KEY_DOWN}, {"\033[5~", CTL_TOP_KEY_PAGE_UP}, {"\033[6~", CTL_TOP_KEY_PAGE_DOWN},
	{"\033[H", CTL_TOP_KEY_HOME}, {"\033OH", CTL_TOP_KEY_HOME},     {"\033[1~", CTL_TOP_KEY_HOME},
	{"\033[F", CTL_TOP_KEY_END},  {"\033OF", CTL_TOP_KEY_END},      {"\033[4~", CTL_TOP_KEY_END},
};

/* A control sequence ends with a letter or "~"; one letter follows ESC O. */
static bool is_complete(const struct ctl_top_keys *k)
{
	char last = k->sequence[k->len - 1];

	if (k->len < 2)
		return false;
	if (k->len == 2)
		return last != '[' && last != 'O';
	return k->sequence[1] == 'O' || (last >= '@' && last <= '~');
}

int ctl_top_keys_feed(struct ctl_top_keys *k, unsigned char byte)
{
	int key = CTL_TOP_KEY_NONE;

	if (k->len == 0 && byte != CTL_TOP_KEY_ESCAPE)
		return byte;
	if (byte == CTL_TOP_KEY_ESCAPE) { /* a new one: of the one before nothing is to be expected */
		k->sequence[0] = (char)byte;
		k->len = 1;
		return CTL_TOP_KEY_NONE;
	}
	if (k->len + 1 < sizeof(k->sequence))
		k->sequence[k->len++] = (char)byte;
	else
		k->sequence[k->len - 1] = (char)byte; /* too long to be known; its end has to be found */
	if (!is_complete(k))
		return CTL_TOP_KEY_NONE;
	for (size_t i = 0; i < CRL_ARRAY_LEN(sequences); i++)
		if (strlen(sequences[i].sequence) == k->len && memcmp(sequences[i].sequence, k->sequence, k->len) == 0)
			key = sequences[i].key;
	k->len = 0;
	return key;
}

bool ctl_top_keys_is_waiting(const struct ctl_top_keys *k)
{
	return k->len > 0;
}

int ctl_top_keys_flush(struct ctl_top_keys *k)
{
	int key = k->len == 1 ? CTL_TOP_KEY_ESCAPE : CTL_TOP_KEY_NONE;

	k->len = 0;
	return key;
}

/* ---- browsing ---- */

static enum ctl_top_action go_to(struct ctl_top_view *v, const struct ctl_top_sample *s, size_t at)
{
	if (v->len == 0)
		return CTL_TOP_NOTHING;
	v->at = at < v->len ? at : v->len - 1;
	(void)snprintf(v->login, sizeof(v->login), "%s", s->row[v->order[v->at]].login.id);
	return CTL_TOP_REDRAW;
}

static enum ctl_top_action sort_by(struct ctl_top_view *v, enum ctl_top_sort sort)
{
	v->reverse = false;
	v->sort = sort;
	return CTL_TOP_REDRAW;
}

static size_t logins_of(const struct ctl_top_sample *s, const char *room)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += !s->row[i].empty && strcmp(s->row[i].room, room) == 0;
	return n;
}

/* R1 */
static enum ctl_top_action ask(struct ctl_top_view *v, const struct ctl_top_sample *s, bool kill)
{
	const struct ctl_top_row *r = ctl_top_view_selected(v, s);

	if (!r)
		return CTL_TOP_NOTHING;
	if (r->state == CTL_STALE) {
		(void)snprintf(v->message, sizeof(v->message),
			       "room %s has ended badly: carrel-helper --sweep removes its record", r->room);
		return CTL_TOP_REDRAW;
	}
	v->asked = kill ? CTL_TOP_KILL : r->state == CTL_FROZEN ? CTL_TOP_THAW : CTL_TOP_FREEZE;
	v->logins = logins_of(s, r->room);
	(void)snprintf(v->room, sizeof(v->room), "%s", r->room);
	(void)snprintf(v->user, sizeof(v->user), "%s", r->login.user);
	v->mode = CTL_TOP_CONFIRM;
	return CTL_TOP_REDRAW;
}

static const unsigned int steps_ms[] = {500, 1000, 2000, 5000, 10000, 30000, 60000};

static enum ctl_top_action change_interval(struct ctl_top_view *v, bool longer)
{
	unsigned int next = v->interval_ms;

	for (size_t i = 0; i < CRL_ARRAY_LEN(steps_ms); i++) {
		size_t j = longer ? i : CRL_ARRAY_LEN(steps_ms) - 1 - i;

		if (longer ? steps_ms[j] > v->interval_ms : steps_ms[j] < v->interval_ms) {
			next = steps_ms[j];
			break;
		}
	}
	v->interval_ms = next;
	return CTL_TOP_REDRAW;
}

static enum ctl_top_action move_key(struct ctl_top_view *v, const struct ctl_top_sample *s, int key)
{
	size_t page = v->page > 0 ? v->page : 1;

	switch (key) {
	case CTL_TOP_KEY_UP:
	case 'k':
		return go_to(v, s, v->at > 0 ? v->at - 1 : 0);
	case CTL_TOP_KEY_DOWN:
	case 'j':
		return go_to(v, s, v->at + 1);
	case CTL_TOP_KEY_PAGE_UP:
		return go_to(v, s, v->at > page ? v->at - page : 0);
	case CTL_TOP_KEY_PAGE_DOWN:
		return go_to(v, s, v->at + page);
	case CTL_TOP_KEY_HOME:
	case 'g':
		return go_to(v, s, 0);
	case CTL_TOP_KEY_END:
	case 'G':
		return go_to(v, s, SIZE_MAX);
	default:
		return CTL_TOP_NOTHING;
	}
}

static enum ctl_top_action browse_key(struct ctl_top_view *v, const struct ctl_top_sample *s, int key)
{
	static const char sorts[] = "cmpinut"; /* as enum ctl_top_sort */
	const char *sort = key > 0 && key < 256 ? strchr(sorts, key) : NULL;

	if (sort)
		return sort_by(v, (enum ctl_top_sort)(sort - sorts));
	switch (key) {
	case 'q':
	case 'Q':
		return CTL_TOP_QUIT;
	case 'r':
		v->reverse = !v->reverse;
		return CTL_TOP_REDRAW;
	case '/':
		(void)memcpy(v->filter_before, v->filter, sizeof(v->filter));
		v->mode = CTL_TOP_TYPE_FILTER;
		return CTL_TOP_REDRAW;
	case CTL_TOP_KEY_ESCAPE:
		v->filter[0] = '\0';
		return CTL_TOP_REDRAW;
	case 'K':
	case 'F':
		return ask(v, s, key == 'K');
	case 'h':
	case '?':
		v->mode = CTL_TOP_HELP;
		return CTL_TOP_REDRAW;
	case '+':
	case '-':
		return change_interval(v, key == '+');
	case ' ':
		return CTL_TOP_LOOK;
	case 'L' - '@': /* Ctrl-L */
		return CTL_TOP_REPAINT;
	default:
		return move_key(v, s, key);
	}
}

/* ---- the other modes ---- */

static enum ctl_top_action filter_key(struct ctl_top_view *v, int key)
{
	size_t len = strlen(v->filter);

	if (key == '\r' || key == '\n') {
		v->mode = CTL_TOP_BROWSE;
	} else if (key == CTL_TOP_KEY_ESCAPE) {
		(void)memcpy(v->filter, v->filter_before, sizeof(v->filter));
		v->mode = CTL_TOP_BROWSE;
	} else if ((key == '\b' || key == 0x7f) && len > 0) {
		v->filter[len - 1] = '\0';
	} else if (key == 'U' - '@') { /* Ctrl-U */
		v->filter[0] = '\0';
	} else if (key >= ' ' && key < 0x7f && len + 1 < sizeof(v->filter)) {
		v->filter[len] = (char)key;
		v->filter[len + 1] = '\0';
	}
	return CTL_TOP_REDRAW;
}

/* Whatever is not a clear yes is a no. */
static enum ctl_top_action confirm_key(struct ctl_top_view *v, int key)
{
	v->mode = CTL_TOP_BROWSE;
	if (key == 'y' || key == 'Y')
		return v->asked;
	(void)snprintf(v->message, sizeof(v->message), "nothing is done");
	return CTL_TOP_REDRAW;
}

enum ctl_top_action ctl_top_view_key(struct ctl_top_view *v, const struct ctl_top_sample *s, int key)
{
	if (key == CTL_TOP_KEY_NONE)
		return CTL_TOP_NOTHING;
	v->message[0] = '\0';
	switch (v->mode) {
	case CTL_TOP_TYPE_FILTER:
		return filter_key(v, key);
	case CTL_TOP_CONFIRM:
		return confirm_key(v, key);
	case CTL_TOP_HELP:
		v->mode = CTL_TOP_BROWSE;
		return CTL_TOP_REDRAW;
	case CTL_TOP_BROWSE:
	default:
		return browse_key(v, s, key);
	}
}
