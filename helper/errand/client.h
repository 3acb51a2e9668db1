// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of carrel-errand.
 *
 * Runs in: a room, as its user.
 */
#pragma once

#include <stddef.h>

#include "wire/errand.h"

/* What is to be run outside. */
struct errand_wish {
	const char *call;
	char **args; /* behind argv[0] */
	size_t len;
	int fd[CRL_ERRAND_FDS];
};

/* Run it, and wait. Returns the exit status; what went wrong was said. */
int errand_do(const struct errand_wish *w);

/* Say what is wrong, behind the program's name. Returns the exit status for it. */
int errand_complain(const char *call, const char *fmt, ...) CRL_PRINTF(2, 3);

/* crontab.c: files and editors are the room's: -e, FILE. at.c: -f FILE. Return the exit status. */
int errand_crontab(const struct errand_wish *w);
int errand_at(const struct errand_wish *w);
