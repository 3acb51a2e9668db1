// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-shell alone: a room made by the user's own process, where no PAM session has made one: no root, no set-user-ID
 * bit.
 *
 * Runs in: carrel-shell, as the user, on the host. Which policy it is root has published; the user does not choose.
 * docs/shell.md says what such a room holds and what it does not.
 */
#pragma once

#include "base/err.h"
#include "shell/call.h"

/*
 * Carry out what is published for the caller, execute the shell within it, and end as that ends: with its exit status,
 * or by the signal that ended it. Does not return then. Who is published to have no room gets the shell as it is.
 * @call  what the shell is to be told
 * Returns -ENOENT nothing is published for this user; another -errno something is, and cannot be carried out (with the
 * error set; -EOPNOTSUPP the policy requires what cannot be held): then nothing has been executed, and nothing may be.
 */
int crl_alone_run(const struct crl_shell_call *call, struct crl_err *err) CRL_MUST_CHECK;
