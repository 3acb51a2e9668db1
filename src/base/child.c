// SPDX-License-Identifier: Apache-2.0
/*
 * See child.h.
 *
 * R1: no end is waited for longer than the caller says, by a clock and not by a signal.
 * R2: nor is the death of one that was killed, when SIGKILL does not end it (a call of the kernel's that does not come
 * back): it stays a child of this process, without anybody who waits; `carrelctl check` names it.
 */
#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"

#define LOOK_MS 10 /* where there is no descriptor left to wait with */

/* Returns 0; -EAGAIN it lives; -errno. */
static int reap(pid_t pid, int *ret_status)
{
	pid_t r;

	do {
		r = waitpid(pid, ret_status, WNOHANG);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -EAGAIN : 0;
}

static int reap_within(pid_t pid, int pidfd, int64_t deadline_ms, int *ret_status)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int rc;

	while ((rc = reap(pid, ret_status)) == -EAGAIN) {
		int64_t left = deadline_ms - crl_now_ms();

		if (left <= 0) /* R1 */
			return -ETIMEDOUT;
		if (pidfd < 0 && left > LOOK_MS)
			left = LOOK_MS;
		(void)poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	}
	return rc;
}

static void end(pid_t pid, int pidfd)
{
	int status;

	(void)kill(pid, SIGKILL); /* not waited for yet, so the number is its own */
	crl_ignore(reap_within(pid, pidfd, crl_now_ms() + CRL_CHILD_DEATH_MS, &status)); /* R2 */
}

int crl_child_within(pid_t pid, int64_t deadline_ms, int *ret_status)
{
	scoped_fd pidfd = pidfd_open(pid, 0);

	return reap_within(pid, pidfd, deadline_ms, ret_status);
}

int crl_child_await(pid_t pid, int64_t deadline_ms, int *ret_status)
{
	scoped_fd pidfd = pidfd_open(pid, 0);
	int rc = reap_within(pid, pidfd, deadline_ms, ret_status);

	if (rc == -ETIMEDOUT)
		end(pid, pidfd);
	return rc;
}

int crl_child_answer(pid_t pid, int64_t deadline_ms)
{
	int status, rc = crl_child_await(pid, deadline_ms, &status);

	return rc < 0 ? rc : WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

void crl_child_end(pid_t pid)
{
	scoped_fd pidfd = pid > 0 ? pidfd_open(pid, 0) : -EBADF;

	if (pid > 0)
		end(pid, pidfd);
}

bool crl_child_ends_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}
