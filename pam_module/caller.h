// SPDX-License-Identifier: Apache-2.0
/*
 * The PAM application as it is before anything is done to it.
 *
 * Runs in: the PAM application, as root, host namespaces. Changes nothing but close-on-exec flags, in caller_seal().
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "door/cwd.h"
#include "wire/proto.h"

struct caller {
	struct crl_cwd cwd;
	int *stray; /* directory and O_PATH descriptors above 2 that an exec would hand on */
	size_t nstray;
};

/*
 * Look at the caller and say whether it can be put into a room.
 * Errors (stage CALLER): -EBUSY more than one thread; -EXDEV standard input, output or error is a directory, which
 * would be a way out of the room; -ENOMEM; /proc's own errno.
 */
int caller_examine(struct caller *ret, struct crl_err *err) CRL_MUST_CHECK;
void caller_done(struct caller *c);

/* The name of its program's file, without directories, within @path of @size bytes; "" = /proc does not tell. */
const char *caller_program(char *path, size_t size);

/*
 * Can this application go on while it holds a room? Not asked of one whose policy leaves it the host's processes.
 * @ns_mask  CRL_NS_BIT(): what the room has of its own
 * Errors (stage CALLER): -EBUSY systemd is about to become a unit's program in it, or it is known to work on itself.
 */
int caller_can_hold(uint32_t ns_mask, struct crl_err *err) CRL_MUST_CHECK;

/* Set close-on-exec on the stray descriptors. Errors (stage CALLER). */
int caller_seal(const struct caller *c, struct crl_err *err) CRL_MUST_CHECK;
void caller_unseal(const struct caller *c);
