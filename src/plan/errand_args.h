// SPDX-License-Identifier: Apache-2.0
/*
 * Which arguments a user of a room may give a program that runs outside.
 *
 * Runs in: steward. Pure. Trusts: nothing of what it is given.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "policy/errands.h"

/*
 * Only what is listed passes: no option that names a file, a program, a configuration or another user.
 * @user  whose room it is: the one name that passwd and chage may be given
 * @args  @len texts behind argv[0]
 * Returns 0, or -EPERM (stage REQUEST) with a text that names the argument.
 */
int crl_errand_args_check(const struct crl_errand *e, const char *user, char *const *args, size_t len,
			  struct crl_err *err) CRL_MUST_CHECK;

/*
 * A word that has to stand before the user's own, or NULL: mail is delivered before sendmail returns. What it would
 * leave to a process in the background ends with the login, and waits for the next run of the queue then.
 */
const char *crl_errand_arg_first(const struct crl_errand *e, char *const *args, size_t len);

/* May a variable of a terminal or locale have this value? Letters, digits and "._@+-", 63 at most, none is fine. */
bool crl_errand_word_is_plain(const char *value);
