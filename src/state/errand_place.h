// SPDX-License-Identifier: Apache-2.0
/*
 * STATE/errand: the directory that rooms show, with the steward's socket for users.
 *
 * Runs in: helper, steward (root).
 */
#pragma once

#include "base/scope.h"

#define CRL_ERRAND_DIR "errand"
#define CRL_ERRAND_PROGRAM "carrel-errand" /* beside the helper; what rooms show in place of the programs */

/*
 * Make the directory if it is not there, and open it. Users of rooms may pass and not list it.
 * @state  descriptor of the state directory
 * Returns 0 or -errno; -EPERM what stands there is not root's own directory.
 */
int crl_errand_place_open(int state, int *ret_fd) CRL_MUST_CHECK;
