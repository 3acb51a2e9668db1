// SPDX-License-Identifier: Apache-2.0
/*
 * Files of /etc that nobody but root may read on the host, and without which who is root of a room could not use what
 * is there: others of the same kind, that tell nothing.
 *
 * Runs in: helper (root).
 */
#pragma once

#include "base/scope.h"

/*
 * Make those that the copies lack; and take carrel's lines out of PAM's.
 * @root  of the copies
 * Returns 0 or -errno.
 */
int crl_public_stand_in(int root) CRL_MUST_CHECK;
