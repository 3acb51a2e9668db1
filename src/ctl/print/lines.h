// SPDX-License-Identifier: Apache-2.0
/* Which lines a room has in a table, and who is meant by a word. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/print/units.h"
#include "state/rooms/rooms.h"

struct ctl_usage;

/*
 * What is shown of a room: a line for each of its logins, or one of its own when nobody is logged in; that one has the
 * room's id, user, and no application.
 */
struct ctl_lines {
	const struct crl_room_login *line;
	size_t len;
	struct crl_room_login own;
};
void ctl_room_lines(const struct crl_room_info *room, struct ctl_lines *ret);

/* It stands, and nobody is logged in. */
bool ctl_room_is_lingering(const struct crl_room_info *room);

/* How a login stands, or an empty room by its own line. */
enum ctl_state ctl_state_of(const struct crl_room_info *room, const struct crl_room_login *l,
			    const struct ctl_usage *u);

/* Is @what the login's id, its user's name or the room's id? */
bool ctl_is_named(const struct crl_room_info *room, const struct crl_room_login *login, const char *what);

/* The same for any login of the room, or its user when there is none. */
bool ctl_is_of(const struct crl_room_info *room, const char *what);
