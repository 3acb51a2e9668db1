// SPDX-License-Identifier: Apache-2.0
/*
 * Start the helper so that the application never notices: no child of it, no signal to it, no page table copied.
 *
 * Runs in: who adopts a room (adopt.h), as root, host namespaces.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* What the helper is told on its command line. Paths are absolute; texts are the caller's and only read. */
struct crl_helper_start {
	const char *helper;
	const char *config;
	const char *state;
	const char *policy; /* NULL = as the rules say */
	int timeout_s; /* 1..600 */
	bool rehearse; /* a room that nobody shares or sees in who(1), and that ends at once */
	bool debug;
};

/* A running helper. */
struct crl_helper {
	int sock; /* SEQPACKET to it; close-on-exec */
	int pidfd; /* of it; close-on-exec */
};

#define CRL_HELPER_NONE \
	{ \
		.sock = -EBADF, .pidfd = -EBADF \
	}

/*
 * Start the helper with fixed arguments, an empty environment, root's ids, default signals, the socket as
 * descriptor 3 and nothing else.
 * Errors (stage HELPER): the errno of the step that failed, execve()'s included; no process is left then.
 */
int crl_helper_spawn(const struct crl_helper_start *start, struct crl_helper *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Close both descriptors; the process goes on. */
void crl_helper_done(struct crl_helper *h);

/*
 * The login has failed: hang up, so that the helper knows and undoes what it has made; wait until it has left, or
 * has let go of this login, as one that keeps a room for others does; after @wait_ms kill it. 0 = kill now.
 */
void crl_helper_end(const struct crl_helper *h, int wait_ms);
