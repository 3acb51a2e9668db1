// SPDX-License-Identifier: Apache-2.0
/*
 * Contenders that are programs: other sandboxes, ssh.
 *
 * Runs in: a child for each turn, root.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILTER_FD 9 /* what bwrap is told to read its filter from */

static pid_t launch(char **arg, int out)
{
	static char *no_environment[] = {NULL};
	pid_t pid = vfork();

	if (pid != 0)
		return pid;
	(void)dup2(out, STDOUT_FILENO);
	(void)execve(arg[0], arg, no_environment);
	_exit(127);
}

/* Its own opening each turn: the reader moves the offset. */
static void offer_filter(const struct bench *b)
{
	int fd = b->bpf_path ? open(b->bpf_path, O_RDONLY) : -1;

	if (fd < 0 || fd == FILTER_FD)
		return;
	(void)dup2(fd, FILTER_FD);
	(void)close(fd);
}

static bool is_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct turn turn_start(const struct bench *b, char **arg)
{
	struct turn t = {-1, 0};
	double before;
	int out[2];
	char byte;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return t;
	offer_filter(b);
	before = now_ms();
	pid = launch(arg, out[1]);
	(void)close(out[1]);
	if (pid > 0 && read(out[0], &byte, 1) == 1)
		t.open_ms = now_ms() - before;
	if (!is_well(pid))
		t.open_ms = -1;
	return t;
}

struct turn turn_exit(const struct bench *b, char **arg)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct turn t = {-1, 0};
	double before = now_ms();
	pid_t pid = launch(arg, null);
	double passed;

	(void)b;
	if (!is_well(pid))
		return t;
	passed = now_ms() - before;
	t.open_ms = passed;
	return t;
}
