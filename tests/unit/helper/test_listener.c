// SPDX-License-Identifier: Apache-2.0
/* One call of a filter's listener against the kernel: callers that are killed while they wait. */
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/scope.h"
#include "helper/listener/listener.h"
#include "tests/unit/kernel.h"

/* Tells of getppid(2) alone. */
static int load(void)
{
	struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = CRL_ARRAY_LEN(insn), .filter = insn};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Has the filter, and a child that waits in a call, until both are killed. Tells what is needed for that. */
static _Noreturn void have_filter(int out)
{
	int said[2] = {load(), -1};

	said[1] = fork();
	if (said[1] == 0)
		_exit((int)syscall(SYS_getppid));
	if (write(out, said, sizeof(said)) < 0)
		_exit(1);
	while (waitpid(said[1], NULL, 0) < 0)
		;
	for (;;)
		pause();
}

static void until(int fd, short events)
{
	for (int64_t end = crl_now_ms() + 20000;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		assert_true(poll(&p, 1, 10) >= 0);
		if (p.revents == events)
			return;
		assert_true(crl_now_ms() < end);
		crl_pause_ms(1);
	}
}

/* keeps: helper/listener/answer R3 */
static void test_killed(void **state)
{
	static struct listener l;
	scoped_free struct listened *login = calloc(1, sizeof(*login));
	struct seccomp_notif_sizes sizes;
	int tube[2], said[2];
	pid_t pid;

	(void)state;
	needs_filters();
	assert_non_null(login);
	assert_int_equal(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes), 0);
	l.notif_size = sizes.seccomp_notif;
	l.resp_size = sizes.seccomp_notif_resp;
	assert_int_equal(pipe(tube), 0);
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0); /* the listener is in our table as well */
	if (pid == 0)
		have_filter(tube[1]);
	assert_true(pid > 0);
	assert_int_equal(read(tube[0], said, sizeof(said)), sizeof(said));
	assert_true(said[0] >= 0 && said[1] > 0);
	login->fd = said[0];
	until(login->fd, POLLIN);
	assert_int_equal(kill(said[1], SIGKILL), 0);
	until(login->fd, 0);
	assert_true(crl_listener_answer(&l, login)); /* the login goes on */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	until(login->fd, POLLHUP);
	close(login->fd);
	close(tube[0]);
	close(tube[1]);
}

/* A process of that number, until it is killed; 0 = it is not free, or may not be chosen. */
static pid_t have_number(pid_t pid)
{
	const struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&pid, .set_tid_size = 1};
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (child != 0)
		return child > 0 ? child : 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "innocent");
	for (;;)
		pause();
}

/* keeps: helper/listener/caller R1 */
static void test_number_of_another(void **state)
{
	scoped_free struct listened *login = calloc(1, sizeof(*login));
	struct listened_caller who;
	struct seccomp_notif n = {0};
	int tube[2], said[2];
	pid_t pid, other;

	(void)state;
	needs_filters();
	assert_non_null(login);
	login->text.orders.uid = 4711;
	assert_int_equal(pipe(tube), 0);
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		have_filter(tube[1]);
	assert_int_equal(read(tube[0], said, sizeof(said)), sizeof(said));
	login->fd = said[0];
	until(login->fd, POLLIN);
	assert_int_equal(ioctl(login->fd, SECCOMP_IOCTL_NOTIF_RECV, &n), 0);
	assert_int_equal(n.pid, said[1]);
	crl_listener_look(login, &n, &who); /* it waits still */
	assert_string_equal(who.program, "test_listener");
	assert_int_equal(who.uid, getuid());
	assert_int_equal(kill(said[1], SIGKILL), 0);
	for (int64_t end = crl_now_ms() + 20000; kill(said[1], 0) == 0 && crl_now_ms() < end;)
		crl_pause_ms(1);
	other = have_number(said[1]);
	crl_listener_look(login, &n, &who);
	assert_string_equal(who.program, "?");
	assert_int_equal(who.uid, 4711);
	if (other) {
		assert_int_equal(kill(other, SIGKILL), 0);
		assert_int_equal(waitpid(other, NULL, 0), other);
	} else {
		print_message("its number could not be given to another: not root, or taken\n");
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(login->fd);
	close(tube[0]);
	close(tube[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed), cmocka_unit_test(test_number_of_another)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
