// SPDX-License-Identifier: Apache-2.0
/*
 * One record and its descriptors over a SOCK_SEQPACKET socket.
 *
 * Runs in: module, helper, supervisor, init, carrelctl.
 * Trusts: nothing that comes in.
 * Owns: R1 a refused record leaves no descriptor open; R2 a record is taken whole or not at all.
 */
#include "wire/fdpass.h"

#include <errno.h>
#include <string.h>

#include "base/scope.h"
#include "wire/fds.h"
#include "wire/msg.h"

int crl_msg_send(int fd, enum crl_msg type, const void *body, size_t size, const int *fds, size_t nfds)
{
	struct crl_msg_header header = {
		.magic = CRL_PROTO_MAGIC,
		.version = CRL_PROTO_VERSION,
		.type = (uint16_t)type,
		.length = (uint32_t)(sizeof(header) + size),
		.nfds = (uint32_t)nfds,
	};
	struct iovec iov[2] = {{&header, sizeof(header)}, {crl_unconst(body), size}};

	/* A record that the peer must refuse is never sent. */
	if (crl_msg_check_shape(type, body, size, nfds) < 0)
		return -EINVAL;
	return crl_fds_send(fd, iov, size ? 2 : 1, fds, nfds);
}

void crl_received_done(struct crl_received *r)
{
	for (size_t i = 0; i < CRL_MSG_FDS_MAX; i++)
		drop_fd(&r->fds[i]);
	r->nfds = 0;
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
	// cppcheck-suppress ctuuninitvar ; crl_fds_take() is what writes the body
	struct iovec iov[2] = {{&header, sizeof(header)}, {body, capacity}};
	const struct crl_fds_rule rule = {.most = CRL_MSG_FDS_MAX};
	scoped(crl_fds) got = CRL_FDS_NONE;
	ssize_t n = crl_fds_take(fd, iov, 2, &rule, &got);
	int rc;

	if (n < 0)
		return (int)n;
	if (n == 0 && got.len == 0)
		return -EPIPE; /* end of stream, or an empty record: either way nobody useful is there */
	rc = check_header(&header, (size_t)n, accept, got.len);
	if (rc == 0) /* R2 */
		rc = crl_msg_check_shape(header.type, body, (size_t)n - sizeof(header), got.len);
	if (rc < 0)
		return rc; /* R1 */
	r->type = header.type;
	r->size = (size_t)n - sizeof(header);
	for (r->nfds = 0; r->nfds < got.len; r->nfds++)
		r->fds[r->nfds] = take_fd(&got.fd[r->nfds]);
	return 0;
}

int crl_msg_recv(int fd, const struct crl_phase *phase, void *body, size_t capacity, int64_t deadline_ms,
		 struct crl_received *ret)
{
	struct crl_received r = {.fds = {-EBADF, -EBADF}};
	int rc;

	_Static_assert(CRL_MSG_FDS_MAX == 2, "initialiser above");
	for (;;) {
		rc = take_record(fd, phase->accept, body, capacity, &r);
		if (rc != -EAGAIN || deadline_ms == -1)
			break;
		rc = crl_fds_wait(fd, deadline_ms);
		if (rc < 0)
			return rc;
	}
	if (rc == 0)
		*ret = r;
	return rc;
}
