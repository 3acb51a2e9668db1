// SPDX-License-Identifier: Apache-2.0
/*
 * The one receiver of descriptors: what may come is taken, of anything else nothing stays open.
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
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "tests/unit/kernel.h"
#include "tests/unit/wire/pair.h"
#include "wire/fds.h"

/* @size bytes with @nfds copies of descriptor 0. */
static void send_raw(size_t size, size_t nfds)
{
	char control[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8))) = {0}, bytes[16] = {0};
	struct iovec iov = {bytes, size};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = CMSG_SPACE(nfds * sizeof(int))};
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
	assert_int_equal(sendmsg(pair[0], &m, 0), size);
}

static ssize_t take(size_t most, bool cred, struct crl_fds *ret)
{
	const struct crl_fds_rule rule = {.most = most, .cred = cred};
	static char bytes[4];

	return crl_fds_take(pair[1], &(struct iovec){bytes, sizeof(bytes)}, 1, &rule, ret);
}

static void what_may_come_is_taken(void **state)
{
	char byte = 'x';
	int before = open_fds();

	(void)state;
	for (size_t n = 0; n <= CRL_FDS_MAX; n++) {
		struct crl_fds got = CRL_FDS_NONE;

		assert_int_equal(crl_fds_send(pair[0], &(struct iovec){&byte, 1}, 1, (const int[3]){0}, n), 0);
		assert_int_equal(take(CRL_FDS_MAX, false, &got), 1);
		assert_int_equal(got.len, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(fcntl(got.fd[i], F_GETFD), FD_CLOEXEC);
		assert_false(got.has_cred);
		crl_fds_done(&got);
		assert_int_equal(open_fds(), before);
	}
	assert_int_equal(crl_fds_send(pair[0], &(struct iovec){&byte, 1}, 1, (const int[4]){0}, CRL_FDS_MAX + 1),
			 -EINVAL);
}

/* Two fit into the space of one, since it is aligned; and what does not fit is cut off by the kernel. keeps: wire/fds R1 */
static void one_too_many_refuses_all(void **state)
{
	struct crl_fds got = {.len = 99};
	int before = open_fds();

	(void)state;
	needs_cut_told();
	for (size_t most = 0; most <= CRL_FDS_MAX; most++) {
		for (size_t n = most + 1; n <= 8; n++) {
			send_raw(1, n);
			assert_int_equal(take(most, n % 2, &got), -EBADMSG);
			assert_int_equal(got.len, 99);
			assert_int_equal(open_fds(), before);
		}
	}
}

/* keeps: wire/fds R2 */
static void a_longer_message_is_refused_not_cut(void **state)
{
	struct crl_fds got = CRL_FDS_NONE;
	int before = open_fds();

	(void)state;
	send_raw(5, 1);
	assert_int_equal(take(1, false, &got), -EBADMSG);
	assert_int_equal(open_fds(), before);
}

/* keeps: wire/fds R2 */
static void a_sender_is_told_only_where_it_is_expected(void **state)
{
	struct crl_fds got = CRL_FDS_NONE;
	char byte = 'x';
	int on = 1, before = open_fds();

	(void)state;
	needs_cut_told();
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(crl_fds_send(pair[0], &(struct iovec){&byte, 1}, 1, (const int[1]){0}, 1), 0);
	assert_int_equal(take(CRL_FDS_MAX, false, &got), -EBADMSG);
	assert_int_equal(crl_fds_send(pair[0], &(struct iovec){&byte, 1}, 1, (const int[1]){0}, 1), 0);
	assert_int_equal(take(CRL_FDS_MAX, true, &got), 1);
	assert_int_equal(got.len, 1);
	assert_true(got.has_cred);
	assert_int_equal(got.cred.pid, getpid());
	crl_fds_done(&got);
	assert_int_equal(open_fds(), before);
}

static void the_end_is_told(void **state)
{
	struct crl_fds got = CRL_FDS_NONE;
	char byte = 'x';

	(void)state;
	assert_int_equal(take(1, false, &got), -EAGAIN);
	assert_int_equal(crl_fds_wait(pair[1], crl_now_ms() + 20), -ETIMEDOUT);
	assert_int_equal(shutdown(pair[0], SHUT_RDWR), 0);
	assert_int_equal(crl_fds_wait(pair[1], INT64_MAX), 0);
	assert_int_equal(take(1, false, &got), 0);
	assert_int_equal(crl_fds_send(pair[1], &(struct iovec){&byte, 1}, 1, NULL, 0), -EPIPE);
}

/* The kernel tells who goes with something unread as a reset, and before what he has said. */
static void last_words_are_heard(void **state)
{
	struct crl_fds got = CRL_FDS_NONE;
	char byte = 'x';

	(void)state;
	assert_int_equal(crl_fds_send(pair[1], &(struct iovec){&byte, 1}, 1, NULL, 0), 0);
	assert_int_equal(crl_fds_send(pair[0], &(struct iovec){&byte, 1}, 1, (const int[1]){0}, 1), 0);
	close(pair[0]);
	assert_int_equal(take(1, false, &got), 1);
	assert_int_equal(got.len, 1);
	crl_fds_done(&got);
	assert_int_equal(take(1, false, &got), 0);
	pair[0] = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_may_come_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(one_too_many_refuses_all, setup, teardown),
		cmocka_unit_test_setup_teardown(a_longer_message_is_refused_not_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sender_is_told_only_where_it_is_expected, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(last_words_are_heard, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
