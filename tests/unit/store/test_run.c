// SPDX-License-Identifier: Apache-2.0
/*
 * store/run.c: what a program's answer is, and for how long it is waited for, by a clock of the test's: each look at
 * it takes a second, and a wait that is in vain takes all its time at once.
 */
#include "store/run.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/scope.h"

#define IN_VAIN_MS 20

static bool of_the_tests; /* the clock */
static int64_t clock_ms = 1000000;

int64_t __wrap_crl_now_ms(void);
int64_t __real_crl_now_ms(void);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);
int __real_poll(struct pollfd *p, nfds_t n, int timeout);

int64_t __wrap_crl_now_ms(void)
{
	return of_the_tests ? clock_ms += 1000 : __real_crl_now_ms();
}

/* The death of one that was killed is waited for, and who speaks without end is always there first. */
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	bool shorter = of_the_tests && timeout > CRL_CHILD_DEATH_MS;
	int rc = __real_poll(p, n, shorter ? IN_VAIN_MS : of_the_tests ? CRL_CHILD_DEATH_MS : timeout);

	if (shorter && rc == 0)
		clock_ms += timeout;
	return rc;
}

static int run(const char *script, int fd, char said[100])
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	return crl_tool_run(argv, fd, said, 100);
}

static void test_an_answer_is_the_status_and_the_last_line(void **state)
{
	const char *const none[] = {"carrel-no-such-program", NULL};
	char said[100];

	(void)state;
	of_the_tests = false;
	assert_int_equal(run("echo one; echo two >&2; exit 3", -1, said), 3);
	assert_string_equal(said, "two");
	assert_int_equal(run("exit 0", -1, said), 0);
	assert_string_equal(said, "");
	assert_int_equal(run("kill -KILL $$", -1, said), -EIO);
	assert_int_equal(run("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i + 1)); done", -1, said), 0);
	assert_string_equal(said, "1999");
	assert_int_equal(crl_tool_run(none, -1, said, sizeof(said)), -ENOENT);
}

/* keeps: store/run R1 */
static void test_no_answer_is_not_waited_for(void **state)
{
	static const char *const script[] = {
		"exec sleep 1000", /* silent */
		"exec yes", /* no end of what it says */
		"exec >&- 2>&-; exec sleep 1000", /* said all, and goes on */
	};
	char said[100];

	(void)state;
	of_the_tests = true;
	for (size_t i = 0; i < CRL_ARRAY_LEN(script); i++) {
		assert_int_equal(run(script[i], -1, said), -ETIMEDOUT);
		while (waitpid(-1, NULL, 0) > 0) /* whoever is not gone yet was killed */
			;
		assert_int_equal(errno, ECHILD);
	}
}

/* keeps: store/run R2 */
static void test_it_ends_with_who_has_started_it(void **state)
{
	char text[16] = "", said[100];
	pid_t starter, program;
	int ends[2], status;

	(void)state;
	of_the_tests = false;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(ends), 0);
	starter = fork();
	if (starter == 0)
		_exit(run("echo $$ >&3; exec sleep 1000", ends[1], said) < 0);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	program = atoi(text);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_int_equal(waitpid(starter, NULL, 0), starter);
	assert_int_equal(waitpid(program, &status, 0), program);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_the_status_and_the_last_line),
		cmocka_unit_test(test_no_answer_is_not_waited_for),
		cmocka_unit_test(test_it_ends_with_who_has_started_it),
	};

	(void)alarm(60); /* a program that is waited for without end */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
