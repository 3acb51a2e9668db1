// SPDX-License-Identifier: Apache-2.0
/*
 * `carrel limits` and `carrel why`: what the room's user may know of their own limits, by what the room shows anyway.
 *
 * Runs in: carrel, as the user, without any power: it reads files of the room, and asks nobody.
 */
#pragma once

#include "user/home.h"

#define CRL_USER_MARKER "/run/carrel-room" /* in every room */

/* @argv  words behind the command, NULL-ended. Says what it has to say. Returns an exit status. */
int crl_user_limits(char *const *argv);
int crl_user_why(char *const *argv);

/* Those two begin so. Returns CRL_USER_DONE, or says why not: there are words behind @command, or this is no room. */
enum crl_user_exit crl_user_begin(const char *command, char *const *argv);

/* Says that this is no room. Returns CRL_USER_NOWHERE. */
enum crl_user_exit crl_user_is_nowhere(void);

/* The control group that the room shows as its user's. Returns a descriptor, or -errno. */
int crl_user_cgroup(void);
