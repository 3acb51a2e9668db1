// SPDX-License-Identifier: Apache-2.0
/*
 * Which language a user's own programs speak: the one that the user has chosen by LC_ALL or LC_MESSAGES, else that of
 * their policy, which is in a file of the room's. LANG does not count: hosts set it for everybody.
 *
 * Runs in: carrel, carrel-shell, carrel-errand, which read it; helper, which writes the file.
 * Trusts: nothing; it decides no more than what is read.
 */
#pragma once

#include <stdbool.h>

#include "base/phrases.h"

/* By what a locale's name begins with ("es_ES.UTF-8", "es"); "C" and "POSIX" are English. False: it is none of ours. */
bool crl_language_of_locale(const char *locale, enum crl_language *ret);

/* What the environment says, or else @policys. */
enum crl_language crl_language_chosen(enum crl_language policys);

/* The same with what the room's file says; English where there is none. */
enum crl_language crl_language_in_room(const char *file);

/* The same, asked once a process. */
enum crl_language crl_language_of_room(const char *file);
