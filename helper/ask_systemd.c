// SPDX-License-Identifier: Apache-2.0
/*
 * Start carrel-bus, which stands beside this program, and wait for its answer.
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#include "helper/manager.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

int crl_systemd_bus_path(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - sizeof("carrel-bus"));
	char *slash;

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, "carrel-bus", sizeof("carrel-bus"));
	return access(buf, X_OK) < 0 ? -errno : 0;
}

static _Noreturn void run_bus(const char *path, char *const *argv, int report)
{
	static char *const empty[] = {NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	if (dup2(report, STDERR_FILENO) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execve(path, argv, empty);
	}
	_exit(ENOEXEC);
}

static int await_bus(pid_t pid, int report, int64_t deadline_ms, char *text, size_t size)
{
	ssize_t n = 0;
	int status = 0;

	while ((n = read(report, text, size - 1)) < 0 && errno == EINTR && crl_now_ms() < deadline_ms)
		;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (n < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -ECHILD;
		if (crl_now_ms() >= deadline_ms)
			(void)kill(pid, SIGKILL);
	}
	if (!WIFEXITED(status))
		return -ETIMEDOUT;
	return -WEXITSTATUS(status);
}

int crl_systemd_ask(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	scoped_fd out = -EBADF, in = -EBADF;
	char path[PATH_MAX], text[256];
	int pair[2], r;
	pid_t pid;

	r = crl_systemd_bus_path(path, sizeof(path));
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "no carrel-bus beside carrel-helper, which manager "
				   "\"systemd\" needs; was it built without sd-bus?");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	argv[0] = path;
	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot start carrel-bus");
	if (pid == 0)
		run_bus(path, argv, out);
	drop_fd(&out);
	r = await_bus(pid, in, deadline_ms, text, sizeof(text));
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_LIMITS, "systemd: %s", text[0] ? text : "carrel-bus did not answer")
		     : 0;
}
