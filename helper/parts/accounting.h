// SPDX-License-Identifier: Apache-2.0
/*
 * The host's utmp, wtmp and lastlog stay true for the logins of a room, and what is written to them on the host reaches
 * their terminals.
 *
 * Runs in: supervisor. The files are opened before the sandbox; afterwards only those are written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct crl_kept;

/* Has a login that shows so much a terminal that wants a name on the host? @shows  enum crl_shows */
bool crl_account_wants_outer(const struct crl_kept *room, uint32_t shows);
