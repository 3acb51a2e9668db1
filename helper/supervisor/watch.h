// SPDX-License-Identifier: Apache-2.0
/*
 * What a supervisor waits for: descriptors, each with what is to be done when it has something to tell, and a time.
 * The list is made anew before each wait, since what is watched changes with every event.
 *
 * Runs in: supervisor. Events are served in the order in which they were added: what was added first is more urgent.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/rooms/record.h"

struct crl_kept;

#define CRL_WATCHES_MAX (8 + 4 * CRL_ROOM_LOGINS_MAX) /* the room's own, and those of each login */

/* @arg may be gone afterwards. Returns true when logins may have come or gone: then nothing else is served. */
typedef bool crl_watches_answer(struct crl_kept *room, void *arg);

struct crl_watches {
	struct pollfd p[CRL_WATCHES_MAX];
	crl_watches_answer *serve[CRL_WATCHES_MAX];
	void *arg[CRL_WATCHES_MAX];
	size_t len;
	int64_t due_ms; /* when something is to be done though nothing happens, by crl_now_ms(); 0 = never */
};

/* None at all. */
void crl_watches_begin(struct crl_watches *w);

/* A negative @fd is nothing. One too many is left out: it waits for its turn. */
void crl_watches_add(struct crl_watches *w, int fd, short events, crl_watches_answer *serve, void *arg);

/* @when_ms  0 = never */
void crl_watches_due(struct crl_watches *w, int64_t when_ms);

/* After a wait that told of events. Returns true when logins may have come or gone. */
bool crl_watches_serve(const struct crl_watches *w, struct crl_kept *room);
