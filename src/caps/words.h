// SPDX-License-Identifier: Apache-2.0
/*
 * The command line of the launcher, and where a command may be found. Without the C library.
 *
 * Runs in: carrel-caps. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CRL_LAUNCH_PATH_MAX 4096 /* bytes of a path, with its NUL */
#define CRL_LAUNCH_PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin" /* where there is no PATH */

struct crl_launch_call {
	bool fault; /* it is not as it should be */
	bool try; /* -t: go on also where there is nothing to give */
	char *name; /* -a NAME: what the command is told to be called; NULL = as it was asked for */
	char **command; /* up to NULL; [0] is what to execute. Empty: only say what would be given */
};

/* Take "[-t] [-a NAME] [--] [COMMAND [ARG...]]" apart. @argv  of the process, or empty; borrowed */
void crl_launch_call_read(char **argv, struct crl_launch_call *ret);

/* The value of a variable of the environment, or NULL. */
const char *crl_launch_variable(char *const *envp, const char *name);

/*
 * The next place of a command, as execvp(3) has it: itself where it has a slash in it, else in each directory of PATH.
 * @rest  in: what is left of PATH, at first all of it; out: what is left then, NULL behind the last
 * Returns false where this one is too long to be any.
 */
bool crl_launch_place(const char *command, const char **rest, char buf[CRL_LAUNCH_PATH_MAX]);
