// SPDX-License-Identifier: Apache-2.0
/*
 * One system call of a child fails, or the child is killed there: each one in its turn, by ptrace(2).
 * On other architectures than x86-64 the test is skipped. For tests with cmocka.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULT_KILL 0 /* in place of an errno */
#define FAULT_KILLED 1000 /* in place of what the child returned */
#define FAULT_OVER 1001 /* it has fewer calls */

typedef int fault_act(void *arg); /* returns 0 or -errno */

#ifdef __x86_64__

/* In the parent: where the child stands. Returns the wait status. */
static inline int fault_step(pid_t child)
{
	int status = 0, signal_of_its = 0;

	do {
		if (ptrace(PTRACE_SYSCALL, child, 0, signal_of_its) < 0 || waitpid(child, &status, __WALL) != child)
			abort();
		signal_of_its = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
	} while (WIFSTOPPED(status) && signal_of_its != (SIGTRAP | 0x80));
	return status;
}

static inline int fault_spoil(pid_t child, int fault)
{
	struct user_regs_struct regs;
	int status;

	if (fault == FAULT_KILL) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, &status, __WALL);
		return FAULT_KILLED;
	}
	if (ptrace(PTRACE_GETREGS, child, 0, &regs) < 0)
		abort();
	if (regs.orig_rax != SYS_close) /* which closes, whatever it says */
		regs.orig_rax = ~0ull; /* no call */
	if (ptrace(PTRACE_SETREGS, child, 0, &regs) < 0)
		abort();
	(void)fault_step(child);
	regs.rax = (unsigned long long)-(long long)fault;
	if (ptrace(PTRACE_SETREGS, child, 0, &regs) < 0 || ptrace(PTRACE_DETACH, child, 0, 0) < 0 ||
	    waitpid(child, &status, __WALL) != child)
		abort();
	return WIFEXITED(status) ? -WEXITSTATUS(status) : FAULT_KILLED;
}

/*
 * Let the @n-th system call of @act, from 1, fail with @fault.
 * Returns what @act returned, FAULT_KILLED, or FAULT_OVER when it has fewer: then it was done without a fault.
 */
static inline int fault_run(fault_act *act, void *arg, long n, int fault)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(255);
		(void)signal(SIGSEGV, SIG_DFL); /* no test goes on here */
		(void)signal(SIGABRT, SIG_DFL);
		(void)raise(SIGSTOP);
		_exit(-act(arg) & 0xff);
	}
	if (child < 0 || waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status))
		abort();
	if (ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		abort();
	for (bool entry = true;; entry = !entry) {
		struct user_regs_struct regs;

		status = fault_step(child);
		if (WIFEXITED(status))
			return WEXITSTATUS(status) ? -WEXITSTATUS(status) : FAULT_OVER;
		if (!WIFSTOPPED(status))
			abort();
		if (!entry)
			continue;
		if (ptrace(PTRACE_GETREGS, child, 0, &regs) < 0)
			abort();
		if (regs.orig_rax == SYS_exit_group)
			continue;
		if (--n == 0)
			return fault_spoil(child, fault);
	}
}

#else

static inline int fault_run(fault_act *act, void *arg, long n, int fault)
{
	(void)act, (void)arg, (void)n, (void)fault;
	print_message("calls are made to fail on x86-64 alone\n");
	skip();
	return FAULT_OVER;
}

#endif
