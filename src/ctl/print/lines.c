// SPDX-License-Identifier: Apache-2.0
/* Which lines a room has in a table, and who is meant by a word; see lines.h. */
#include "ctl/print/lines.h"

#include <stdio.h>
#include <string.h>

#include "ctl/look/usage.h"
#include "ctl/print/units.h"
#include "plan/limits/counts.h"

bool ctl_room_is_lingering(const struct crl_room_info *room)
{
	for (size_t i = 0; i < room->logins; i++)
		if (room->login[i].pid != 0)
			return false;
	return !room->stale;
}

void ctl_room_lines(const struct crl_room_info *room, struct ctl_lines *ret)
{
	*ret = (struct ctl_lines){.line = room->login, .len = room->logins};
	if (room->logins > 0 && !ctl_room_is_lingering(room))
		return;
	ret->own.uid = room->uid;
	ret->own.since = room->since;
	crl_counts_init(&ret->own.base);
	(void)snprintf(ret->own.id, sizeof(ret->own.id), "%s", room->id);
	(void)snprintf(ret->own.user, sizeof(ret->own.user), "%s", room->user);
	ret->line = &ret->own;
	ret->len = 1;
}

bool ctl_is_named(const struct crl_room_info *room, const struct crl_room_login *login, const char *what)
{
	return strcmp(what, login->user) == 0 || strcmp(what, login->id) == 0 || strcmp(what, room->id) == 0 ||
	       strcmp(what, room->user) == 0;
}

bool ctl_is_of(const struct crl_room_info *room, const char *what)
{
	if (strcmp(what, room->id) == 0 || strcmp(what, room->user) == 0)
		return true;
	for (size_t i = 0; i < room->logins; i++)
		if (ctl_is_named(room, &room->login[i], what))
			return true;
	return false;
}

enum ctl_state ctl_state_of(const struct crl_room_info *room, const struct crl_room_login *l, const struct ctl_usage *u)
{
	if (room->stale)
		return CTL_STALE;
	if (u->frozen)
		return CTL_FROZEN;
	if (u->short_of_memory && l->pid != 0)
		return CTL_HELD_BACK;
	return l->pid != 0 ? CTL_OPEN : ctl_room_is_lingering(room) ? CTL_LINGERING : CTL_LEFT;
}
