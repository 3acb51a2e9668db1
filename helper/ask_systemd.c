// SPDX-License-Identifier: Apache-2.0
/*
 * Start carrel-bus, which stands beside this program, and wait for its answer.
 *
 * R1: whoever asks may be killed at any time; then the question dies too: nothing is moved for a process that is gone.
 * R2: no answer is waited for longer than the caller says, by a clock and not by a signal: a bus that accepts and says
 * nothing costs one deadline.
 * R3: "not now" is no answer while there is time left: a user's slice that is just being stopped keeps no login out.
 *
 * Runs in: helper, root, host namespaces.
 */
#include "helper/manager.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define AGAIN_MS 50 /* between two questions that systemd cannot answer yet */

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

/* R1 */
static _Noreturn void run_bus(const char *path, char *const *argv, int report, pid_t parent)
{
	static char *const empty[] = {NULL};
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGALRM, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(ESRCH);
	if (dup2(report, STDERR_FILENO) >= 0) {
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

void crl_systemd_question_done(struct crl_systemd_question *q)
{
	int status;

	if (q->pid > 0) {
		(void)kill(q->pid, SIGKILL); /* not waited for yet, so the number is its own */
		reap(q->pid, &status);
	}
	q->pid = 0;
	drop_fd(&q->answer);
	drop_fd(&q->pidfd);
}

int crl_systemd_begin(char **argv, struct crl_systemd_question *ret, struct crl_err *err)
{
	scoped_fd out = -EBADF, in = -EBADF;
	pid_t self = getpid();
	char path[PATH_MAX];
	int pair[2], r;

	*ret = (struct crl_systemd_question){.answer = -EBADF, .pidfd = -EBADF};
	r = crl_systemd_bus_path(path, sizeof(path));
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "no carrel-bus beside carrel-helper, which manager "
				   "\"systemd\" needs; was it built without sd-bus?");
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	argv[0] = path;
	ret->pid = fork();
	if (ret->pid < 0) {
		ret->pid = 0;
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot start carrel-bus");
	}
	if (ret->pid == 0)
		run_bus(path, argv, out, self);
	argv[0] = NULL;
	ret->answer = take_fd(&in);
	ret->pidfd = pidfd_open(ret->pid, 0);
	if (ret->pidfd < 0) {
		r = crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot watch carrel-bus");
		crl_systemd_question_done(ret);
		return r;
	}
	return 0;
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

int crl_systemd_await(struct crl_systemd_question *q, int64_t deadline_ms, struct crl_err *err)
{
	char text[256] = "carrel-bus did not answer";
	bool ended = has_ended(q->pidfd, deadline_ms);
	int status = 0, r = -ETIMEDOUT;
	ssize_t n;

	if (ended) {
		reap(q->pid, &status);
		q->pid = 0;
		r = WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
		n = read(q->answer, text, sizeof(text) - 1); /* it is there, or nothing is */
		if (n > 0)
			text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
	}
	crl_systemd_question_done(q);
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_LIMITS, "systemd: %s", text) : 0;
}

static int ask_once(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	struct crl_systemd_question q;
	int r = crl_systemd_begin(argv, &q, err);

	return r < 0 ? r : crl_systemd_await(&q, deadline_ms, err);
}

/* R3. What systemd has said tells more than that the last question came too late for an answer. */
int crl_systemd_ask(char **argv, int64_t deadline_ms, struct crl_err *err)
{
	struct crl_err said = {0}, now = {0};
	int r;

	while ((r = ask_once(argv, deadline_ms, &now)) == -EAGAIN && crl_now_ms() + AGAIN_MS < deadline_ms) {
		said = now;
		crl_pause_ms(AGAIN_MS);
	}
	if (r == 0)
		return 0;
	if (r == -ETIMEDOUT && said.code != 0)
		now = said;
	if (err)
		*err = now;
	return -now.code;
}
