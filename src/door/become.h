// SPDX-License-Identifier: Apache-2.0
/*
 * How a child of an operator becomes a user inside a room.
 *
 * Runs in: children of root, in the room; root until crl_become_user(). Nothing of a room is executed before that.
 */
#pragma once

#include "base/scope.h"
#include "wire/login.h"

/*
 * Default signals and mask, descriptors from @from on closed, a session of its own, umask 022, dead when its parent is.
 */
void crl_become_clean(unsigned int from);

/*
 * Join a new, empty session keyring: the operator's keys stay the operator's. Before a room's filter is adopted, which
 * as a rule refuses the call. Returns 0 or -errno; then the caller must not go on.
 */
int crl_become_keyless(void) CRL_MUST_CHECK;

/*
 * Take on groups and ids, for good, never root's; dead when its parent is. Returns 0 or -errno; then the caller must
 * not go on.
 */
int crl_become_user(const struct crl_login *l) CRL_MUST_CHECK;

/* Go home, or to / where that is not possible. */
void crl_become_at_home(const struct crl_login *l);
