// SPDX-License-Identifier: Apache-2.0
/* Stop the whole of a room, and let it go on; what stops it is recorded for carrelctl why. */
#pragma once

#include <stdbool.h>

struct crl_err;
struct crl_room_info;
struct ctl;
struct ctl_cgroups;

/*
 * Of a room that is not stale.
 * @wait  until it is so, some seconds at most; false: it is only set going
 * Errors: -ETIMEDOUT it is not so yet; -ENOENT no cgroup that could be frozen; others of the kernel.
 */
int ctl_room_freeze(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err);
int ctl_room_thaw(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err);

/* Of a room that ends or has ended. What cannot be thawed is dead, or is told later as a supervisor that does not
 * end. */
void ctl_room_thaw_dead(const struct crl_room_info *room, const struct ctl_cgroups *all);

/* Is there something, and all of it frozen? */
bool ctl_room_is_frozen(const struct crl_room_info *room, const struct ctl_cgroups *all);
