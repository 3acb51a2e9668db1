// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/procstat.h"
#include "base/scope.h"

static struct crl_procstat parse(const char *text)
{
	struct crl_procstat s;

	assert_int_equal(crl_procstat_parse(text, &s), 0);
	return s;
}

static void test_fields(void **state)
{
	struct crl_procstat s = parse("3 (saver) S 2 3 3 34816 3 4194304 6");

	(void)state;
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.parent, 2);
	assert_true(s.has_tty);
	assert_false(crl_procstat_is_dead(&s));
	s = parse("2 (sshd) Z 0 0 0 0 -1 4227404 51");
	assert_int_equal(s.parent, 0);
	assert_false(s.has_tty);
	assert_true(crl_procstat_is_dead(&s));
	s = parse("2 (x) X 1 0 0 0 -1");
	assert_true(crl_procstat_is_dead(&s));
}

/* A program names itself as it likes. */
static void test_names(void **state)
{
	struct crl_procstat s = parse("9 (a) Z 0 0 0 0) S 7 9 9 34817 9");

	(void)state;
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.parent, 7);
	assert_true(s.has_tty);
	s = parse("9 (\n) R 7 9 9 0 9");
	assert_int_equal(s.state, 'R');
}

static void test_nonsense(void **state)
{
	static const char *const text[] = {"", "1", "1 (x", "1 (x)", "1 (x) S", "1 (x) S 1 2 3", "1 (x) S a 2 3 4"};
	struct crl_procstat s;

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(crl_procstat_parse(text[i], &s), -EBADMSG);
}

static void test_read(void **state)
{
	scoped_fd proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_procstat s;

	(void)state;
	assert_int_equal(crl_procstat_read(proc, getpid(), &s), 0);
	assert_int_equal(s.state, 'R');
	assert_int_equal(s.parent, getppid());
	assert_int_equal(crl_procstat_read(proc, 0, &s), -ENOENT);
}

static void test_start(void **state)
{
	struct crl_procstat s = parse("7 (a b) R 3 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654321987 1 2");

	(void)state;
	assert_true(s.start == 987654321987);
	assert_true(parse("7 (a) R 3 7 7 0 -1 4194304").start == 0);
	assert_int_equal(crl_procstat_of(getpid(), &s), 0);
	assert_true(s.start > 0 && s.start == crl_process_start(getpid()));
	assert_int_equal(crl_process_parent(getpid()), getppid());
	assert_int_equal(crl_process_parent(0), 0);
	assert_true(crl_process_start(0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields), cmocka_unit_test(test_names), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_read),   cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
