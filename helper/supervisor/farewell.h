// SPDX-License-Identifier: Apache-2.0
/*
 * What the log says when a login or a room ends. Runs in: supervisor.
 *
 * R1: no text that a user chose can pass for a further key=value: all are escaped.
 */
#pragma once

struct crl_member;
struct crl_kept;

/*
 * One line for a login that leaves: who, how, how long, and what its cgroup has counted. To be called while the cgroup
 * is there. A login that has left before is passed over.
 */
void crl_farewell_login(const struct crl_kept *room, const struct crl_member *m);

/* One line for a room that ends, and why (ended_by). */
void crl_farewell_room(const struct crl_kept *room);
