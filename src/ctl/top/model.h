// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top: what is seen at one time, what the operator has chosen of it, and in which order it is shown.
 *
 * Pure, as keys.c, screen.c and frame.c are: all of it can be tested. top.c has the clock, the records and the actions,
 * terminal.c the terminal. Texts of users stay as they are until screen.c puts them on a frame, and escapes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/print/units.h"
#include "state/rooms/rooms.h"

#define CTL_TOP_UNKNOWN UINT64_MAX

/* One login, or a room in which nobody is logged in: then @login has the room's id. */
struct ctl_top_row {
	struct crl_room_login login;
	bool empty; /* nobody is logged in */
	int64_t until; /* CLOCK_REALTIME seconds: when the empty room ends, 0 = not known */
	char room[CRL_ID_MAX];
	char policy[CRL_POLICY_NAME_MAX];
	char slice[CRL_SLICE_MAX];
	enum ctl_state state;
	uint64_t processes; /* of the room */
	uint64_t cpu_us;
	uint64_t cpu_max; /* of the user, per mille of one processor */
	uint64_t memory; /* of the user's slice, as all that follows */
	uint64_t memory_max;
	uint64_t memory_high;
	uint64_t io_bytes;
	uint64_t sent; /* bytes, of a room with a way out of its own */
	uint64_t received;
	uint64_t packets; /* both ways */
	uint64_t cpu_permille; /* since the sample before; CTL_TOP_UNKNOWN in the first */
	uint64_t io_rate; /* bytes a second */
	uint64_t sent_rate;
	uint64_t received_rate;
	uint64_t packets_rate; /* packets a second */
};

/* All logins at one time, sorted by their ids. */
struct ctl_top_sample {
	struct ctl_top_row *row;
	size_t len;
	int64_t at_us; /* CLOCK_MONOTONIC */
};

/* Add a row. Returns it zeroed with its numbers not known, or NULL: out of memory. */
struct ctl_top_row *ctl_top_sample_add(struct ctl_top_sample *s) CRL_MUST_CHECK;
void ctl_top_sample_done(struct ctl_top_sample *s);

/* Sort by id and fill in the rates since @before, which has been through here itself. */
void ctl_top_sample_finish(struct ctl_top_sample *s, const struct ctl_top_sample *before);

/* What all logins use together: rooms and slices counted once. CTL_TOP_UNKNOWN = known of none. */
struct ctl_top_total {
	size_t logins;
	size_t rooms;
	size_t users;
	uint64_t processes;
	uint64_t cpu_permille;
	uint64_t memory;
	uint64_t io_rate;
	uint64_t net_rate; /* sent and received */
};
/* Has a room a way out of its own? On most hosts none has, and then there is no column for it. */
bool ctl_top_has_traffic(const struct ctl_top_sample *s);

/* Bytes a second that a row's room has sent and received. */
uint64_t ctl_top_net_rate(const struct ctl_top_row *r);
void ctl_top_sample_total(const struct ctl_top_sample *s, struct ctl_top_total *ret);

enum ctl_top_sort {
	CTL_TOP_BY_CPU,
	CTL_TOP_BY_MEMORY,
	CTL_TOP_BY_PROCESSES,
	CTL_TOP_BY_IO,
	CTL_TOP_BY_NETWORK,
	CTL_TOP_BY_USER,
	CTL_TOP_BY_SINCE,
	CTL_TOP_SORTS
};
const char *ctl_top_sort_name(enum ctl_top_sort sort);

/* What is on at the moment. */
enum ctl_top_mode { CTL_TOP_BROWSE, CTL_TOP_TYPE_FILTER, CTL_TOP_CONFIRM, CTL_TOP_HELP };

/* What a key asks top.c to do. */
enum ctl_top_action {
	CTL_TOP_NOTHING,
	CTL_TOP_REDRAW,
	CTL_TOP_REPAINT,
	CTL_TOP_LOOK,
	CTL_TOP_QUIT,
	CTL_TOP_KILL,
	CTL_TOP_FREEZE,
	CTL_TOP_THAW
};

#define CTL_TOP_FILTER_MAX 48

/* What the operator has chosen. Zeroed but for interval_ms it is as at the start. */
struct ctl_top_view {
	enum ctl_top_sort sort;
	bool reverse;
	enum ctl_top_mode mode;
	char filter[CTL_TOP_FILTER_MAX];
	char filter_before[CTL_TOP_FILTER_MAX]; /* what Escape goes back to */
	char login[CRL_ID_MAX]; /* the selected one */
	size_t at; /* its place in the order */
	size_t first; /* first place on the screen */
	size_t page; /* rows that fit the screen, set by ctl_top_draw() */
	uint32_t *order; /* indices into the sample */
	size_t len;
	enum ctl_top_action asked; /* in CTL_TOP_CONFIRM, about this room: */
	char room[CRL_ID_MAX];
	char user[CRL_USER_MAX];
	size_t logins;
	unsigned int interval_ms;
	char message[192]; /* the next key takes it away */
};
void ctl_top_view_done(struct ctl_top_view *v);

/*
 * Find anew what is shown, in which order, and where the selected login is; when it has gone, the one in its place is
 * selected. Values that are not known come last, whichever way round. Returns 0 or -ENOMEM.
 */
int ctl_top_view_arrange(struct ctl_top_view *v, const struct ctl_top_sample *s) CRL_MUST_CHECK;

/* The selected row; NULL when none is shown. */
const struct ctl_top_row *ctl_top_view_selected(const struct ctl_top_view *v, const struct ctl_top_sample *s);
