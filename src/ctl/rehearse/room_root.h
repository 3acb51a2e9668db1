// SPDX-License-Identifier: Apache-2.0
/*
 * Root of the room: who a user is by sudo in a room with a user namespace of its own, or from the beginning.
 *
 * Runs in: a probe, a process of the user's in the room.
 */
#pragma once

#include "wire/stage.h"

/* What the room has for the last stage of its logins. Returns 0 or -errno: -ENOENT there is no such file. */
int ctl_room_last(struct crl_last *ret) CRL_MUST_CHECK;

/*
 * Become the most that anybody is in there: joined, in the room's own root, uid 0, with all capabilities that the
 * namespace gives, and without the filter of shell.seccomp, which is no fence.
 * Returns 0, or -errno; then the process is something in between, and shall end. -ENOENT the room has no user
 * namespace.
 */
int ctl_room_root_become(void) CRL_MUST_CHECK;
