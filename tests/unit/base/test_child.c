// SPDX-License-Identifier: Apache-2.0
/* base/child.c: what is waited for, and for how long. The one that nothing ends is in tests/live/hung.sh. */
#include "base/child.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define LONG_MS 60000

static pid_t begin(int status)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		while (status < 0)
			(void)pause();
		_exit(status);
	}
	return pid;
}

static bool is_reaped(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void test_an_end_is_told(void **state)
{
	int status = -1;
	pid_t pid = begin(7);

	(void)state;
	assert_int_equal(crl_child_within(pid, crl_now_ms() + LONG_MS, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_true(is_reaped(pid));
	assert_int_equal(crl_child_within(pid, crl_now_ms() + LONG_MS, &status), -ECHILD);
	assert_int_equal(crl_child_answer(begin(0), crl_now_ms() + LONG_MS), 0);
	assert_int_equal(crl_child_answer(begin(ENOENT), INT64_MAX), -ENOENT);
}

static void test_a_signal_is_no_answer(void **state)
{
	pid_t pid = begin(-1);

	(void)state;
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(crl_child_answer(pid, crl_now_ms() + LONG_MS), -EIO);
}

/* keeps: base/child R1. One that was stopped does not even hear SIGTERM. */
static void test_no_end_is_not_waited_for(void **state)
{
	int status = 0;
	pid_t pid = begin(-1);

	(void)state;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(crl_child_within(pid, crl_now_ms() + 20, &status), -ETIMEDOUT);
	assert_false(is_reaped(pid));
	assert_int_equal(crl_child_answer(pid, crl_now_ms() + 20), -ETIMEDOUT);
	assert_true(is_reaped(pid));
}

/* A descriptor to wait with is not to be had. */
static void test_nor_without_a_descriptor(void **state)
{
	struct rlimit was, none = {0, 0};
	int status = 0;
	pid_t pid = begin(-1), quick;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none.rlim_max = was.rlim_max;
	quick = begin(3);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(crl_child_within(pid, crl_now_ms() + 20, &status), -ETIMEDOUT);
	assert_int_equal(crl_child_answer(quick, crl_now_ms() + LONG_MS), -3);
	crl_child_end(pid);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_true(is_reaped(pid));
}

static void test_none_is_ended(void **state)
{
	pid_t pid = begin(-1);

	(void)state;
	crl_child_end(0);
	crl_child_end(-1);
	crl_child_end(pid);
	assert_true(is_reaped(pid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_end_is_told),
		cmocka_unit_test(test_a_signal_is_no_answer),
		cmocka_unit_test(test_no_end_is_not_waited_for),
		cmocka_unit_test(test_nor_without_a_descriptor),
		cmocka_unit_test(test_none_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
