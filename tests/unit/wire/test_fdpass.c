// SPDX-License-Identifier: Apache-2.0
/*
 * Receive checks: each refusal leaves no descriptor open.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "tests/unit/kernel.h"
#include "tests/unit/wire/pair.h"
#include "wire/fdpass.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

/* A phase that takes these types. */
#define ONLY(types) (&(const struct crl_phase){.accept = (types)})

static char body[64];

/* Send @size bytes of @h and @nfds copies of descriptor 0. */
static void send_raw(struct crl_msg_header h, size_t size, size_t nfds)
{
	struct iovec iov = {&h, size};
	char control[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (nfds) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &m, 0), size);
}

static struct crl_msg_header closed(void)
{
	return (struct crl_msg_header){CRL_PROTO_MAGIC, CRL_PROTO_VERSION, CRL_MSG_CLOSED,
				       sizeof(struct crl_msg_header), 1};
}

static void refused(struct crl_msg_header h, size_t size, size_t nfds, int want)
{
	struct crl_received got = {.nfds = 99};
	int before = open_fds();

	send_raw(h, size, nfds);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSED) | CRL_ACCEPT(CRL_MSG_LOOKUP)), body,
				      sizeof(body), -1, &got),
			 want);
	assert_int_equal(got.nfds, 99); /* written only on success */
	assert_int_equal(open_fds(), before);
}

static void a_record_arrives_whole(void **state)
{
	struct crl_received got;
	struct crl_msg_found found = {.code = 0, .gid = 42};

	(void)state;
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_CLOSED, NULL, 0, (int[]){0}, 1), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSED)), body, sizeof(body), -1, &got), 0);
	assert_int_equal(got.nfds, 1);
	assert_int_equal(fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
	crl_received_done(&got);
	assert_int_equal(got.fds[0], -EBADF);
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_FOUND, &found, sizeof(found), NULL, 0), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_FOUND)), body, sizeof(body), -1, &got), 0);
	assert_int_equal(got.size, sizeof(found));
	assert_memory_equal(body, &found, sizeof(found));
}

/* keeps: wire/fdpass R2 */
static void what_is_off_is_refused(void **state)
{
	struct crl_msg_header h;
	size_t size = sizeof(h);

	(void)state;
	needs_cut_told();
	h = closed();
	h.magic = 0;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	h.version++;
	refused(h, size, 1, -EPROTONOSUPPORT);
	h = closed();
	h.type = CRL_MSG_TAKEN;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	h.type = CRL_MSG_CLOSE;
	h.nfds = 0;
	refused(h, size, 0, -EBADMSG); /* right in itself, not here */
	h = closed();
	h.type = 32 + CRL_MSG_CLOSED;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	h.type = 0;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	h.length++;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	h.nfds = 0;
	refused(h, size, 1, -EBADMSG);
	h = closed();
	refused(h, size, 0, -EBADMSG);
	h = closed();
	h.nfds = 2;
	refused(h, size, 2, -EBADMSG);
	h = closed();
	h.nfds = 3;
	refused(h, size, 3, -EBADMSG);
	h = closed();
	h.nfds = 2;
	refused(h, size, 8, -EBADMSG); /* what fits must not pass for all */
	h = closed();
	refused(h, size - 1, 1, -EBADMSG);
}

/* The two that fit are as many as a READY has: only the kernel's mark tells that there were more. */
/* keeps: wire/fdpass R1 */
static void surplus_descriptors_are_noticed(void **state)
{
	struct {
		struct crl_msg_header h;
		struct crl_msg_ready ready;
	} r = {.h = {CRL_PROTO_MAGIC, CRL_PROTO_VERSION, CRL_MSG_READY, sizeof(r), 2}};
	struct iovec iov = {&r, sizeof(r)};
	char control[CMSG_SPACE(3 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct crl_received got;
	struct crl_msg_ready ready;
	int before = open_fds();

	(void)state;
	needs_cut_told();
	for (size_t n = 3; n >= 2; n--) {
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		assert_int_equal(sendmsg(pair[0], &m, 0), sizeof(r));
		assert_int_equal(
			crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_READY)), &ready, sizeof(ready), -1, &got),
			n == 3 ? -EBADMSG : 0);
		if (n == 2)
			crl_received_done(&got);
		assert_int_equal(open_fds(), before);
	}
}

static void a_larger_record_is_refused_not_cut(void **state)
{
	struct crl_msg_lookup lookup = {.group = "g"};
	struct crl_received got;

	(void)state;
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_LOOKUP, &lookup, sizeof(lookup), NULL, 0), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_LOOKUP)), body, sizeof(body), -1, &got),
			 -EBADMSG);
}

static void credentials_are_not_taken(void **state)
{
	struct crl_received got;
	int on = 1;

	(void)state;
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_CLOSE, NULL, 0, NULL, 0), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSE)), body, sizeof(body), -1, &got),
			 -EBADMSG);
	/* Those are too large for what is ready for descriptors; this kind (Linux 6.5) fits. */
	if (setsockopt(pair[1], SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)) < 0) {
		assert_int_equal(errno, ENOPROTOOPT);
		return;
	}
	on = 0;
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_CLOSE, NULL, 0, NULL, 0), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSE)), body, sizeof(body), -1, &got),
			 -EBADMSG);
}

static void waits_end(void **state)
{
	struct crl_received got;
	int64_t start = crl_now_ms();

	(void)state;
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSE)), NULL, 0, -1, &got), -EAGAIN);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSE)), NULL, 0, start + 50, &got), -ETIMEDOUT);
	assert_in_range(crl_now_ms() - start, 49, 30000);
	assert_int_equal(shutdown(pair[0], SHUT_RDWR), 0);
	assert_int_equal(crl_msg_recv(pair[1], ONLY(CRL_ACCEPT(CRL_MSG_CLOSE)), NULL, 0, start + 5000, &got), -EPIPE);
	assert_int_equal(crl_msg_send(pair[1], CRL_MSG_CLOSE, NULL, 0, NULL, 0), -EPIPE);
}

static void a_wrong_record_is_not_sent(void **state)
{
	(void)state;
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_CLOSED, NULL, 0, NULL, 0), -EINVAL);
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_CLOSE, body, 4, NULL, 0), -EINVAL);
	for (int i = 0; i < 100000; i++) {
		int rc = crl_msg_send(pair[0], CRL_MSG_CLOSE, NULL, 0, NULL, 0);

		if (rc == -EAGAIN)
			return;
		assert_int_equal(rc, 0);
	}
	fail_msg("a full socket blocks nobody");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_arrives_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_off_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(surplus_descriptors_are_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_larger_record_is_refused_not_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(credentials_are_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(waits_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_record_is_not_sent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
