// SPDX-License-Identifier: Apache-2.0
/*
 * Start the helper so that the application never notices: no child of it, no signal to it, no page table copied.
 *
 * Runs in: the PAM application, as root, host namespaces.
 */
#pragma once

#include "pam_module/options.h"
#include "proto/err.h"

/* A running helper. */
struct helper {
	int sock;  /* SEQPACKET to it; close-on-exec */
	int pidfd; /* of it; close-on-exec */
};

#define HELPER_NONE {.sock = -EBADF, .pidfd = -EBADF}

/*
 * Start the helper with fixed arguments, an empty environment, root's ids, default signals, the socket as descriptor 3
 * and nothing else.
 * Errors (stage HELPER): the errno of the step that failed, execve()'s included; no process is left then.
 */
int helper_spawn(const struct options *opt, struct helper *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Close both descriptors; the process goes on. */
void helper_done(struct helper *h);

/* Wait until the helper has left, then or after @wait_ms kill it. 0 = kill now. */
void helper_end(const struct helper *h, int wait_ms);
