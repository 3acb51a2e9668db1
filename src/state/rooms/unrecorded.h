// SPDX-License-Identifier: Apache-2.0
/*
 * Live rooms whose record could not be written: found by their supervisors, which hold the text in memory.
 *
 * Runs in: carrelctl, helper (root). Looks at processes of the caller's own PID namespace only, for a record's numbers
 * mean nothing in another. R1: only a process whose ids are all root's and whose program is carrel-helper is believed:
 * any user can call a process of theirs by such a name, or hand such a file to a set-user-ID program.
 */
#pragma once

#include "state/rooms/rooms.h"

#define CRL_UNRECORDED_MARK "carrel!" /* what the supervisor of such a room is called, before the room's id */
#define CRL_UNRECORDED_FILE "carrel-room" /* its file in memory, see memfd_create(2) */

/*
 * Add those rooms. One that is there already by an older record of the same room is replaced, since it knows less.
 * Returns 0 or -ENOMEM.
 */
int crl_rooms_add_unrecorded(struct crl_rooms *rooms) CRL_MUST_CHECK;
