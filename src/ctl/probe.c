// SPDX-License-Identifier: Apache-2.0
/* What all probes use; see rehearsal.h. They run as the user, inside the room. */
#include "ctl/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum ctl_answer ctl_probe_say(enum ctl_answer answer, char *detail, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, CTL_DETAIL_MAX, fmt, ap);
	va_end(ap);
	return answer;
}

static _Noreturn void be_program(const struct ctl_scene *scene, const char *path, char *const *argv, int in, int out)
{
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execvpe(path, argv, ctl_environment(scene->who, "dumb"));
	}
	_exit(errno == ENOENT ? 127 : 126);
}

/* Read until the end, keep what fits; at the first word close @input. The probe's own deadline ends what never ends. */
static void read_all(int fd, char *out, size_t size, int *input)
{
	size_t len = 0;
	char more[512];
	ssize_t n;

	while ((n = read(fd, more, sizeof(more))) > 0 || (n < 0 && errno == EINTR)) {
		size_t fits = n < 0 ? 0 : (size_t)n < size - 1 - len ? (size_t)n : size - 1 - len;

		drop_fd(input);
		memcpy(out + len, more, fits);
		len += fits;
	}
	out[len] = '\0';
}

int ctl_probe_run(const struct ctl_scene *scene, const char *path, char *const *argv, const void *in, size_t in_len,
		  char *out, size_t out_size)
{
	int to[2], from[2], status = 0;
	pid_t pid;

	out[0] = '\0';
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		be_program(scene, path, argv, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	if (pid > 0 && in_len > 0)
		crl_ignore((int)write(to[1], in, in_len)); /* what it did not take shows in its answer */
	else
		drop_fd(&to[1]);
	if (pid > 0)
		read_all(from[0], out, out_size, &to[1]);
	drop_fd(&to[1]);
	(void)close(from[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
