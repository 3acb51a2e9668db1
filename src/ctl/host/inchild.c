// SPDX-License-Identifier: Apache-2.0
/*
 * See inchild.h. R1: the question ends with who asks: monitoring kills a carrelctl that takes too long, each minute.
 */
#include "ctl/host/inchild.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"

#define FIRST_FREE_FD 3

/* No terminal, and no descriptor of ours: what the question starts must not keep them. */
static _Noreturn void be_child(ctl_question *ask, const void *arg, void *answer, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < FIRST_FREE_FD; fd++)
		if (dup2(null, fd) < 0)
			_exit(111);
	if (!crl_child_ends_with(parent)) /* R1 */
		_exit(111);
	(void)setsid();
	if (close_range(FIRST_FREE_FD, ~0u, 0) < 0)
		_exit(111);
	ask(arg, answer);
	_exit(0);
}

/* Returns 0 when it left by itself. */
static int wait_for(pid_t pid, int timeout_ms)
{
	int status = 0, rc = crl_child_await(pid, crl_now_ms() + timeout_ms, &status);

	return rc < 0 ? rc : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int ctl_ask_child(ctl_question *ask, const void *arg, void **answer, size_t size, int timeout_ms)
{
	pid_t self = getpid(), pid;
	int rc;

	*answer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (*answer == MAP_FAILED) {
		*answer = NULL;
		return -errno;
	}
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		be_child(ask, arg, *answer, self);
	rc = pid < 0 ? -errno : wait_for(pid, timeout_ms);
	return rc;
}

void ctl_answer_done(void *answer, size_t size)
{
	if (answer)
		(void)munmap(answer, size);
}
