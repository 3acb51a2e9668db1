// SPDX-License-Identifier: Apache-2.0
/*
 * See ask.h.
 *
 * R1: whoever asks may be killed at any time; then the question dies too: nothing is done for a process that is gone.
 * R2: no answer is waited for longer than the caller says, by a clock and not by a signal: a program that says nothing
 * costs one deadline.
 * R3: nor is its death, when SIGKILL does not end it (a call of the kernel that does not come back): it stays a child
 * of this process, without a question.
 */
#include "helper/process/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"

#define DEATH_MS 1000 /* what is killed is gone by then, or is waited for by nobody */

/* R1 */
static _Noreturn void run(const char *path, char *const *argv, int input, int report, pid_t parent)
{
	static char *const empty[] = {NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	if (!crl_child_ends_with(parent))
		_exit(ESRCH);
	if ((input < 0 || dup2(input, STDIN_FILENO) >= 0) && dup2(report, STDERR_FILENO) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execve(path, argv, empty);
	}
	_exit(ENOEXEC);
}

static void reap(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
}

/* R2: only its end counts, whatever it says and whoever else has its standard error. */
static bool has_ended(int pidfd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline_ms - crl_now_ms();

		if (poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left) > 0)
			return true;
		if (crl_now_ms() >= deadline_ms)
			return false;
	}
}

void crl_question_done(struct crl_question *q)
{
	int status;

	if (q->pid > 0) {
		(void)kill(q->pid, SIGKILL); /* not waited for yet, so the number is its own */
		if (q->pidfd < 0 || has_ended(q->pidfd, crl_now_ms() + DEATH_MS)) /* R3 */
			reap(q->pid, &status);
	}
	q->pid = 0;
	drop_fd(&q->answer);
	drop_fd(&q->pidfd);
}

int crl_question_begin(const char *path, char *const *argv, int input, struct crl_question *ret)
{
	scoped_fd out = -EBADF, in = -EBADF;
	pid_t self = getpid();
	int pair[2], rc;

	*ret = (struct crl_question){.answer = -EBADF, .pidfd = -EBADF};
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	in = pair[0];
	out = pair[1];
	ret->pid = fork();
	if (ret->pid < 0) {
		ret->pid = 0;
		return -errno;
	}
	if (ret->pid == 0)
		run(path, argv, input, out, self);
	ret->answer = take_fd(&in);
	ret->pidfd = pidfd_open(ret->pid, 0);
	if (ret->pidfd >= 0)
		return 0;
	rc = -errno;
	crl_question_done(ret);
	return rc;
}

int crl_question_await(struct crl_question *q, int64_t deadline_ms, char said[CRL_QUESTION_TEXT])
{
	int status = 0, rc = -ETIMEDOUT;
	ssize_t n;

	said[0] = '\0';
	if (has_ended(q->pidfd, deadline_ms)) {
		reap(q->pid, &status);
		q->pid = 0;
		rc = WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
		n = read(q->answer, said, CRL_QUESTION_TEXT - 1); /* it is there, or nothing is */
		said[n > 0 ? n : 0] = '\0';
		said[strcspn(said, "\n")] = '\0';
	}
	crl_question_done(q);
	return rc;
}
