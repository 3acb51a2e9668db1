// SPDX-License-Identifier: Apache-2.0
/*
 * Signals for the programs of a room. The supervisor has no power over them; init has, as far as its PID namespace
 * goes, and sends what it is told over a socket that the two keep between them. Who gets which at a step of an end is
 * pure (plan/grace.h); each has SIGCONT after it, for who is stopped.
 *
 * R1: init sends SIGHUP and SIGTERM, nothing else, and only as PID 1 of a namespace: elsewhere a number or a pidfd
 * would be a process of the host. In a room without a PID namespace nobody is signalled.
 * R2: what everybody gets at a step is known before the first gets it. tmux that is told to end closes its terminals,
 * and those in them would be told a second time, as who has none.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/grace.h"

struct crl_member;
struct crl_kept;

/*
 * In the supervisor: do a step for all of the room, or for those of a login's cgroup. It is not waited for. What cannot
 * be told init within a moment is left out, with a line in the log: who is not told to go is killed all the same.
 */
void crl_order_room(const struct crl_kept *room, enum crl_grace_step step);
void crl_order_login(const struct crl_kept *room, const struct crl_member *m, enum crl_grace_step step);

/* In init: do a step for all of the room. @proc  its /proc */
void crl_signal_room(int proc, enum crl_grace_step step);

/* In init: do what has been ordered. Returns false when no more orders will come. */
bool crl_orders_obey(int channel, int proc);
