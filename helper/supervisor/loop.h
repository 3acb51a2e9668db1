// SPDX-License-Identifier: Apache-2.0
/*
 * Keep a room: wait for its logins to close or die, for more to join, for init to end.
 *
 * Runs in: supervisor.
 */
#pragma once

struct crl_kept;

_Noreturn void crl_supervise(struct crl_kept *room);
