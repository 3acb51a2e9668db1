// SPDX-License-Identifier: Apache-2.0
/*
 * A further filter for the program that the last stage executes, where the policy has a profile for it.
 *
 * Runs in: carrel-shell, as the user, in the room.
 */
#pragma once

#include "base/err.h"
#include "shell/stage.h"

/* The profiles of a stage file, opened and read. */
struct crl_shell_profiles {
	const struct crl_last *last;
	struct crl_shell_filter *filter; /* last->profiles of them; owned */
	ssize_t chosen; /* -1 = none yet */
};

void crl_shell_profiles_done(struct crl_shell_profiles *p);

/*
 * Read the filters of all, while their names mean what they say: before crl_shell_join().
 * @last  kept
 * @ret   for crl_shell_profiles_done(), whatever comes back
 * Returns 0 or -errno (stage FILTER).
 */
int crl_shell_profiles_read(int root, const struct crl_last *last, struct crl_shell_profiles *ret,
			    struct crl_err *err) CRL_MUST_CHECK;

/*
 * Choose the profile for @program, by its name, or by another name of the same file. One that is chosen stays.
 * Asked before crl_shell_join() as well, it cannot be steered by links of a root that is the user's.
 */
void crl_shell_profiles_choose(struct crl_shell_profiles *p, const char *program);

/*
 * Load the filter of the one that is chosen, with no_new_privs as carrel run has it; nothing without one.
 * Returns 0 or -errno (stage CAPS or FILTER): then nothing may be executed.
 */
int crl_shell_profiles_load(struct crl_shell_profiles *p, struct crl_err *err) CRL_MUST_CHECK;
