// SPDX-License-Identifier: Apache-2.0
/*
 * What still runs in a room. Runs in: supervisor, which only looks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct crl_kept;

/* Processes in the room, init and applications not counted, @most at most; 0 when nobody can tell. */
size_t crl_alive_count(const struct crl_kept *room, size_t most);

/* True when nothing but zombies is left inside: those are the application's to reap. */
bool crl_alive_none(const struct crl_kept *room);
