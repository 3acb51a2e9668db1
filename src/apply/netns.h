// SPDX-License-Identifier: Apache-2.0
/*
 * The room's network namespace with its loopback up, made beside the rest.
 *
 * Runs in: the room's init, root. Making a network namespace is the most expensive step of a room (about as much as
 * all its mounts), so a second thread makes it while the first one mounts.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "proto/err.h"

struct crl_netns {
	pthread_t thread;
	bool running; /* the thread is to be joined */
	int fd;       /* the namespace, once made */
	int code;     /* positive errno of the thread, 0 = none */
};

/* Start making it. @n is to live until crl_netns_join(). Errors (stage NAMESPACE): -EAGAIN no thread. */
int crl_netns_start(struct crl_netns *n, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Wait for it and enter it; the calling process has one thread again afterwards. Does nothing the second time or when
 * nothing was started. Errors (stage NAMESPACE): -errno of unshare(2), of bringing lo up, of setns(2).
 */
int crl_netns_join(struct crl_netns *n, struct crl_err *err) CRL_MUST_CHECK;
