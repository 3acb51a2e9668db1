// SPDX-License-Identifier: Apache-2.0
/*
 * Filters in this machine's kernel: each case is a child that loads one and makes real calls. No root needed:
 * the children set no_new_privs.
 */
#include "tests/unit/kernel.h"
#include "tests/unit/plan/door_i386.h"
#include "tests/unit/plan/filter_lab.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>

static struct crl_filter filter, native_only;

static int load_filters(void **state)
{
	struct crl_sysgroups groups = {0};
	struct crl_seccomp s = lab_wish();
	int rc;

	(void)state;
	if (lab_load_groups(&groups) < 0)
		return -1;
	rc = crl_filter_compile(&s, &groups, lab_here(CLONE_NEWNS), &filter, NULL);
	s.compat = false;
	if (rc == 0)
		rc = crl_filter_compile(&s, &groups, lab_here(CLONE_NEWNS), &native_only, NULL);
	crl_sysgroups_done(&groups);
	return rc;
}

static int enter(struct crl_filter *f)
{
	struct sock_fprog program = {.len = (unsigned short)f->len, .filter = f->insn};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Run @body in a child under @f; it returns 0 or the number of the line that was not as expected. */
static void in_child(struct crl_filter *f, int (*body)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		int line = enter(f) < 0 ? __LINE__ : body();

		if (line)
			(void)dprintf(2, "line %d: %s\n", line, strerror(errno));
		_exit(line != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Within a body: the call has to fail with that errno. */
#define REFUSED(want, call) \
	do { \
		errno = 0; \
		if ((call) != -1 || errno != (want)) \
			return __LINE__; \
	} while (0)
#define WORKS(test) \
	do { \
		if (!(test)) \
			return __LINE__; \
	} while (0)

static int body_refusals(void)
{
	const int newer[] = {447, 451, 457, 458, 460, 467, 470, 480, 512, 999};

	WORKS(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
	REFUSED(ENOSYS, syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(ENOSYS, syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	REFUSED(ENOSYS, syscall(SYS_clone3, NULL, 0));
	REFUSED(EPERM, syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	REFUSED(EPERM, unshare(CLONE_NEWUSER));
	REFUSED(EPERM, unshare(CLONE_NEWNS));
	REFUSED(EPERM, setns(0, 0));
	REFUSED(EBADF, setns(-1, CLONE_NEWNS)); /* the way back reaches the kernel */
	REFUSED(EPERM, syscall(SYS_bpf, 9999, NULL, 0));
	REFUSED(EPERM, syscall(SYS_userfaultfd, 1));
	REFUSED(EPERM, syscall(SYS_vmsplice, -1, NULL, 0, 0));
	REFUSED(EPERM, syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
	REFUSED(EPERM, syscall(SYS_mount, NULL, NULL, NULL, 0, NULL));
	REFUSED(ENOSYS, syscall(SYS_fsopen, "tmpfs", 0));
	REFUSED(EAFNOSUPPORT, socket(AF_VSOCK, SOCK_STREAM, 0));
	REFUSED(EAFNOSUPPORT, socket(AF_ALG, SOCK_SEQPACKET, 0));
	REFUSED(EPROTONOSUPPORT, socket(AF_NETLINK, SOCK_RAW, 12));
	REFUSED(EPERM, ioctl(0, TIOCSTI, "x"));
	REFUSED(EPERM, syscall(SYS_ioctl, 0, (1ul << 32) | TIOCSTI, "x"));
	REFUSED(EPERM, personality(READ_IMPLIES_EXEC));
	for (size_t i = 0; i < CRL_ARRAY_LEN(newer); i++)
		REFUSED(ENOSYS, syscall(newer[i], 0, 0, 0, 0, 0, 0));
	REFUSED(ENOSYS, syscall(SYS_getpid | 0x40000000));
	return 0;
}

static void *thread_body(void *arg)
{
	*(int *)arg = 42;
	return arg;
}

static int body_work(void)
{
	pthread_t thread;
	int answer = 0, copy, pair[2], status = 1;
	struct timex clock = {.modes = 0};
	pid_t pid;

	WORKS(adjtimex(&clock) >= 0 && clock_adjtime(CLOCK_REALTIME, &clock) >= 0);
	WORKS(process_vm_readv(getpid(), &(struct iovec){&copy, sizeof(copy)}, 1,
			       &(struct iovec){&answer, sizeof(answer)}, 1, 0) == sizeof(copy));
	WORKS(pthread_create(&thread, NULL, thread_body, &answer) == 0);
	WORKS(pthread_join(thread, NULL) == 0 && answer == 42);
	pid = fork();
	WORKS(pid >= 0);
	if (pid == 0)
		_exit(0);
	WORKS(waitpid(pid, &status, 0) == pid && status == 0);
	WORKS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	WORKS(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	WORKS(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	WORKS(personality(0xffffffff) != -1);
	WORKS(fcntl(0, F_GETFD) >= 0);
	return 0;
}

static int run(const char *command)
{
	int status = system(command);

	if (status != 0)
		(void)dprintf(2, "%s: %#x\n", command, status);
	return status;
}

static int body_programs(void)
{
	WORKS(run("/bin/ls -l / >/dev/null") == 0);
	WORKS(run("id >/dev/null && date >/dev/null && sort -S 1M /etc/passwd | head -1 >/dev/null") == 0);
	if (access("/usr/bin/python3", X_OK) == 0)
		WORKS(run("/usr/bin/python3 -c 'import threading, subprocess, socket, tempfile\n"
			  "t = threading.Thread(target=print); t.start(); t.join()\n"
			  "subprocess.run([\"true\"], check=True)\n"
			  "tempfile.TemporaryFile().write(b\"x\")' >/dev/null") == 0);
	return 0;
}

#define I386_SOCKETCALL 102
#define I386_CLONE 120
#define I386_UNSHARE 310
#define I386_SOCKET 359

static int body_i386(void)
{
	WORKS(call_i386(I386_GETPID, 0, 0, 0) == getpid());
	WORKS(call_i386(I386_UNSHARE, CLONE_NEWUSER, 0, 0) == -EPERM);
	WORKS(call_i386(I386_CLONE, CLONE_NEWUSER | SIGCHLD, 0, 0) == -EPERM);
	WORKS(call_i386(I386_SOCKETCALL, 1, 0, 0) == -ENOSYS);
	WORKS(call_i386(I386_SOCKET, AF_UNIX, SOCK_STREAM, 0) >= 0);
	WORKS(call_i386(I386_SOCKET, AF_VSOCK, SOCK_STREAM, 0) == -EAFNOSUPPORT);
	WORKS(call_i386(425, 1, 0, 0) == -ENOSYS); /* io_uring_setup */
	WORKS(call_i386(999, 0, 0, 0) == -ENOSYS);
	return 0;
}

static int body_i386_off(void)
{
	WORKS(call_i386(I386_GETPID, 0, 0, 0) == -ENOSYS);
	WORKS(call_i386(I386_UNSHARE, CLONE_NEWUSER, 0, 0) == -ENOSYS);
	return 0;
}

static void test_refusals(void **state)
{
	(void)state;
	needs_filters();
	in_child(&filter, body_refusals);
	in_child(&native_only, body_refusals);
}

static void test_work(void **state)
{
	(void)state;
	needs_filters();
	in_child(&filter, body_work);
	in_child(&native_only, body_work);
}

static void test_programs(void **state)
{
	(void)state;
	needs_filters();
	in_child(&native_only, body_programs);
}

static void test_i386(void **state)
{
	(void)state;
	if (!has_i386()) {
		print_message("this kernel has no 32-bit entry\n");
		skip();
	}
	in_child(&filter, body_i386);
	in_child(&native_only, body_i386_off);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_i386),
	};

	return cmocka_run_group_tests_name("plan/filter in the kernel", tests, load_filters, NULL);
}
