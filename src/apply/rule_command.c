// SPDX-License-Identifier: Apache-2.0
/*
 * See rule_command.h.
 *
 * Trusts: what root owns and only root can write, from "/" down.
 * R1: nothing but its exit status decides, and only 0 and 1 are answers. R2: no answer is waited for longer than its
 * time, by a clock and not by a signal.
 */
#include "apply/rule_command.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/path.h"
#include "base/scope.h"
#include "policy/rules/command.h"

#define KILLED_MS 1000 /* in which what was killed is gone, but for what the kernel holds */

static int prove(const char *path, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = crl_path_open_trusted(path, CRL_PATH_PROGRAM, CRL_STAGE_RULE, &fd, err);

	if (rc == 0 && fstat(fd, &st) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_RULE, "command: %s: cannot look at it", path);
	if (rc == 0 && !(st.st_mode & S_IXUSR))
		rc = crl_err_set(err, EACCES, CRL_STAGE_RULE,
				 "command: %s: found mode %04o, expected a program that root may execute", path,
				 st.st_mode & 07777);
	return rc;
}

int crl_prove_rule_command(const char *text, struct crl_err *err)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%.*s", (int)strcspn(text, " \t"), text) >= sizeof(path))
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_RULE, "command: its path is too long");
	return prove(path, err);
}

static _Noreturn void be_program(const struct crl_command *command, pid_t parent)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	static char *const environment[] = {path, locale, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	for (int i = 1; i < SIGRTMIN; i++)
		(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)umask(022);
	/* Nobody is asked for a login that is gone. */
	if (!crl_child_ends_with(parent) || chdir("/") < 0)
		_exit(126);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execve(command->argv[0], command->argv, environment);
	}
	_exit(127);
}

/* R2: only its end counts. */
static bool has_ended(int pidfd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline_ms - crl_now_ms();

		if (poll(&p, 1, left < 0 ? 0 : (int)left) > 0)
			return true;
		if (crl_now_ms() >= deadline_ms)
			return false;
	}
}

/*
 * What it has started belongs to its session, and goes with it. One that a dead file system holds even then is not
 * waited for, so that its login can be told why; it is init's when the helper has ended.
 */
static int reap(pid_t pid, int pidfd)
{
	int status = 0;

	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	if (pidfd >= 0 && !has_ended(pidfd, crl_now_ms() + KILLED_MS)) /* R2 */
		return 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* R1 */
static int judge(int status, const char *path, struct crl_err *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status) == 0;
	if (!WIFEXITED(status))
		return crl_err_set(err, EIO, CRL_STAGE_RULE,
				   "command: %s: ended by signal %d, expected exit status 0 or 1", path,
				   WTERMSIG(status));
	return crl_err_set(err, EIO, CRL_STAGE_RULE, "command: %s: found exit status %d%s, expected 0 or 1", path,
			   WEXITSTATUS(status), WEXITSTATUS(status) >= 126 ? " (it cannot be executed)" : "");
}

static int run(const struct crl_command *command, int64_t deadline_ms, struct crl_err *err)
{
	const char *path = command->argv[0];
	pid_t self = getpid(), pid;
	scoped_fd pidfd = -EBADF;
	bool ended;
	int status;

	pid = fork();
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_RULE, "command: %s: cannot start a process", path);
	if (pid == 0)
		be_program(command, self);
	pidfd = pidfd_open(pid, 0);
	ended = pidfd >= 0 && has_ended(pidfd, deadline_ms);
	status = reap(pid, pidfd);
	if (pidfd < 0)
		return crl_err_set(err, EMFILE, CRL_STAGE_RULE, "command: %s: cannot wait for it", path);
	if (!ended)
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_RULE, "command: %s: no answer in time (%d s at most)",
				   path, CRL_RULE_COMMAND_MS / 1000);
	return judge(status, path, err);
}

int crl_ask_rule_command(const struct crl_asked_command *q, int *ret_ms, struct crl_err *err)
{
	scoped_free struct crl_command *command = malloc(sizeof(*command));
	char host[CRL_FACT_MAX] = "";
	const struct crl_facts facts = {.login = q->login, .host = host};
	const int64_t start = crl_now_ms();
	int64_t deadline_ms = start + CRL_RULE_COMMAND_MS;
	int rc;

	*ret_ms = 0;
	if (!command)
		return crl_err_set(err, ENOMEM, CRL_STAGE_RULE, "out of memory");
	if (q->deadline_ms && q->deadline_ms < deadline_ms)
		deadline_ms = q->deadline_ms;
	crl_ignore(gethostname(host, sizeof(host) - 1) < 0); /* an empty name has no value for %h */
	rc = crl_command_expand(q->text, &facts, command, err);
	if (rc == 0)
		rc = prove(command->argv[0], err);
	if (rc < 0)
		return rc;
	rc = run(command, deadline_ms, err);
	*ret_ms = (int)(crl_now_ms() - start);
	return rc;
}
