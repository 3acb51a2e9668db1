// SPDX-License-Identifier: Apache-2.0
/*
 * `carrel home`: what its user asks of their kept home, from inside of a room.
 *
 * Runs in: carrel, as the user, without any power: whatever it checks is for the user's sake, and nothing relies on it.
 */
#pragma once

enum crl_user_exit {
	CRL_USER_DONE,
	CRL_USER_FAILED, /* asked in vain */
	CRL_USER_USAGE,
	CRL_USER_NOWHERE, /* there is no kept home here */
};

/* @argv  words behind "home", NULL-ended. Says what it has to say. Returns an exit status. */
int crl_user_home(char *const *argv);
