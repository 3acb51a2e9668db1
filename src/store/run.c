// SPDX-License-Identifier: Apache-2.0
/*
 * See run.h. The program is root's, found in fixed directories; nothing of what users choose is among its arguments.
 *
 * R1: it is waited for no longer than TOOL_MS, whether it is silent or speaks without end.
 * R2: it ends with who has started it.
 */
#include "store/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/text.h"

#define HEARD_MAX 2048
#define TOOL_MS 120000 /* mkfs.ext4 on a slow disk; a login ends sooner, with its helper, and the program with that */

/* R2. @parent  may have died before its death is asked to be told */
static _Noreturn void be_program(const char *const argv[], const char *path, int out, int fd, pid_t parent)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (null < 0 || !crl_child_ends_with(parent) || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	if (fd >= 0 && (fd == 3 ? fcntl(3, F_SETFD, 0) : dup2(fd, 3)) < 0)
		_exit(126);
	(void)execve(path, crl_unconst(argv), crl_unconst(environment));
	_exit(126);
}

/* False: it has not come in time, R1. An end has come, too. */
static bool has_more(int from, int64_t end_ms)
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	int64_t left = end_ms - crl_now_ms();

	return left > 0 && poll(&p, 1, (int)left) != 0;
}

/* What it says is read to the end; the last of it is kept. */
static void hear(int from, int64_t end_ms, char heard[HEARD_MAX])
{
	size_t len = 0;

	while (len < HEARD_MAX && has_more(from, end_ms)) { /* the first always: no more is asked for */
		ssize_t n;

		if (len > HEARD_MAX / 2) {
			memmove(heard, heard + HEARD_MAX / 4, len - HEARD_MAX / 4);
			len -= HEARD_MAX / 4;
		}
		n = read(from, heard + len, HEARD_MAX - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	heard[len < HEARD_MAX ? len : 0] = '\0';
}

static void keep_last_line(char *heard, char *said, size_t size)
{
	size_t len = strlen(heard);
	const char *line;

	while (len > 0 && heard[len - 1] == '\n')
		heard[--len] = '\0';
	line = strrchr(heard, '\n');
	crl_ignore(crl_visible_line(said, size, line ? line + 1 : heard) != NULL); /* the caller has it */
}

static int find(const char *name, char *path, size_t size)
{
	static const char *const directories[] = {"/usr/sbin", "/sbin", "/usr/bin", "/bin"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(directories); i++) {
		(void)snprintf(path, size, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int crl_tool_run(const char *const argv[], int fd, char *said, size_t size)
{
	scoped_fd from = -EBADF, to = -EBADF;
	char path[128], heard[HEARD_MAX];
	int64_t end_ms = crl_now_ms() + TOOL_MS;
	pid_t self = getpid(), pid;
	int ends[2], status, rc;

	said[0] = '\0';
	if (find(argv[0], path, sizeof(path)) < 0)
		return -ENOENT;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		be_program(argv, path, to, fd, self);
	drop_fd(&to);
	hear(from, end_ms, heard);
	rc = crl_child_await(pid, end_ms, &status);
	if (rc < 0)
		return rc;
	keep_last_line(heard, said, size);
	return WIFEXITED(status) && WEXITSTATUS(status) != 126 ? WEXITSTATUS(status) : -EIO;
}
