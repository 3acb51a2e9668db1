// SPDX-License-Identifier: Apache-2.0
/* The init of a room, proved to be it. */
#pragma once

struct crl_room_info;

/* pidfd of a room's init, or -errno: -ESRCH the record is older than the process that has the number now. */
int ctl_open_init(const struct crl_room_info *room);
