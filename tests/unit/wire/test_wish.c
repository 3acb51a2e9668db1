// SPDX-License-Identifier: Apache-2.0
/* Records between carrel and the keeper of a home: what is taken, what is not, and that no descriptor comes along. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kernel.h"
#include "tests/unit/wire/pair.h"
#include "wire/fds.h"
#include "wire/wish.h"

#define HEAD offsetof(struct crl_wish_record, text)

static struct crl_wish_record in;

static void test_there_and_back(void **state)
{
	(void)state;
	assert_int_equal(crl_wish_send(pair[0], CRL_WISH_ASK, CRL_WISH_SNAPSHOT, "before-exam.2"), 0);
	assert_int_equal(crl_wish_take(pair[1], &in), 0);
	assert_int_equal(in.type, CRL_WISH_ASK);
	assert_int_equal(in.number, CRL_WISH_SNAPSHOT);
	assert_string_equal(in.text, "before-exam.2");
	assert_int_equal(crl_wish_send(pair[1], CRL_WISH_TEXT, 0, "line\n"), 0);
	assert_int_equal(crl_wish_send(pair[1], CRL_WISH_DONE, 255, ""), 0);
	assert_int_equal(crl_wish_take(pair[0], &in), 0);
	assert_string_equal(in.text, "line\n");
	assert_int_equal(crl_wish_take(pair[0], &in), 0);
	assert_int_equal(in.number, 255);
	assert_int_equal(crl_wish_take(pair[0], &in), -EAGAIN);
	(void)close(pair[1]);
	pair[1] = -1;
	assert_int_equal(crl_wish_take(pair[0], &in), -EPIPE);
	assert_int_equal(crl_wish_send(pair[0], CRL_WISH_DONE, 0, ""), -EPIPE);
}

static void test_most(void **state)
{
	static char text[CRL_WISH_TEXT_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(crl_wish_send(pair[0], CRL_WISH_TEXT, 0, text), -E2BIG);
	text[CRL_WISH_TEXT_MAX - 1] = '\0';
	assert_int_equal(crl_wish_send(pair[0], CRL_WISH_TEXT, 0, text), 0);
	assert_int_equal(crl_wish_take(pair[1], &in), 0);
	assert_string_equal(in.text, text);
}

/* keeps: wire/wish R2 */
static void test_descriptors(void **state)
{
	const int fd[] = {0};
	struct iovec iov = {&in, HEAD + 1};
	int before = open_fds();

	(void)state;
	needs_cut_told();
	in = (struct crl_wish_record){CRL_WISH_MAGIC, CRL_WISH_VERSION, CRL_WISH_ASK, CRL_WISH_DIFF, ""};
	assert_int_equal(crl_fds_send(pair[0], &iov, 1, fd, 1), 0);
	assert_int_equal(crl_wish_take(pair[1], &in), -EBADMSG);
	assert_int_equal(open_fds(), before);
}

/* keeps: wire/wish R1 */
static void test_sizes(void **state)
{
	(void)state;
	in = (struct crl_wish_record){CRL_WISH_MAGIC, CRL_WISH_VERSION, CRL_WISH_ASK, CRL_WISH_DIFF, ""};
	assert_int_equal(crl_wish_check(&in, HEAD + 1), 0);
	for (size_t size = 0; size <= sizeof(in) + 1; size++)
		if (size != HEAD + 1)
			assert_int_equal(crl_wish_check(&in, size), -EBADMSG);
	in.text[0] = 'x'; /* no NUL */
	assert_int_equal(crl_wish_check(&in, HEAD + 1), -EBADMSG);
	in.text[0] = '\0';
	in.version++;
	assert_int_equal(crl_wish_check(&in, HEAD + 1), -EPROTONOSUPPORT);
	in.magic++;
	assert_int_equal(crl_wish_check(&in, HEAD + 1), -EBADMSG);
}

static int check(int type, int number, const char *text)
{
	in = (struct crl_wish_record){CRL_WISH_MAGIC, CRL_WISH_VERSION, (uint16_t)type, number, ""};
	(void)snprintf(in.text, sizeof(in.text), "%s", text);
	return crl_wish_check(&in, HEAD + strlen(text) + 1);
}

static void test_meanings(void **state)
{
	(void)state;
	for (int ask = CRL_WISH_DIFF; ask < CRL_WISH_ASK_COUNT; ask++) {
		assert_int_equal(check(CRL_WISH_ASK, ask, ""), ask == CRL_WISH_SNAPSHOT ? -EBADMSG : 0);
		assert_int_equal(check(CRL_WISH_ASK, ask, "a"), ask == CRL_WISH_SNAPSHOT ? 0 : -EBADMSG);
	}
	assert_int_equal(check(CRL_WISH_ASK, 0, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_ASK, CRL_WISH_ASK_COUNT, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_ASK, -1, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_TEXT, 1, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_DONE, 256, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_DONE, -1, ""), -EBADMSG);
	assert_int_equal(check(0, 0, ""), -EBADMSG);
	assert_int_equal(check(CRL_WISH_DONE + 1, 0, ""), -EBADMSG);
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "1", "Before_exam-2.b", "a..b"};
	static const char *const bad[] = {"",    ".",   "..",  ".a",       "-a",  "_a",
					  "a/b", "a b", "a\n", "\xc3\xa9", "a=b", "a\\"};
	char longest[CRL_WISH_NAME_MAX + 1] = {0};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(good); i++)
		assert_true(crl_wish_is_name(good[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_false(crl_wish_is_name(bad[i]));
	memset(longest, 'n', CRL_WISH_NAME_MAX);
	assert_false(crl_wish_is_name(longest));
	longest[CRL_WISH_NAME_MAX - 1] = '\0';
	assert_true(crl_wish_is_name(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_most, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
