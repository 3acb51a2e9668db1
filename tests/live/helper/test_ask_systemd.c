// SPDX-License-Identifier: Apache-2.0
/*
 * What is asked of systemd has a deadline that holds without any signal, whatever stands for carrel-bus: beside this
 * program a script that says nothing, or lets go of its standard error and stays.
 *
 * Runs in: tests only.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "helper/parts/ask_systemd.h"

#define GIVE_UP_S 60

static char bus[512];
static char note[520];

static void write_bus(const char *body)
{
	scoped_fd fd = -EBADF;

	(void)unlink(bus);
	(void)unlink(note);
	fd = open(bus, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\necho $$ >%s.part; mv %s.part %s\n%s\n", note, note, note, body) > 0);
}

static int setup(void **state)
{
	(void)state;
	if (crl_systemd_bus_path(bus, sizeof(bus)) < 0 && !bus[0])
		return -1;
	(void)snprintf(note, sizeof(note), "%s.pid", bus);
	(void)alarm(GIVE_UP_S);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)alarm(0);
	(void)unlink(bus);
	(void)unlink(note);
	return 0;
}

/* The number that the script has written; waits for it. */
static pid_t asked(void)
{
	for (;; crl_pause_ms(5)) {
		FILE *f = fopen(note, "re");
		int pid = 0, n = f ? fscanf(f, "%d", &pid) : 0;

		if (f)
			(void)fclose(f);
		if (n == 1)
			return pid;
	}
}

static int ask(int64_t wait_ms, struct crl_err *err)
{
	char *argv[] = {NULL, (char[]){"scope"}, (char[]){"x"}, NULL};

	return crl_systemd_ask(argv, crl_now_ms() + wait_ms, err);
}

static void test_answers(void **state)
{
	struct crl_err err = {0};

	(void)state;
	write_bus("[ \"$1 $2\" = 'scope x' ]");
	assert_int_equal(ask(30000, &err), 0);
	write_bus("echo no such unit >&2; echo more >&2; exit 2");
	assert_int_equal(ask(30000, &err), -2);
	assert_non_null(strstr(err.text, "systemd: no such unit"));
	assert_null(strstr(err.text, "more"));
}

/* "Not now" (EAGAIN is 11) is asked again; with no time left it is the answer, and anything else is at once. */
/* keeps: helper/parts/ask_systemd R1 */
static void test_not_now(void **state)
{
	struct crl_err err = {0};
	char body[2048];

	(void)state;
	(void)snprintf(body, sizeof(body),
		       "echo x >>%s.n; [ $(wc -l <%s.n) -ge 3 ] || { echo busy >&2; exit 11; }; rm %s.n", bus, bus,
		       bus);
	write_bus(body);
	assert_int_equal(ask(60000, &err), 0);
	write_bus("echo busy >&2; exit 11");
	assert_int_equal(ask(300, &err), -EAGAIN);
	assert_non_null(strstr(err.text, "systemd: busy"));
	(void)snprintf(body, sizeof(body), "echo x >>%s.n; exit 17", bus);
	write_bus(body);
	assert_int_equal(ask(60000, &err), -EEXIST);
	(void)snprintf(body, sizeof(body), "n=$(wc -l <%s.n); rm %s.n; exit $n", bus, bus);
	write_bus(body);
	assert_int_equal(ask(60000, &err), -1);
}

/* keeps: helper/process/ask R2 */
static void test_silence_ends_at_the_deadline(void **state)
{
	static const char *const silent[] = {"exec sleep 1000", "exec 2>&-; exec sleep 1000"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(silent); i++) {
		struct crl_question q;
		struct crl_err err = {0};
		char *argv[] = {NULL, NULL};
		pid_t pid;

		write_bus(silent[i]);
		assert_int_equal(crl_systemd_begin(argv, &q, &err), 0);
		pid = asked();
		assert_int_equal(crl_systemd_await(&q, crl_now_ms() + 50, &err), -ETIMEDOUT);
		assert_int_equal(kill(pid, 0), -1);
		assert_int_equal(q.answer, -EBADF);
	}
}

/*
 * One that SIGKILL does not end, as a process within a call of the kernel that does not come back: whoever traces its
 * exit holds it there.
 */
static pid_t hold_at_exit(pid_t pid)
{
	pid_t tracer;
	int ready[2];
	char c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	tracer = fork();
	if (tracer == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) == 0 &&
		    write(ready[1], "x", 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	return tracer;
}

/* keeps: helper/process/ask R3 */
static void test_what_cannot_be_killed_is_left(void **state)
{
	int64_t began;
	struct crl_question q;
	struct crl_err err = {0};
	char *argv[] = {NULL, NULL};
	pid_t pid, tracer;

	(void)state;
	write_bus("exec sleep 1000");
	assert_int_equal(crl_systemd_begin(argv, &q, &err), 0);
	pid = asked();
	tracer = hold_at_exit(pid);
	began = crl_now_ms();
	assert_int_equal(crl_systemd_await(&q, crl_now_ms() + 50, &err), -ETIMEDOUT);
	assert_true(crl_now_ms() - began < 20000);
	assert_int_equal(kill(pid, 0), 0); /* it is there yet */
	assert_int_equal(q.pid, 0);
	assert_int_equal(q.answer, -EBADF);
	assert_int_equal(kill(tracer, SIGKILL), 0);
	assert_int_equal(waitpid(tracer, NULL, 0), tracer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Somebody else has its standard error: that is no answer to wait for. */
static void test_left_behind(void **state)
{
	struct crl_err err = {0};

	(void)state;
	write_bus("sleep 5 & exit 3");
	assert_int_equal(ask(30000, &err), -3);
}

/* keeps: helper/process/ask R1 */
static void test_question_dies_with_who_asks(void **state)
{
	pid_t pid, asker;

	(void)state;
	write_bus("exec sleep 1000");
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	asker = fork();
	if (asker == 0) {
		(void)ask(1000000, NULL);
		_exit(0);
	}
	pid = asked();
	assert_int_equal(kill(asker, SIGKILL), 0);
	assert_int_equal(waitpid(asker, NULL, 0), asker);
	assert_int_equal(waitpid(pid, NULL, 0), pid); /* ours now */
}

static void test_nothing_asked(void **state)
{
	struct crl_question q = {.answer = -EBADF, .pidfd = -EBADF};

	(void)state;
	crl_question_done(&q);
	(void)unlink(bus);
	assert_true(ask(1000, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_answers),
		T(test_not_now),
		T(test_silence_ends_at_the_deadline),
		T(test_what_cannot_be_killed_is_left),
		T(test_left_behind),
		T(test_question_dies_with_who_asks),
		T(test_nothing_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
