// SPDX-License-Identifier: Apache-2.0
/* See ask.h. */
#include "ctl/host/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/scope.h"

static _Noreturn void be_program(char *const *argv, int out)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	static char *const environment[] = {path, locale, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0)
		(void)execve(argv[0], argv, environment);
	_exit(127);
}

/* Until its end of output, a full buffer or the deadline. Returns 0 or -errno. */
static int read_all(int fd, char *ret, size_t size, int64_t deadline_ms)
{
	size_t len = 0;

	ret[0] = '\0';
	while (len + 1 < size) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline_ms - crl_now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIMEDOUT;
		n = read(fd, ret + len, size - 1 - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
		ret[len] = '\0';
	}
	return 0;
}

int ctl_ask_begin(char *const *argv, pid_t *ret_pid, int *ret_fd)
{
	scoped_fd out = -EBADF, in = -EBADF;
	int ends[2];
	pid_t pid;

	if (access(argv[0], X_OK) < 0)
		return -errno;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	in = ends[0];
	out = ends[1];
	pid = fork();
	if (pid == 0)
		be_program(argv, out);
	if (pid < 0)
		return -errno;
	*ret_pid = pid;
	*ret_fd = take_fd(&in);
	return 0;
}

int ctl_ask_end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int ctl_ask_program(char *const *argv, char *ret, size_t size, int timeout_ms)
{
	int64_t end_ms = crl_now_ms() + timeout_ms;
	scoped_fd in = -EBADF;
	int rc, status;
	pid_t pid;

	rc = ctl_ask_begin(argv, &pid, &in);
	if (rc < 0)
		return rc;
	rc = read_all(in, ret, size, end_ms);
	drop_fd(&in);
	if (rc < 0)
		crl_child_end(pid);
	else
		rc = crl_child_await(pid, end_ms, &status);
	return rc < 0 ? rc : WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}
