// SPDX-License-Identifier: Apache-2.0
/*
 * The PAM application as it is before anything is done to it.
 *
 * Runs in: the PAM application, as root, host namespaces. Changes nothing but close-on-exec flags, in caller_seal().
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/err.h"
#include "proto/proto.h"

struct caller {
	char cwd[PATH_MAX]; /* "" = there is none that a path reaches */
	int *stray;         /* directory and O_PATH descriptors above 2 that an exec would hand on */
	size_t nstray;
};

/*
 * Look at the caller and say whether it can be put into a room.
 * Errors (stage CALLER): -EBUSY more than one thread; -EXDEV standard input, output or error is a directory, which
 * would be a way out of the room; -ENOMEM; /proc's own errno.
 */
int caller_examine(struct caller *ret, struct crl_err *err) CRL_MUST_CHECK;
void caller_done(struct caller *c);

/* Set close-on-exec on the stray descriptors. Errors (stage CALLER). */
int caller_seal(const struct caller *c, struct crl_err *err) CRL_MUST_CHECK;
void caller_unseal(const struct caller *c);

/* Go to the old working directory, else @home (NULL = none), else "/". */
void caller_restore_cwd(const struct caller *c, const char *home);

/*
 * True when this process lives in a room already: a root-owned regular file /run/carrel-room that only root can write.
 * Anything else there does not count: the login then gets a room as any other.
 */
bool caller_is_in_room(char ret_room[CRL_ID_MAX]);
