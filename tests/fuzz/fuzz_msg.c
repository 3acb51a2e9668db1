// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a record: the first four choose the phase, the rest goes through a real socket.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/fdpass.h"
#include "proto/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct crl_received *got, const struct crl_msg_room *body)
{
	union { const struct crl_msg_room *room; const struct crl_login *login; const struct crl_err *err;
		const struct crl_msg_lookup *lookup; const struct crl_msg_named *named; const struct crl_msg_join *join; } u = {body};
	char text[512];

	if (got->type == CRL_MSG_ROOM)
		(void)!crl_msg_check_room(u.room);
	else if (got->type == CRL_MSG_OPEN || got->type == CRL_MSG_JOIN)
		(void)!crl_login_check(u.login, NULL);
	else if (got->type == CRL_MSG_NAMED)
		(void)!crl_msg_check_named(u.named);
	else if (got->type == CRL_MSG_LOOKUP)
		(void)!crl_msg_check_lookup(u.lookup);
	else if ((got->type == CRL_MSG_REFUSED || got->type == CRL_MSG_READY) && crl_err_check(u.err) == 0)
		crl_err_format(u.err, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crl_msg_room body;
	struct crl_received got = {.fds = {-EBADF, -EBADF}};
	uint32_t accept;
	int pair[2];

	if (size < sizeof(accept) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	memcpy(&accept, data, sizeof(accept));
	if (send(pair[0], data + sizeof(accept), size - sizeof(accept), MSG_DONTWAIT) >= 0 &&
	    crl_msg_recv(pair[1], accept, &body, sizeof(body), -1, &got) == 0)
		judge(&got, &body);
	crl_received_done(&got);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
