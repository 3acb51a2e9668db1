// SPDX-License-Identifier: Apache-2.0
/*
 * What probes leave running is ended after each of them; see stand_in.h.
 *
 * Owns: R1 nothing is killed by number or by all-at-once before it is certain that it belongs to the rehearsal.
 */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/procstat.h"
#include "base/scope.h"
#include "ctl/rehearse/stand_in.h"

#define ROUNDS 100 /* of 20 ms */

static void breathe(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

bool ctl_stand_in_reap(pid_t pid, int wait_ms)
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
static _Noreturn void be_broom(const struct ctl_stand_in *a)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0 || st.st_ino == a->outside.pid_ns || getpid() < 2)
		_exit(111);
	_exit(kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 111);
}

/* R1: without a PID namespace; whatever lost its parent has become a child of this process, see ctl_stand_in_be(). */
static void kill_children(int proc)
{
	scoped(crl_dir) dir = {0};
	struct crl_procstat s;

	(void)crl_dir_open(proc, ".", &dir);
	for (int pid; crl_dir_next_number(&dir, &pid);)
		if (crl_procstat_read(proc, pid, &s) == 0 && s.parent == getpid())
			(void)kill(pid, SIGKILL); /* unreaped, so the number is still its own */
}

void ctl_stand_in_sweep(const struct ctl_stand_in *a)
{
	if (a->outside.pid_ns) {
		pid_t pid = fork();

		if (pid == 0)
			be_broom(a);
		(void)ctl_stand_in_reap(pid, ROUNDS * 20);
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
