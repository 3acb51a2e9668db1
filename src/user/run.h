// SPDX-License-Identifier: Apache-2.0
/*
 * `carrel run`: a program under a filter of its own, a profile.
 *
 * Runs in: carrel, as the user, without any power. A filter can only take away: who may run a program may run it with
 * less. The profile is root's alone, so that what it promises is not the user's to change.
 */
#pragma once

/* @argv  words behind "run", NULL-ended. Returns an exit status when the program did not start. */
int crl_user_run(char *const *argv);
