// SPDX-License-Identifier: Apache-2.0
/*
 * How carrel-shell was called, and what its caller expects of the shell that it executes.
 *
 * Runs in: carrel-shell. Pure.
 */
#pragma once

#include <stdbool.h>

struct crl_shell_call {
	bool login; /* the shell is to be a login shell: its name begins with a dash */
	bool forced; /* sshd's ForceCommand: what was asked for is in SSH_ORIGINAL_COMMAND */
	const char *command; /* forced: that; NULL = a shell was asked for, or not forced */
	char *const *args; /* not forced: for the shell, behind its name, as they are; up to NULL */
};

/*
 * Tell one way from the other:
 *
 *   -carrel-shell [ARGS]     login, su -, sshd for a shell: a login shell with these arguments
 *   carrel-shell ARGS        sshd for a command, su -c: the shell with these arguments
 *   carrel-shell             su: a shell that is none of a login
 *   /PATH/carrel-shell       sshd's ForceCommand, by what passwd says: the original command, or a login shell
 *
 * @argv      of main(), borrowed
 * @original  SSH_ORIGINAL_COMMAND, or NULL; borrowed. With it the third is the fourth: a path need not be written out
 */
void crl_shell_call_read(char *const *argv, const char *original, struct crl_shell_call *ret);
