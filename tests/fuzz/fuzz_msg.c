// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as records: the first four choose the phase, the rest goes through a real socket, as it is or, where the phase
 * has its highest bit, as a sequence of records with right headers.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/fuzz/records.h"
#include "wire/fdpass.h"
#include "wire/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct crl_received *got, const struct crl_msg_room *body)
{
	union {
		const struct crl_msg_room *room;
		const struct crl_login *login;
		const struct crl_err *err;
		const struct crl_msg_lookup *lookup;
		const struct crl_msg_named *named;
		const struct crl_msg_join *join;
	} u = {body};
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

static void receive(int sock, uint32_t accept)
{
	static struct crl_msg_room room;
	struct crl_received got = {.fds = {-EBADF, -EBADF}};

	if (crl_msg_recv(sock, &(const struct crl_phase){.accept = accept}, &room, sizeof(room), -1, &got) == 0)
		judge(&got, &room);
	crl_received_done(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	int pair[2], before = fuzz_count_fds();
	uint32_t accept;

	if (fuzz_take(&in, &accept, sizeof(accept)) < sizeof(accept) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	if (!(accept & 1u << 31)) {
		if (send(pair[0], in.data, in.len, MSG_DONTWAIT) >= 0)
			receive(pair[1], accept);
		in.len = 0;
	}
	while (in.len >= 4) {
		fuzz_send(&in, pair[0], (const int[3]){pair[0], pair[1], pair[0]});
		receive(pair[1], accept);
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	if (fuzz_count_fds() != before)
		__builtin_trap();
	return 0;
}
