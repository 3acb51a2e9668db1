// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel-shell says to its user, in their language. The log has it in English.
 *
 * Runs in: carrel-shell, as the user.
 */
#pragma once

#include "base/err.h"
#include "base/retell.h"

extern const struct crl_retold_texts crl_shell_texts; /* said_texts.c */

/*
 * That no shell is started, to user and log. A cause that the table does not have is the administrator's to read: the
 * user is told as PAM's refusals tell it, and has the English on a second line.
 * Returns the exit status.
 */
int crl_shell_refuse(const struct crl_err *err);

/* The language of an error, or of the room that we are in. @err  NULL = of no error */
enum crl_language crl_shell_language(const struct crl_err *err);
