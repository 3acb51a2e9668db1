// SPDX-License-Identifier: Apache-2.0
/*
 * One system call of a child fails, or the child is killed there.
 *
 *	for (long n = 1; strike(work, n, EIO) >= 0; n++)
 *		look();
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tracee.h"

#define STRIKE_KILL 0

/* In the child: from here on its calls count. */
static inline void strike_begin(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(124);
}

static inline void strike_call(pid_t pid, int fault)
{
	bool answers;
	int status;

	if (fault == STRIKE_KILL) {
		assert_int_equal(kill(pid, SIGKILL), 0);
		return;
	}
	answers = tracee_number(pid) == SYS_brk; /* with where the break is: it has no errors */
	if (!answers)
		tracee_call_none(pid);
	assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	if (!answers)
		tracee_answer(pid, -(long)fault);
}

/* @work  of the child, calls strike_begin(). Returns the child's exit code, 128 killed; -1 it has less than @n calls. */
static inline int strike(int (*work)(void), long n, int fault)
{
	bool entry = true, hit = false;
	int signal = 0;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(work());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	for (;;) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		if (signal)
			continue;
		if (entry && --n == 0) {
			hit = true;
			strike_call(pid, fault);
			if (fault == STRIKE_KILL) {
				assert_int_equal(waitpid(pid, &status, 0), pid);
				break;
			}
		} else {
			entry = !entry;
		}
	}
	assert_true(WIFEXITED(status) || WTERMSIG(status) == SIGKILL); /* it did not crash */
	return !hit ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
