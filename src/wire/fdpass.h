// SPDX-License-Identifier: Apache-2.0
/*
 * One record and its descriptors over a SOCK_SEQPACKET socket: every check of a record lives here, those of its control
 * data in fds.h.
 *
 * Runs in: module, helper, supervisor, init, carrelctl.
 * Trusts: nothing that comes in. A refused record's descriptors are all closed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h" /* deadlines are by crl_now_ms() */
#include "wire/phases.h"
#include "wire/proto.h"

/*
 * Send one record.
 * @fd       connected SOCK_SEQPACKET socket
 * @type     one of CRL_MSG_*; decides how many descriptors and how large a body are right
 * @body     the record's body, NULL when @size is 0
 * @size     bytes of @body, header not counted
 * @fds      descriptors to pass, still owned by the caller; @nfds at most CRL_MSG_FDS_MAX
 * Never raises SIGPIPE. Returns 0, -EPIPE when the peer is gone, -EAGAIN when it does not read, or another -errno.
 */
int crl_msg_send(int fd, enum crl_msg type, const void *body, size_t size, const int *fds, size_t nfds) CRL_MUST_CHECK;

/* What crl_msg_recv() got. Descriptors are close-on-exec and belong to the receiver. */
struct crl_received {
	enum crl_msg type;
	size_t size; /* bytes of body */
	size_t nfds;
	int fds[CRL_MSG_FDS_MAX]; /* -EBADF where unused */
};

/*
 * Wait for one record and take it.
 * @fd          connected SOCK_SEQPACKET socket
 * @phase       one of crl_phases; what it does not accept is refused
 * @body        buffer for the body
 * @capacity    bytes of @body; a larger record is refused, never cut
 * @deadline_ms by crl_now_ms(), at which to give up; -1 = take what is there, do not wait
 * @ret         written only on success
 * Checks: magic, version, a type that the phase accepts, the type's own size and number of descriptors
 * (docs/protocol.md), record and control data not truncated, no control data but SCM_RIGHTS.
 * Survives EINTR. Returns 0; -ETIMEDOUT; -EAGAIN (nothing there and @deadline_ms is -1); -EPIPE when the peer is
 * gone; -EPROTONOSUPPORT on another version; -EBADMSG on anything else that is off.
 */
int crl_msg_recv(int fd, const struct crl_phase *phase, void *body, size_t capacity, int64_t deadline_ms,
		 struct crl_received *ret) CRL_MUST_CHECK;

/* Close every descriptor of a received record and forget it. */
void crl_received_done(struct crl_received *r);
