// SPDX-License-Identifier: Apache-2.0
/*
 * The helper's command line, as its parts ask it. Runs in: helper. Trusts: who wrote it is root (PAM configuration).
 */
#pragma once

#include <stdbool.h>

#define CRL_TIMEOUT_DEFAULT_S 30

/* Texts are of the command line and live as long as the process. */
struct crl_options {
	const char *config;
	const char *state;
	unsigned int timeout_s;
	const char *policy; /* NULL = as the rules say; carrelctl names one to try it */
	bool rehearse; /* of carrelctl: nobody shares this room, it ends at once and is in no utmp */
	bool debug;
	bool sweep; /* only tidy up after dead rooms, then leave */
	bool reload; /* only set the limits of live rooms anew */
	const char *manager_of; /* only tell whether this uid may have a manager of systemd's; NULL = not asked */
};
