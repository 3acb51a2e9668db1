// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as records with right headers: type, length and descriptors fit each other unless the bytes say otherwise, so that
 * what is behind the first check is reached.
 *
 * Each record takes: type, flags, two bytes of length, then so many bytes of body.
 */
#pragma once

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/msg.h"
#include "wire/proto.h"

#define FUZZ_FDS 3u /* bits of flags: how many descriptors when FUZZ_AS_SAID */
#define FUZZ_AS_SAID 4u /* length and descriptors as the bytes say, not as the type has them */
#define FUZZ_HALF 8u /* the header says more than there is */
#define FUZZ_RECORD_MAX (sizeof(struct crl_msg_header) + sizeof(struct crl_msg_room) + 64)

struct fuzz_input {
	const uint8_t *data;
	size_t len;
};

/* Up to @size bytes; what is missing is zero. Returns how many there were. */
static inline size_t fuzz_take(struct fuzz_input *in, void *to, size_t size)
{
	size_t n = size < in->len ? size : in->len;

	memset(to, 0, size);
	if (n)
		memcpy(to, in->data, n);
	in->data += n;
	in->len -= n;
	return n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t byte;

	(void)fuzz_take(in, &byte, 1);
	return byte;
}

/* A text: a length, then so many bytes. */
static inline void fuzz_text(struct fuzz_input *in, char *to, size_t size)
{
	size_t len = fuzz_byte(in) % size;

	(void)fuzz_take(in, to, len);
	to[len] = '\0';
}

struct fuzz_shape {
	size_t size;
	size_t nfds;
};

static inline struct fuzz_shape fuzz_shape_of(unsigned int type, uint8_t flags)
{
	switch (type) {
	case CRL_MSG_OPEN:
		return (struct fuzz_shape){sizeof(struct crl_login), 1};
	case CRL_MSG_LOOKUP:
		return (struct fuzz_shape){sizeof(struct crl_msg_lookup), 0};
	case CRL_MSG_FOUND:
		return (struct fuzz_shape){sizeof(struct crl_msg_found), 0};
	case CRL_MSG_NAME:
		return (struct fuzz_shape){sizeof(struct crl_msg_name), 0};
	case CRL_MSG_NAMED:
		return (struct fuzz_shape){sizeof(struct crl_msg_named), 0};
	case CRL_MSG_ROOM:
		return (struct fuzz_shape){crl_msg_room_size(flags >> 4),
					   1}; /* not listened to: the body is zero there */
	case CRL_MSG_REFUSED:
		return (struct fuzz_shape){sizeof(struct crl_err), 0};
	case CRL_MSG_JOIN:
		return (struct fuzz_shape){sizeof(struct crl_msg_join), 2};
	case CRL_MSG_TAKEN:
		return (struct fuzz_shape){sizeof(struct crl_msg_taken), 1};
	case CRL_MSG_JOINED:
		return (struct fuzz_shape){sizeof(struct crl_msg_joined), 0};
	case CRL_MSG_LISTENER:
		return (struct fuzz_shape){0, 2};
	case CRL_MSG_READY:
		return (struct fuzz_shape){sizeof(struct crl_msg_ready), flags & 0x10 ? 2 : 0};
	case CRL_MSG_TERMINAL:
		return (struct fuzz_shape){sizeof(struct crl_msg_terminal), flags & 0x10 ? 2 : 0};
	case CRL_MSG_CLOSED:
		return (struct fuzz_shape){0, 1};
	default:
		return (struct fuzz_shape){0, 0};
	}
}

/* What a body needs to be believed so far that the bytes on top of it matter. */
static inline void fuzz_body(uint8_t *body, unsigned int type, uint8_t flags)
{
	const struct crl_login login = {.uid = 1000,
					.gid = 1000,
					.ngroups = 1,
					.groups = {1000},
					.user = "u",
					.home = "/home/u",
					.service = "s"};
	uint32_t filter_len = flags >> 4;

	if (type == CRL_MSG_OPEN || type == CRL_MSG_JOIN)
		memcpy(body, &login, sizeof(login));
	if (type == CRL_MSG_JOIN)
		memcpy(body + offsetof(struct crl_msg_join, id), "abcdefgh", 8);
	if (type == CRL_MSG_ROOM)
		memcpy(body + offsetof(struct crl_msg_room, filter_len), &filter_len, sizeof(filter_len));
}

/*
 * Send the next record, without waiting. Of a body whose type has a fixed size the bytes go to an offset that they give.
 * @fds  three descriptors that may be passed
 */
static inline void fuzz_send(struct fuzz_input *in, int sock, const int fds[3])
{
	static uint8_t record[FUZZ_RECORD_MAX];
	const size_t header = sizeof(struct crl_msg_header);
	unsigned int type = fuzz_byte(in) % (CRL_MSG_COUNT + 1);
	uint8_t flags = fuzz_byte(in);
	size_t given = fuzz_byte(in) | (size_t)fuzz_byte(in) << 8, at = 0;
	struct fuzz_shape shape = fuzz_shape_of(type, flags);
	struct crl_msg_header h = {.magic = CRL_PROTO_MAGIC, .version = CRL_PROTO_VERSION, .type = (uint16_t)type};
	char control[CMSG_SPACE(3 * sizeof(int))] = {0};
	struct iovec iov = {record, 0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	memset(record, 0, sizeof(record));
	if (flags & FUZZ_AS_SAID)
		shape = (struct fuzz_shape){given < sizeof(record) - header ? given : sizeof(record) - header,
					    flags & FUZZ_FDS};
	else
		fuzz_body(record + header, type, flags);
	if (!(flags & FUZZ_AS_SAID) && shape.size)
		at = (fuzz_byte(in) | (size_t)fuzz_byte(in) << 8) % shape.size;
	if (given > shape.size - at)
		given = shape.size - at;
	if (given > in->len)
		given = in->len;
	if (given)
		memcpy(record + header + at, in->data, given);
	in->data += given;
	in->len -= given;
	h.length = (uint32_t)(header + shape.size + (flags & FUZZ_HALF ? 8 : 0));
	h.nfds = (uint32_t)shape.nfds;
	memcpy(record, &h, header);
	iov.iov_len = header + shape.size;
	if (shape.nfds) {
		struct cmsghdr *c;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(shape.nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(shape.nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, shape.nfds * sizeof(int));
	}
	(void)!sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* How many descriptors are open: one that is lost shows. */
static inline int fuzz_count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}
