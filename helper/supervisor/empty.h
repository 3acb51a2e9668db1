// SPDX-License-Identifier: Apache-2.0
/*
 * How long a room stays in which nobody is logged in: until its `linger` has passed since the last login left, and
 * since somebody last typed at one of its terminals. So a mosh that is worked in goes on, and a tmux that only prints
 * does not.
 *
 * Runs in: helper until the room is confined, then supervisor.
 * Trusts: the kernel, for when a terminal was read. R1: a user can change that as well (touch(1)), but to now at the
 * latest: a time of the future counts as none. R2: no terminal is opened, only their times are looked at.
 */
#pragma once

#include <stdbool.h>

struct crl_kept;

/* Who is in has changed: an empty room's time begins, or is over. Those on their way in do not count yet. */
void crl_empty_reckon(struct crl_kept *room);

/* Its time has come: if somebody has typed since, set a later one, put it on record and return true. */
bool crl_empty_goes_on(struct crl_kept *room);
