// SPDX-License-Identifier: Apache-2.0
/*
 * Through the launcher of ambient capabilities, and again to here.
 *
 * Runs in: carrel-shell, as the user, before anything else of the last stage.
 */
#pragma once

#include "wire/stage.h"

/*
 * Execute the launcher with carrel-shell itself for a command, where the stage file names one and it is not behind us:
 * who comes back has the capabilities, and no_new_privs. Where that has no effect, or cannot be executed, it says so in
 * the log and returns: the login goes on without, and has no_new_privs by crl_shell_join().
 * @argv  of main(): it is called in the same words again
 */
void crl_shell_go_through(const struct crl_last *last, char **argv);
