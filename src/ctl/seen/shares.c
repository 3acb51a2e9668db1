// SPDX-License-Identifier: Apache-2.0
/* See shares.h. */
#include "ctl/seen/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/look/usage.h"
#include "ctl/print/lines.h"
#include "state/rooms/rooms.h"
#include "state/score.h"

struct sharing {
	struct ctl_shares *to;
	enum ctl_shares_by by;
	struct ctl_meter meter;
	const char **slice; /* of which memory has been counted */
	size_t slices;
};

/* R1 */
struct ctl_share *ctl_shares_find(struct ctl_shares *s, const char *name)
{
	for (size_t i = 0; i < s->len; i++)
		if (strcmp(s->item[i].name, name) == 0)
			return &s->item[i];
	if (s->len == CTL_SHARES_MAX)
		return &s->item[CTL_SHARES_MAX - 1];
	(void)snprintf(s->item[s->len].name, sizeof(s->item[0].name), "%s",
		       s->len == CTL_SHARES_MAX - 1 ? CRL_SCORE_OTHER : name);
	return &s->item[s->len++];
}

/* Rooms of one user have one slice, whose memory counts once. */
static bool is_first_of_slice(struct sharing *a, const char *slice)
{
	for (size_t i = 0; i < a->slices; i++)
		if (strcmp(a->slice[i], slice) == 0)
			return false;
	a->slice[a->slices++] = slice;
	return true;
}

static uint64_t known(uint64_t n)
{
	return n == UINT64_MAX ? 0 : n;
}

static void add_room(struct sharing *a, const struct crl_room_info *room)
{
	static const char all[] = "all";
	struct ctl_share *share = ctl_shares_find(a->to, a->by == CTL_BY_USER     ? room->user
							 : a->by == CTL_BY_POLICY ? room->policy
										  : all);
	struct ctl_lines lines;

	share->rooms++;
	ctl_room_lines(room, &lines);
	for (size_t i = 0; i < lines.len; i++) {
		struct ctl_usage u;

		ctl_usage_read(&a->meter, room, &lines.line[i], &u);
		share->logins += lines.line[i].pid != 0;
		share->cpu_us += known(u.cpu_us);
		if (i > 0)
			continue;
		share->processes += known(u.processes);
		if (!room->slice[0] || is_first_of_slice(a, room->slice))
			share->memory += u.memory == UINT64_MAX ? known(u.held) : u.memory;
	}
}

void ctl_shares_read(const struct crl_rooms *rooms, enum ctl_shares_by by, struct ctl_shares *ret)
{
	struct sharing a = {.to = ret, .by = by, .slice = calloc(rooms->len + 1, sizeof(*a.slice))};

	if (!a.slice)
		abort(); /* as ctl_cell() */
	memset(ret, 0, sizeof(*ret));
	if (by == CTL_BY_NONE)
		(void)ctl_shares_find(ret, "all"); /* nobody is in: that is a number, too */
	ctl_meter_open(&a.meter);
	for (size_t i = 0; i < rooms->len; i++)
		if (!rooms->item[i].stale)
			add_room(&a, &rooms->item[i]);
	ctl_meter_done(&a.meter);
	free(a.slice);
}
