// SPDX-License-Identifier: Apache-2.0
/*
 * The login as a Landlock domain of its own (shell.apart): the user's other processes do not get at it, nor it at them.
 *
 * Runs in: carrel-shell, as the user, who has no_new_privs or power over their user namespace.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Enter it.
 * @may_lack  a kernel that has none is no error
 * Errors: stage CAPS; -EOPNOTSUPP the kernel has none, -ENOTRECOVERABLE it is not in force.
 */
int crl_shell_be_apart(bool may_lack, struct crl_err *err) CRL_MUST_CHECK;
