// SPDX-License-Identifier: Apache-2.0
/*
 * One message of bytes and descriptors over a SOCK_SEQPACKET socket, whatever the bytes mean: the only place that takes
 * descriptors from a socket. What a record is say fdpass.h and errand.h.
 *
 * Runs in: every product.
 * Trusts: nothing that comes in. Descriptors are close-on-exec from the moment they arrive.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/scope.h"

#define CRL_FDS_MAX 3 /* that any message may have */

/* What came besides the bytes. The descriptors are the receiver's. */
struct crl_fds {
	int fd[CRL_FDS_MAX]; /* -EBADF where unused */
	size_t len;
	bool has_cred; /* the kernel's word for who sent it: only where SO_PASSCRED is set */
	struct ucred cred;
};

#define CRL_FDS_NONE \
	{ \
		.fd = { [0 ... CRL_FDS_MAX - 1] = -EBADF } \
	}

/* What may come besides the bytes. */
struct crl_fds_rule {
	size_t most; /* descriptors, at most CRL_FDS_MAX */
	bool cred; /* SO_PASSCRED is set; where it is not expected it is refused */
};

/*
 * Send the bytes as one message, without waiting.
 * @fd  descriptors to pass, still the caller's; @len of them, at most CRL_FDS_MAX
 * Never raises SIGPIPE. Returns 0, -EPIPE when the peer is gone, -EAGAIN when it does not read, -EINVAL too many
 * descriptors, or another -errno.
 */
int crl_fds_send(int sock, struct iovec *iov, size_t iovlen, const int *fd, size_t len) CRL_MUST_CHECK;

/*
 * Take the message that is there, without waiting.
 * @iov  where its bytes go; a longer message is refused, never cut
 * @ret  written only on success
 * Checks: level and type of each control message, its length, no more descriptors than @rule says, nothing truncated.
 * Returns the number of bytes, 0 at the end of the stream (or for an empty message: then @ret may have descriptors);
 * -EAGAIN nothing is there; -EPIPE the peer is gone; -EBADMSG what came is not what may come; another -errno. No
 * descriptor is open then.
 */
ssize_t crl_fds_take(int sock, struct iovec *iov, size_t iovlen, const struct crl_fds_rule *rule,
		     struct crl_fds *ret) CRL_MUST_CHECK;

/* Close all that is left and forget it. */
void crl_fds_done(struct crl_fds *f);

/*
 * Wait until the socket is readable or hung up. @deadline_ms  CLOCK_MONOTONIC (crl_now_ms); INT64_MAX = without end
 * Returns 0, -ETIMEDOUT or -errno.
 */
int crl_fds_wait(int sock, int64_t deadline_ms) CRL_MUST_CHECK;
