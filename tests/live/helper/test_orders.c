// SPDX-License-Identifier: Apache-2.0
/*
 * What init does of what it is told, and what it never does: orders.h, R1. A child stands for init, as PID 1 of a
 * namespace or not, with a victim beside it.
 *
 * Runs in: tests only, as root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/scope.h"
#include "helper/init/orders.h"
#include "wire/fdpass.h"

#define BETWEEN 800 /* processes */
#define LOOKS 200 /* of 1 ms: a signal that was sent has come by then */
#define LOOKS_MOST 20000 /* for one that has to die: hosts are busy */

enum whom { ALL, VICTIM, OUTSIDER };

struct scene {
	int number; /* to all: a step */
	enum whom whom;
	bool as_init;
	bool dies; /* what is looked for */
};

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Returns the signal that the victim died of, 0 = it lives; -1 when anything else is wrong. */
static int play(const struct scene *s, int outsider)
{
	const struct crl_msg_signal body = {.number = (uint32_t)s->number, .step = (uint32_t)s->number};
	pid_t victim = fork();
	int pair[2], status = 0, pidfd, proc;

	if (victim == 0)
		wait_for_ever();
	if (s->as_init && (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			   mount("proc", "/proc", "proc", 0, NULL) < 0))
		return -1;
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pidfd = s->whom == OUTSIDER ? outsider : pidfd_open(victim, 0);
	if (victim < 0 || pidfd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return -1;
	if (crl_msg_send(pair[0], CRL_MSG_SIGNAL, &body, sizeof(body), &pidfd, s->whom != ALL) < 0 ||
	    !crl_orders_obey(pair[1], proc))
		return -1;
	for (int i = 0; i < (s->dies ? LOOKS_MOST : LOOKS); i++) {
		if (waitpid(victim, &status, WNOHANG) == victim)
			return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
		crl_pause_ms(1);
	}
	(void)kill(victim, SIGKILL);
	(void)close(pair[0]);
	return crl_orders_obey(pair[1], proc) ? -1 : 0; /* nobody is there who could order */
}

static int run(struct scene s)
{
	pid_t outsider = fork(), init;
	int status = 0, end = 0;
	scoped_fd pidfd = -EBADF;

	if (outsider == 0)
		wait_for_ever();
	pidfd = pidfd_open(outsider, 0);
	init = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD | (s.as_init ? (unsigned long)CLONE_NEWPID : 0), 0, 0,
			      0, 0);
	if (init == 0 && setsid() >= 0) /* without a terminal, which another would have to hang up */
		_exit(play(&s, pidfd) & 0xff);
	assert_true(outsider > 0 && init > 0 && pidfd >= 0);
	assert_int_equal(waitpid(init, &status, 0), init);
	assert_int_equal(waitpid(outsider, &end, WNOHANG), 0); /* it lives, whatever was done */
	(void)kill(outsider, SIGKILL);
	assert_int_equal(waitpid(outsider, &end, 0), outsider);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_tells_all_or_one(void **state)
{
	(void)state;
	assert_int_equal(run((struct scene){CRL_GRACE_CUT, ALL, true, false}), 0); /* no application has started it */
	assert_int_equal(run((struct scene){CRL_GRACE_HANG_UP, ALL, true, true}), SIGHUP);
	assert_int_equal(run((struct scene){CRL_GRACE_TERMINATE, ALL, true, true}), SIGTERM);
	assert_int_equal(run((struct scene){SIGHUP, VICTIM, true, true}), SIGHUP);
	assert_int_equal(run((struct scene){SIGTERM, VICTIM, true, true}), SIGTERM);
}

/* keeps: helper/init/orders R1 */
static void test_nothing_else(void **state)
{
	static const int number[] = {0, SIGKILL, SIGSTOP, SIGUSR1, 64, 65, -1};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(number); i++)
		assert_int_equal(run((struct scene){number[i], VICTIM, true, false}), 0);
	assert_int_equal(run((struct scene){CRL_GRACE_OVER, ALL, true, false}), 0);
	assert_int_equal(run((struct scene){-1, ALL, true, false}), 0);
}

/* What is outside of its namespace the kernel keeps from it; who has no namespace obeys nobody. */
static void test_nobody_outside(void **state)
{
	(void)state;
	assert_int_equal(run((struct scene){SIGTERM, OUTSIDER, true, false}), 0);
	assert_int_equal(run((struct scene){SIGTERM, VICTIM, false, false}), 0);
	assert_int_equal(run((struct scene){SIGTERM, OUTSIDER, false, false}), 0);
	assert_int_equal(run((struct scene){CRL_GRACE_WAIT, ALL, false, false}), 0);
}

static void be_slow(int number)
{
	(void)number;
	crl_pause_ms(LOOKS);
	_exit(0);
}

/* In a terminal; what ends it says how. @ready  is written to when it is there */
static _Noreturn void be_pane(int master, int ready)
{
	(void)signal(SIGHUP, be_slow);
	(void)alarm(60); /* if nothing comes */
	if (setsid() < 0 || open(ptsname(master), O_RDWR | O_CLOEXEC) < 0 || close(master) < 0 ||
	    write(ready, "", 1) != 1)
		_exit(1);
	wait_for_ever();
}

/* Without a terminal of its own, as tmux: it begins a program in another when it is told to. */
static _Noreturn void be_holder(int told, int ready)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t pane;
	char byte;

	if (setsid() < 0 || master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || read(told, &byte, 1) != 1)
		_exit(1);
	pane = fork();
	if (pane == 0)
		be_pane(master, ready);
	if (pane < 0 || write(ready, &pane, sizeof(pane)) != sizeof(pane))
		_exit(1);
	wait_for_ever();
}

/* As PID 1, with so many processes between the two in /proc that the holder's terminals are closed before its end is seen. */
static int end_terminal(void)
{
	const struct crl_msg_signal body = {.step = CRL_GRACE_TERMINATE};
	int told[2], ready[2], pair[2], status = 0, proc;
	char answer[1 + sizeof(pid_t)];
	pid_t pid;

	if (setsid() < 0 || unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || pipe(told) < 0 || pipe(ready) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return -1;
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fork() == 0)
		be_holder(told[0], ready[1]);
	for (int i = 0; i < BETWEEN; i++)
		if (fork() == 0)
			wait_for_ever();
	if (write(told[1], "", 1) != 1)
		return -1;
	for (size_t len = 0, n = 0; len < sizeof(answer); len += n) {
		n = (size_t)read(ready[0], answer + len, sizeof(answer) - len);
		if (n == 0 || n > sizeof(answer))
			return -1;
	}
	if (crl_msg_send(pair[0], CRL_MSG_SIGNAL, &body, sizeof(body), NULL, 0) < 0 || !crl_orders_obey(pair[1], proc))
		return -1;
	while ((pid = wait(&status)) > 0)
		if (WIFEXITED(status))
			return pid > BETWEEN && WEXITSTATUS(status) == 0 ? 0 : -1;
	return SIGTERM; /* all of them have died of it */
}

/* keeps: helper/init/orders R2 */
static void test_nobody_is_told_twice(void **state)
{
	pid_t init = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD | (unsigned long)CLONE_NEWPID, 0, 0, 0, 0);
	int status = 0;

	(void)state;
	if (init == 0)
		_exit(end_terminal() & 0xff);
	assert_true(init > 0);
	assert_int_equal(waitpid(init, &status, 0), init);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_all_or_one),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_nobody_outside),
		cmocka_unit_test(test_nobody_is_told_twice),
	};

	(void)signal(SIGHUP, SIG_DFL); /* whoever tests under nohup(1) has it ignored */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
