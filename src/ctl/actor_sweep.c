// SPDX-License-Identifier: Apache-2.0
/*
 * What probes leave running is ended after each of them; see actor.h.
 *
 * Owns: R1 nothing is killed by number or by all-at-once before it is certain that it belongs to the rehearsal.
 */
#include "ctl/actor.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/fdpass.h"

#define ROUNDS 100 /* of 20 ms */

static void breathe(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

bool ctl_actor_reap(pid_t pid, int wait_ms)
{
	int64_t end = crl_now_ms() + wait_ms;

	for (;;) {
		pid_t r = waitpid(pid, NULL, WNOHANG);

		if (r == pid || (r < 0 && errno == ECHILD))
			return true;
		if (crl_now_ms() >= end)
			return false;
		breathe();
	}
}

/* R1: in the room's PID namespace, whose init is never meant by -1; as root, whom the killed cannot kill first. */
static _Noreturn void be_broom(const struct ctl_actor *a)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0 || st.st_ino == a->outside.pid_ns || getpid() < 2)
		_exit(111);
	_exit(kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 111);
}

/* The parent of a process of the host, or 0. */
static pid_t parent_of(int proc, const char *name)
{
	char path[64], text[512];
	scoped_fd fd = -EBADF;
	const char *p;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.32s/stat", name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')'); /* names may hold anything else */
	return p && strlen(p) > 4 ? (pid_t)strtol(p + 4, NULL, 10) : 0;
}

/* R1: without a PID namespace; whatever lost its parent has become a child of this process, see ctl_actor_be(). */
static void kill_children(int proc)
{
	scoped_fd fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return;
	(void)take_fd(&fd);
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && parent_of(proc, d->d_name) == getpid())
			(void)kill((pid_t)strtol(d->d_name, NULL, 10), SIGKILL); /* unreaped, so the number is still its own */
	(void)closedir(dir);
}

void ctl_actor_sweep(const struct ctl_actor *a)
{
	if (a->outside.pid_ns) {
		pid_t pid = fork();

		if (pid == 0)
			be_broom(a);
		(void)ctl_actor_reap(pid, ROUNDS * 20);
		return;
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		pid_t r;

		while ((r = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (r < 0)
			return;
		kill_children(a->outside.proc);
		breathe();
	}
}
