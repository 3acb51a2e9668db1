// SPDX-License-Identifier: Apache-2.0
/*
 * What logins leave behind in a room that goes on: cgroups with processes that stay (on_close = "keep").
 *
 * Runs in: supervisor. A login that has left takes no place of another and no descriptor. Its cgroup is looked at again
 * until it is empty: when somebody joins or leaves, and now and then. No more than CRL_ROOM_LEFT_MAX of them are kept:
 * what a further one leaves is moved to the last one's.
 */
#pragma once

#include <stdbool.h>

struct crl_member;
struct crl_kept;

/*
 * A login has left, or has not come in after all: close what it had, remove its cgroup or keep it in mind.
 * @m  not to be used any more
 */
void crl_left_add(struct crl_kept *room, struct crl_member *m);

/* Look at all of them now, and forget those of which nothing is left. Returns true when that changes the record. */
bool crl_left_look(struct crl_kept *room);

/* The same when its time has come (left.again_ms): soon after a login has left, later ever more seldom. */
void crl_left_retry(struct crl_kept *room);
