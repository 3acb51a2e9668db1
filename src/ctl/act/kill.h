// SPDX-License-Identifier: Apache-2.0
/*
 * End the whole of a room; what stops it is recorded for carrelctl why.
 *
 * Its end takes the time that its programs have by its policy, but for one that is frozen, and with --now.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"

struct crl_err;
struct crl_room_info;
struct ctl;

/*
 * Of a room that is not stale.
 * @wait  until it has ended, some seconds at most beyond that time; false: it is only set going
 * Errors: -ETIMEDOUT it has not yet; others of the kernel.
 */
int ctl_room_kill(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err);

/* Wait for an end that is set going. Errors: -ETIMEDOUT. */
int ctl_room_await_end(const struct crl_room_info *room, struct crl_err *err);
