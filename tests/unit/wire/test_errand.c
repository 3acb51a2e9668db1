// SPDX-License-Identifier: Apache-2.0
/*
 * Records of errands: what is taken, what is not, and that nothing of a refused one stays open.
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

#include "tests/unit/kernel.h"
#include "tests/unit/wire/pair.h"
#include "wire/errand.h"

#define HEAD offsetof(struct crl_errand_record, text)

static struct crl_errand_record out, in;
static char *word[CRL_ERRAND_WORDS_MAX];

static void test_there_and_back(void **state)
{
	const int fd[CRL_ERRAND_FDS] = {0, 0, 0}, on = 1;
	struct crl_fds x;
	size_t size;

	(void)state;
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	crl_errand_begin(&out, CRL_ERRAND_REQUEST, 7);
	assert_int_equal(crl_errand_add(&out, "xterm"), 0);
	assert_int_equal(crl_errand_add(&out, ""), 0);
	assert_int_equal(crl_errand_add(&out, "passwd"), 0);
	assert_int_equal(crl_errand_send(pair[0], &out, fd), 0);
	assert_int_equal(crl_errand_take(pair[1], &in, &size, &x), 0);
	assert_int_equal(size, HEAD + 14);
	assert_int_equal(crl_errand_check(&in, size, word), 0);
	assert_int_equal(in.number, 7);
	assert_string_equal(word[CRL_ERRAND_TERM], "xterm");
	assert_string_equal(word[CRL_ERRAND_LANG], "");
	assert_string_equal(word[CRL_ERRAND_CALL], "passwd");
	assert_int_equal(x.len, CRL_ERRAND_FDS);
	assert_int_equal(fcntl(x.fd[2], F_GETFD), FD_CLOEXEC);
	assert_true(x.has_cred);
	assert_int_equal(x.cred.pid, getpid());
	crl_fds_done(&x);
	assert_int_equal(crl_errand_take(pair[1], &in, &size, &x), -EAGAIN);
	close(pair[0]);
	pair[0] = -1;
	assert_int_equal(crl_errand_take(pair[1], &in, &size, &x), -EPIPE);
}

static void test_too_much(void **state)
{
	static char text[CRL_ERRAND_TEXT_MAX + 1];

	(void)state;
	crl_errand_begin(&out, CRL_ERRAND_REQUEST, 0);
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(crl_errand_add(&out, text), -E2BIG);
	assert_int_equal(out.words, 0);
	for (int i = 0; i < CRL_ERRAND_WORDS_MAX; i++)
		assert_int_equal(crl_errand_add(&out, "a"), 0);
	assert_int_equal(crl_errand_add(&out, "a"), -E2BIG);
	crl_errand_begin(&out, CRL_ERRAND_REQUEST, 0);
	text[CRL_ERRAND_TEXT_MAX - 1] = '\0';
	assert_int_equal(crl_errand_add(&out, text), 0);
	assert_int_equal(crl_errand_add(&out, ""), -E2BIG);
	assert_int_equal(crl_errand_check(&out, sizeof(out), word), 0);
}

/* A right record of two words, of which one thing is off. */
static int check_off(size_t size, void (*spoil)(struct crl_errand_record *r))
{
	crl_errand_begin(&out, CRL_ERRAND_REFUSED, 0);
	assert_int_equal(crl_errand_add(&out, "ab"), 0);
	assert_int_equal(crl_errand_add(&out, "cd"), 0);
	if (spoil)
		spoil(&out);
	return crl_errand_check(&out, size, word);
}

static void spoil_magic(struct crl_errand_record *r)
{
	r->magic++;
}

static void spoil_version(struct crl_errand_record *r)
{
	r->version++;
}

static void spoil_count(struct crl_errand_record *r)
{
	r->words = UINT32_MAX;
}

static void spoil_end(struct crl_errand_record *r)
{
	r->text[5] = 'x';
}

static void spoil_fewer(struct crl_errand_record *r)
{
	r->words = 1;
}

static void spoil_more(struct crl_errand_record *r)
{
	r->words = 3;
}

/* keeps: wire/errand R2 */
static void test_whole_or_not_at_all(void **state)
{
	(void)state;
	assert_int_equal(check_off(HEAD + 6, NULL), 0);
	assert_int_equal(check_off(HEAD + 5, NULL), -EBADMSG);
	assert_int_equal(check_off(HEAD + 7, NULL), -EBADMSG);
	assert_int_equal(check_off(HEAD - 1, NULL), -EBADMSG);
	assert_int_equal(check_off(0, NULL), -EBADMSG);
	assert_int_equal(check_off(sizeof(out) + 1, NULL), -EBADMSG);
	assert_int_equal(check_off(HEAD + 6, spoil_magic), -EBADMSG);
	assert_int_equal(check_off(HEAD + 6, spoil_version), -EPROTONOSUPPORT);
	assert_int_equal(check_off(HEAD + 6, spoil_count), -EBADMSG);
	assert_int_equal(check_off(HEAD + 6, spoil_end), -EBADMSG);
	assert_int_equal(check_off(HEAD + 6, spoil_fewer), -EBADMSG);
	assert_int_equal(check_off(HEAD + 6, spoil_more), -EBADMSG);
}

static void send_fds(size_t n)
{
	char control[CMSG_SPACE(16 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {&out, HEAD};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int)); /* all of them standard input */
	crl_errand_begin(&out, CRL_ERRAND_SIGNAL, 1);
	assert_int_equal(sendmsg(pair[0], &m, 0), HEAD);
}

/* keeps: wire/errand R1 */
static void test_no_descriptor_stays(void **state)
{
	static const size_t counts[] = {1, 2, 4, 9, 16};
	struct crl_fds x;
	int before = open_fds();
	size_t size;

	(void)state;
	needs_cut_told();
	for (size_t i = 0; i < CRL_ARRAY_LEN(counts); i++) {
		send_fds(counts[i]);
		assert_int_equal(crl_errand_take(pair[1], &in, &size, &x), -EBADMSG);
		assert_int_equal(open_fds(), before);
	}
	send_fds(3);
	assert_int_equal(crl_errand_take(pair[1], &in, &size, &x), 0);
	assert_false(x.has_cred);
	crl_fds_done(&x);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
					   cmocka_unit_test(test_too_much), cmocka_unit_test(test_whole_or_not_at_all),
					   cmocka_unit_test_setup_teardown(test_no_descriptor_stays, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
