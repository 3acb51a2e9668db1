// SPDX-License-Identifier: Apache-2.0
/*
 * The PAM application as it is before anything is done to it.
 *
 * Runs in: the PAM application, as root, host namespaces. Changes nothing but close-on-exec flags, in caller_seal().
 */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "proto/err.h"
#include "proto/proto.h"

/* A working directory, to be found again by its path and known by its inode: users may rename what lies on the way. */
struct caller_cwd {
	char path[PATH_MAX]; /* "" = there is none that a path reaches */
	dev_t dev;
	ino_t ino;
};

struct caller {
	struct caller_cwd cwd;
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

/*
 * On the host again: go to the directory that the caller came from, else "/". Never anywhere else: a privileged
 * application opens and removes files by relative names.
 */
void caller_return_cwd(const struct caller_cwd *cwd);

/* In a room: go to the same path if the room has it, else @home (NULL = none), else "/". */
void caller_enter_cwd(const struct caller_cwd *cwd, const char *home);
