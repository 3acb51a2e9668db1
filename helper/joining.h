// SPDX-License-Identifier: Apache-2.0
/*
 * The socket at which helpers of further logins find the supervisor of a shared room: STATE/rooms/NAME.sock.
 *
 * Runs in: helper (root). Trusts: nobody but root can bind or connect below STATE.
 */
#pragma once

#include "base/scope.h"

struct crl_state;

/* @id  of the room. Returns 0; -EADDRINUSE somebody has that name; -errno. */
int crl_joining_listen(const struct crl_state *s, const char *name, const char *id, int *ret_fd) CRL_MUST_CHECK;

/* Returns 0; -ENOENT there is no such room; -ECONNREFUSED its supervisor is dead; -errno. */
int crl_joining_connect(const struct crl_state *s, const char *name, int *ret_fd) CRL_MUST_CHECK;
