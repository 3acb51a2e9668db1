// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes for a program outside in place of the room's sockets.
 *
 * Runs in: the child of carrel-steward that serves an errand.
 */
#pragma once

#include <poll.h>

#include "base/err.h"
#include "wire/errand.h"

struct crl_errand_stream {
	int sock; /* the room's */
	int pipe; /* the end of it that is not the program's; -EBADF: nothing is copied */
	size_t len; /* input: shown to the program and not taken from the socket; output: in buf */
	size_t off;
	char buf[4096];
};

struct crl_errand_pump {
	struct crl_errand_stream stream[CRL_ERRAND_FDS];
	uint32_t uid; /* in whose name sockets are written to */
	uint32_t gid;
	bool ended;
};

/* Nothing is copied. */
#define CRL_ERRAND_PUMP_INIT \
	{ \
		.stream = { \
			{.sock = -EBADF, .pipe = -EBADF}, \
			{.sock = -EBADF, .pipe = -EBADF}, \
			{.sock = -EBADF, .pipe = -EBADF} \
		} \
	}

/*
 * Put a pipe in the place of each socket among @fd; the socket is the pump's then.
 * Errors (stage REQUEST): -EPERM: a socket that is no stream of the network or of the host; -errno.
 */
int crl_errand_pump_begin(struct crl_errand_pump *pump, int fd[CRL_ERRAND_FDS], uint32_t uid, uint32_t gid,
			  struct crl_err *err) CRL_MUST_CHECK;

/* What is to be polled for next. False: nothing is copied any more. */
bool crl_errand_pump_polls(struct crl_errand_pump *pump, struct pollfd p[CRL_ERRAND_FDS]);

/* Copy what can be copied without waiting. @p  as polled */
void crl_errand_pump_step(struct crl_errand_pump *pump, const struct pollfd p[CRL_ERRAND_FDS]);

/* The program has ended: no more input, and only that output which is there. */
void crl_errand_pump_end(struct crl_errand_pump *pump);
