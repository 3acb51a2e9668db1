// SPDX-License-Identifier: Apache-2.0
/*
 * One record and its descriptors over a SOCK_SEQPACKET socket.
 *
 * Runs in: module, helper, supervisor, init.
 * Trusts: nothing that comes in.
 * Owns: R1 a refused record leaves no descriptor open; R2 a record is taken whole or not at all.
 */
#include "proto/fdpass.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "proto/msg.h"
#include "proto/scope.h"

/* Room for the right number of descriptors and no more: with more than that the kernel sets MSG_CTRUNC. */
union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * CRL_MSG_FDS_MAX)];
};

int64_t crl_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail with this clock */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void crl_pause_ms(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL); /* a signal may make it shorter */
}

static int peer_errno(int e)
{
	return e == ECONNRESET || e == ENOTCONN || e == ECONNREFUSED ? -EPIPE : -e;
}

int crl_msg_send(int fd, enum crl_msg type, const void *body, size_t size, const int *fds, size_t nfds)
{
	struct crl_msg_header header = {
		.magic = CRL_PROTO_MAGIC,
		.version = CRL_PROTO_VERSION,
		.type = (uint16_t)type,
		.length = (uint32_t)(sizeof(header) + size),
		.nfds = (uint32_t)nfds,
	};
	union { const void *in; void *out; } unconst = {.in = body}; /* iovec has no const, sendmsg only reads */
	struct iovec iov[2] = {{&header, sizeof(header)}, {unconst.out, size}};
	union control control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	ssize_t n;

	/* A record that the peer must refuse is never sent. */
	if (crl_msg_check_shape(type, body, size, nfds) < 0)
		return -EINVAL;
	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return peer_errno(errno);
	return (size_t)n == sizeof(header) + size ? 0 : -EIO;
}

void crl_received_done(struct crl_received *r)
{
	for (size_t i = 0; i < CRL_MSG_FDS_MAX; i++)
		drop_fd(&r->fds[i]);
	r->nfds = 0;
}

/* Every descriptor is put into @r before anything is judged, so that crl_received_done() finds them all. */
static int take_control(struct msghdr *msg, struct crl_received *r)
{
	int rc = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			rc = -EBADMSG;
			continue;
		}
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		/* Cannot exceed: the control buffer holds no more in any number of parts. */
		for (size_t i = 0; i < n && r->nfds < CRL_MSG_FDS_MAX; i++)
			memcpy(&r->fds[r->nfds++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EBADMSG : rc;
}

static int check_header(const struct crl_msg_header *h, size_t length, uint32_t accept, size_t nfds)
{
	if (length < sizeof(*h) || h->magic != CRL_PROTO_MAGIC)
		return -EBADMSG;
	if (h->version != CRL_PROTO_VERSION)
		return -EPROTONOSUPPORT;
	if (h->length != length || h->nfds != nfds)
		return -EBADMSG;
	if (h->type >= CRL_MSG_COUNT || !(accept & CRL_ACCEPT(h->type)))
		return -EBADMSG;
	return 0;
}

static int take_record(int fd, uint32_t accept, void *body, size_t capacity, struct crl_received *r)
{
	struct crl_msg_header header = {0};
	// cppcheck-suppress ctuuninitvar ; recvmsg() is what writes the body
	struct iovec iov[2] = {{&header, sizeof(header)}, {body, capacity}};
	union control control = {0};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = control.space,
			     .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int rc;

	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : peer_errno(errno);
	rc = take_control(&msg, r);
	if (n == 0 && rc == 0 && r->nfds == 0)
		return -EPIPE; /* end of stream, or an empty record: either way nobody useful is there */
	if (rc == 0)
		rc = check_header(&header, (size_t)n, accept, r->nfds);
	if (rc < 0)
		return rc;
	r->type = header.type;
	r->size = (size_t)n - sizeof(header);
	return crl_msg_check_shape(r->type, body, r->size, r->nfds);
}

/* Wait until the socket is readable or hung up. Returns 0, -ETIMEDOUT or -errno. */
static int wait_readable(int fd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;

	for (;;) {
		int n;

		left = deadline_ms - crl_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
		if (n > 0)
			return p.revents & POLLNVAL ? -EBADF : 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int crl_msg_recv(int fd, uint32_t accept, void *body, size_t capacity, int64_t deadline_ms, struct crl_received *ret)
{
	struct crl_received r = {.fds = {-EBADF, -EBADF}};
	int rc;

	_Static_assert(CRL_MSG_FDS_MAX == 2, "initialiser above");
	for (;;) {
		rc = take_record(fd, accept, body, capacity, &r);
		if (rc == -EINTR)
			continue;
		if (rc != -EAGAIN || deadline_ms == -1)
			break;
		rc = wait_readable(fd, deadline_ms);
		if (rc < 0)
			return rc;
	}
	if (rc < 0) {
		crl_received_done(&r);
		return rc;
	}
	*ret = r;
	return 0;
}
