// SPDX-License-Identifier: Apache-2.0
/* What all probes use; see rehearsal.h. They run as the user, inside the room. */
#include "ctl/rehearse/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/rehearse/rehearsal.h"
#include "wire/stage.h"

enum ctl_answer ctl_probe_say(enum ctl_answer answer, char *detail, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, CTL_DETAIL_MAX, fmt, ap);
	va_end(ap);
	return answer;
}

enum ctl_answer ctl_probe_refused(char *detail)
{
	return ctl_probe_say(CTL_PROBE_NO, detail, "%s", strerrorname_np(errno));
}

enum ctl_answer ctl_probe_call(long result, char *detail)
{
	if (result < 0)
		return ctl_probe_refused(detail);
	if (result > 2)
		(void)close((int)result);
	return ctl_probe_say(CTL_PROBE_YES, detail, "it works");
}

static _Noreturn void be_program(const struct ctl_scene *scene, const char *path, char *const *argv, int in, int out)
{
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
		(void)close_range(3, ~0u, 0);
		(void)execvpe(path, argv, ctl_environment(scene->who, "dumb"));
	}
	_exit(errno == ENOENT ? 127 : 126);
}

/* What a program says, as far as it fits: bytes of any kind, and a 0 behind them. */
struct probe_answer {
	char *out;
	size_t size, len;
};

/* At the first word close @input. False at the end. */
static bool read_some(int fd, struct probe_answer *a, int *input)
{
	char more[512];
	ssize_t n = read(fd, more, sizeof(more));
	size_t fits;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	drop_fd(input);
	fits = (size_t)n < a->size - 1 - a->len ? (size_t)n : a->size - 1 - a->len;
	memcpy(a->out + a->len, more, fits);
	a->len += fits;
	a->out[a->len] = '\0';
	return true;
}

/*
 * Until the program has ended, whoever else has its output still open. The probe's own deadline ends what never ends.
 * Returns the wait status.
 */
static int read_all(pid_t pid, int fd, struct probe_answer *a, int *input)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = false;
	int status = 0;

	for (unsigned int last_words = 0; last_words < CTL_LAST_WORDS; last_words += ended) {
		int n = poll(&p, 1, ended ? 0 : 20);

		if (n > 0 && !read_some(fd, a, input))
			p.fd = -1;
		ended = ended || waitpid(pid, &status, WNOHANG) != 0;
		if (n == 0 && ended)
			break;
	}
	return status;
}

int ctl_probe_run(const struct ctl_scene *scene, const struct ctl_program_run *run, char *out, size_t size)
{
	struct probe_answer answer = {.out = out, .size = size};
	int to[2], from[2], status = 0;
	pid_t pid;

	out[0] = '\0';
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		be_program(scene, run->path, run->argv, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	if (pid > 0 && run->in_len > 0)
		crl_ignore((int)write(to[1], run->in, run->in_len)); /* what it did not take shows in its answer */
	else
		drop_fd(&to[1]);
	if (pid > 0)
		status = read_all(pid, from[0], &answer, &to[1]);
	drop_fd(&to[1]);
	(void)close(from[0]);
	if (pid < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ctl_probe_suid_mount(char ret[CTL_DETAIL_MAX / 2])
{
	scoped_file *f = fopen("/proc/self/mounts", "re");
	char line[4096], place[1024], options[1024];

	(void)snprintf(ret, CTL_DETAIL_MAX / 2, "%s", f ? "" : "what is mounted cannot be read");
	while (f && !ret[0] && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %1023s %*s %1023s", place, options) == 2 && !strstr(options, "nosuid") &&
		    strcmp(place, CRL_LAST_CAPS_DIR) != 0)
			(void)snprintf(ret, CTL_DETAIL_MAX / 2, "%.60s is not nosuid", place);
}
