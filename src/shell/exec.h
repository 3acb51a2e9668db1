// SPDX-License-Identifier: Apache-2.0
/*
 * The user's real shell: which it is, and how it is executed.
 *
 * Runs in: carrel-shell, as the user.
 */
#pragma once

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "shell/call.h"

/* Exit status of a shell that is not executed. */
enum {
	CRL_SHELL_REFUSED = 126,
	CRL_SHELL_MISSING = 127,
};

/* What is executed. */
struct crl_shell_words {
	char path[PATH_MAX];
	char **argv; /* up to NULL; owned */
	char *text; /* of words that are neither the caller's nor constant; owned */
};

void crl_shell_words_done(struct crl_shell_words *w);

/*
 * The shell that passwd(5) has for a user.
 * @passwd  a stream of it
 * @ret     "/bin/sh" where the entry has none
 * Returns 0; -ENOENT no entry has that uid; -ENAMETOOLONG.
 */
int crl_shell_of_passwd(FILE *passwd, uid_t uid, char ret[PATH_MAX]) CRL_MUST_CHECK;

/*
 * Which shell is the user's: what the policy says; else what passwd says; else, for a user who is not in the file,
 * $SHELL, as sshd, su and login set it by the name service. Never carrel-shell.
 * @policy  "" = it says none
 * Errors: -ENOENT there is none (stage ADOPT).
 */
int crl_shell_find(const char *policy, uid_t uid, char ret[PATH_MAX], struct crl_err *err) CRL_MUST_CHECK;

/*
 * What to execute for a call: the shell, with a dash where it is a login's, its arguments byte for byte; with -c for a
 * command that was forced. "internal-sftp", which only sshd has within itself, is its sftp-server.
 * @ret  for crl_shell_words_done()
 * Errors: -ENOMEM; -ENAMETOOLONG.
 */
int crl_shell_words_make(const struct crl_shell_call *call, const char *shell,
			 struct crl_shell_words *ret) CRL_MUST_CHECK;

struct crl_shell_profiles;

/*
 * Execute it, under its profile if it has one, with SHELL naming the shell, and without the SSH_ORIGINAL_COMMAND of a
 * command that was forced: nothing in the environment tells of carrel-shell. Everything else is as the caller left it.
 * @profiles  NULL = there are none
 * Returns -errno, with the error set (stage ADOPT, CAPS or FILTER); otherwise not at all.
 */
int crl_shell_exec(const struct crl_shell_call *call, const char *shell, struct crl_shell_profiles *profiles,
		   struct crl_err *err) CRL_MUST_CHECK;
