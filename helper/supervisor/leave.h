// SPDX-License-Identifier: Apache-2.0
/*
 * How a login leaves its room, and how a room ends. Runs in: supervisor.
 */
#pragma once

struct crl_kept;
struct crl_member;

/*
 * A login closed or its application died (@m), or the room is empty and due (NULL). While a helper holds the room's
 * lock somebody is about to join: then nothing happens, and it is called again. The last one's end is the room's.
 */
void crl_leave(struct crl_kept *room, struct crl_member *m);

/* Those whose time to end is running: do what is due. */
void crl_leave_go_on(struct crl_kept *room);

/* A login on its way in has given up, or its application died: the room is as it was before. @m is gone. */
void crl_leave_unjoined(struct crl_kept *room, struct crl_member *m);

/* End all in it, answer those who asked to close, take away what it has on the host; the process exits. */
_Noreturn void crl_end_room(struct crl_kept *room);
