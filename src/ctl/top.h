// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top without its terminal: what is seen at one time, in which order, as which frame, and what a key does.
 *
 * Pure: all of it can be tested. top.c has the clock, the records and the actions, terminal.c the terminal.
 * Texts of users stay as they are until top_screen.c puts them on a frame, and escapes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/units.h"
#include "proto/scope.h"
#include "state/rooms.h"

#define TOP_UNKNOWN UINT64_MAX

/* One login, or a room in which nobody is logged in: then @login has the room's id. */
struct top_row {
	struct crl_room_login login;
	bool empty; /* nobody is logged in */
	int64_t until; /* CLOCK_REALTIME seconds: when the empty room ends, 0 = not known */
	char room[CRL_ID_MAX];
	char policy[64];
	char slice[256];
	enum ctl_state state;
	uint64_t processes; /* of the room */
	uint64_t cpu_us;
	uint64_t cpu_max; /* of the user, per mille of one processor */
	uint64_t memory; /* of the user's slice, as all that follows */
	uint64_t memory_max;
	uint64_t io_bytes;
	uint64_t cpu_permille; /* since the sample before; TOP_UNKNOWN in the first */
	uint64_t io_rate; /* bytes a second */
};

/* All logins at one time, sorted by their ids. */
struct top_sample {
	struct top_row *row;
	size_t len;
	int64_t at_us; /* CLOCK_MONOTONIC */
};

/* Add a row. Returns it zeroed with its numbers not known, or NULL: out of memory. */
struct top_row *top_sample_add(struct top_sample *s) CRL_MUST_CHECK;
void top_sample_done(struct top_sample *s);

/* Sort by id and fill in the rates since @before, which has been through here itself. */
void top_sample_finish(struct top_sample *s, const struct top_sample *before);

/* What all logins use together: rooms and slices counted once. TOP_UNKNOWN = known of none. */
struct top_total {
	size_t logins;
	size_t rooms;
	size_t users;
	uint64_t processes;
	uint64_t cpu_permille;
	uint64_t memory;
	uint64_t io_rate;
};
void top_sample_total(const struct top_sample *s, struct top_total *ret);

enum top_sort { TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_PROCESSES, TOP_BY_IO, TOP_BY_USER, TOP_BY_SINCE, TOP_SORTS };
const char *top_sort_name(enum top_sort sort);

/* What is on at the moment. */
enum top_mode { TOP_BROWSE, TOP_TYPE_FILTER, TOP_CONFIRM, TOP_HELP };

/* What a key asks top.c to do. */
enum top_action { TOP_NOTHING, TOP_REDRAW, TOP_REPAINT, TOP_LOOK, TOP_QUIT, TOP_KILL, TOP_FREEZE, TOP_THAW };

#define TOP_FILTER_MAX 48

/* What the operator has chosen. Zeroed but for interval_ms it is as at the start. */
struct top_view {
	enum top_sort sort;
	bool reverse;
	enum top_mode mode;
	char filter[TOP_FILTER_MAX];
	char filter_before[TOP_FILTER_MAX]; /* what Escape goes back to */
	char login[CRL_ID_MAX]; /* the selected one */
	size_t at; /* its place in the order */
	size_t first; /* first place on the screen */
	size_t page; /* rows that fit the screen, set by top_draw() */
	uint32_t *order; /* indices into the sample */
	size_t len;
	enum top_action asked; /* in TOP_CONFIRM, about this room: */
	char room[CRL_ID_MAX];
	char user[CRL_USER_MAX];
	size_t logins;
	unsigned int interval_ms;
	char message[192]; /* the next key takes it away */
};
void top_view_done(struct top_view *v);

/*
 * Find anew what is shown, in which order, and where the selected login is; when it has gone, the one in its place is
 * selected. Values that are not known come last, whichever way round. Returns 0 or -ENOMEM.
 */
int top_view_arrange(struct top_view *v, const struct top_sample *s) CRL_MUST_CHECK;

/* The selected row; NULL when none is shown. */
const struct top_row *top_view_selected(const struct top_view *v, const struct top_sample *s);

/* Keys that are no character. */
enum {
	TOP_KEY_NONE = 0,
	TOP_KEY_ESCAPE = 27,
	TOP_KEY_UP = 256,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END
};

/* Bytes from a terminal to keys. Zeroed at the start. */
struct top_keys {
	char sequence[8];
	size_t len;
};

/* Returns a key, or TOP_KEY_NONE: the byte belongs to a sequence that goes on, or that has no meaning here. */
int top_keys_feed(struct top_keys *k, unsigned char byte);

/* Is an escape sequence begun? When nothing follows it was the key Escape: top_keys_flush() gives it. */
bool top_keys_is_waiting(const struct top_keys *k);
int top_keys_flush(struct top_keys *k);

/* What the key does: it changes the view, and may ask for more, about v->room. */
enum top_action top_view_key(struct top_view *v, const struct top_sample *s, int key);

/* ---- the frame ---- */

enum top_colour { TOP_PLAIN, TOP_GREEN, TOP_YELLOW, TOP_RED, TOP_CYAN };
#define TOP_COLOUR 0x0f
#define TOP_BOLD 0x10
#define TOP_REVERSE 0x20

struct top_screen {
	int columns;
	int lines;
	char *text; /* lines * columns, visible ASCII only */
	uint8_t *look; /* enum top_colour and flags, for each character */
};

/* Make it that large, all blank. Sizes are kept within 1..1000. Returns 0 or -ENOMEM. */
int top_screen_resize(struct top_screen *s, int columns, int lines) CRL_MUST_CHECK;
void top_screen_done(struct top_screen *s);

/*
 * Put a text, escaped, into @width characters from (@line, @column), blanks to the left of it when it is to stand to
 * the right, else behind it. What is too long is cut and ends in "+". Outside of the screen nothing happens.
 */
struct top_field {
	int line;
	int column;
	int width;
	bool right;
	uint8_t look;
};
void top_screen_put(struct top_screen *s, const struct top_field *where, const char *text);

/* Length of a text when it is escaped. */
size_t top_screen_length(const char *text);

/* Add to the look of part of a line. */
void top_screen_paint(struct top_screen *s, int line, int column, int width, uint8_t look);

/*
 * The bytes that make a terminal that shows @before show @now: only lines that differ. @before NULL, or of another
 * size: all of it.
 * @colour  false: bold and reverse only
 * Returns a text of *ret_len bytes to be freed, or NULL: out of memory.
 */
char *top_screen_encode(const struct top_screen *before, const struct top_screen *now, bool colour, size_t *ret_len);

/* What the machine has. */
struct top_host {
	unsigned int processors;
	uint64_t memory;
	int64_t now; /* CLOCK_REALTIME seconds */
};

/* Draw all of it on a blank screen; sets v->first and v->page. */
void top_draw(struct top_screen *s, struct top_view *v, const struct top_sample *sample, const struct top_host *host);
