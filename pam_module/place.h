// SPDX-License-Identifier: Apache-2.0
/*
 * Where the PAM application lives: on the host, inside a room as any process of it, or with a room in its hands.
 *
 * Runs in: the PAM application, as root. Changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/proto.h"

enum place_kind {
	PLACE_HOST,
	PLACE_MEMBER, /* born in a room and executed there: su or sudo within a login */
	PLACE_HOLDER, /* adopted a room, or was forked by one that did: it is, or was, another login's application */
};

struct place {
	enum place_kind kind;
	char room[CRL_ID_MAX]; /* "" = the room does not tell */
	uint32_t uid; /* whose room it is; UINT32_MAX = the room does not tell */
};

/*
 * Never an error: whatever cannot be proved makes the place HOLDER, which nobody is let in from.
 * HOST is said only where there is no marker of a room and children are born where this process was.
 */
void place_find(struct place *ret);

/* May this process become another user at all? Kept in its bounding set, and not forbidden by no_new_privs. */
bool place_leaves_power(void);
