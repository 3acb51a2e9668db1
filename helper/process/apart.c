// SPDX-License-Identifier: Apache-2.0
/*
 * Start what works for the host and not for one login: the sweep, the steward; and what outlives its room: the keeper.
 *
 * Runs in: helper (root, host namespaces).
 * R1: it is nobody's child and holds no descriptor but what it is given: whoever waits for the helper does not wait
 * for it.
 * R2: it is on the host's clock.
 */
#include "helper/process/apart.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "base/compat.h"

/* In their places, and nothing else behind them. */
static bool hand_over(const int *fd, size_t len)
{
	const int first = STDERR_FILENO + 1;
	int beyond[CRL_APART_FDS_MAX];

	for (size_t i = 0; i < len; i++) { /* out of the way of the places first */
		beyond[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, first + (int)len);
		if (beyond[i] < 0)
			return false;
	}
	for (size_t i = 0; i < len; i++)
		if (dup2(beyond[i], first + (int)i) < 0)
			return false;
	return close_range((unsigned int)first + (unsigned int)len, ~0u, 0) == 0;
}

/* R1: a second process between; whoever is waited for has ended by then. */
static _Noreturn void run(const char *path, const char *const *argv, const int *fd, size_t len)
{
	static char *const nothing[] = {NULL};

	if (setsid() < 0 || fork() != 0)
		_exit(0);
	if (hand_over(fd, len))
		(void)execve(path, crl_unconst(argv), nothing);
	_exit(1);
}

/*
 * R2: children of a helper that has made a room with a clock of its own would see that room's boot clock, and so
 * another start time of every process than records have: all rooms would look dead.
 */
int crl_keep_hosts_clock(void)
{
	scoped_fd own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return errno == ENOENT ? 0 : -errno; /* a kernel without has no other clock */
	return setns(own, CLONE_NEWTIME) < 0 ? -errno : 0;
}

int crl_start_apart(const char *path, const char *const *argv, const int *fd, size_t len)
{
	pid_t pid;
	int rc;

	if (len > CRL_APART_FDS_MAX)
		return -EINVAL;
	rc = crl_keep_hosts_clock();
	if (rc < 0)
		return rc;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run(path, argv, fd, len);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
