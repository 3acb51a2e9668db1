// SPDX-License-Identifier: Apache-2.0
/*
 * Run a program and let one system call of one of carrel's processes fail, or kill the process there.
 *
 * Usage: inject ROLE N FAULT REPORT PROGRAM [ARGUMENT...]
 *   ROLE   module: PROGRAM between the marks of mark.c; program: all of PROGRAM; helper: the helper, later supervisor;
 *          init: the room's; other: what these fork
 *   N      which of its calls, from 1; 0 = none, only count
 *   FAULT  a number of errno(3), or "kill"
 *   REPORT file: "count ROLE CALLS" for each role, "hit ROLE N NUMBER-OF-THE-CALL FAULT"
 * Ends with PROGRAM's status when PROGRAM has ended, and the fault is done or can no longer come.
 *
 * Needs root. A process that becomes anything but the helper or carrel's bus is let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/tracee.h"
#include "mark.h"

#define TRACED_MAX 256
#define KILL (-1)
#define OPTIONS \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

enum role { MODULE, PROGRAM, HELPER, INIT, OTHER, ROLES };

static const char *const role_name[ROLES] = {"module", "program", "helper", "init", "other"};

struct traced {
	pid_t pid; /* 0 = free */
	enum role role;
	bool makes_init; /* its clone3() asks for a PID namespace */
	int answer; /* errno for the call it is in, 0 = the kernel's own */
};

static struct {
	struct traced all[TRACED_MAX];
	pid_t program;
	bool marked;
	enum role role;
	long n;
	int fault;
	long count[ROLES];
	bool hit, delivered;
	FILE *report;
} s;

static struct traced *find(pid_t pid)
{
	struct traced *unused = NULL;

	for (size_t i = 0; i < TRACED_MAX; i++) {
		if (s.all[i].pid == pid)
			return &s.all[i];
		if (!unused && s.all[i].pid == 0)
			unused = &s.all[i];
	}
	if (!unused)
		exit(125);
	*unused = (struct traced){.pid = pid, .role = OTHER};
	return unused;
}

static bool any_left(void)
{
	for (size_t i = 0; i < TRACED_MAX; i++)
		if (s.all[i].pid != 0)
			return true;
	return false;
}

static bool asks_for_pid_namespace(pid_t pid, uint64_t args, uint64_t size)
{
	struct clone_args a = {0};
	const struct iovec to = {.iov_base = &a, .iov_len = size < sizeof(a) ? size : sizeof(a)};
	const struct iovec from = {.iov_base = (void *)(uintptr_t)args, .iov_len = to.iov_len};

	return process_vm_readv(pid, &to, 1, &from, 1, 0) > 0 && (a.flags & CLONE_NEWPID);
}

/* The program counts twice: as a whole, and between the marks. */
static bool is_wanted(const struct traced *t)
{
	bool whole = t->role == PROGRAM;
	bool here = false;

	if (whole && s.marked) {
		s.count[MODULE]++;
		here = s.role == MODULE && s.count[MODULE] == s.n;
	}
	s.count[t->role]++;
	return here || (s.role == t->role && s.count[t->role] == s.n);
}

static void on_entry(struct traced *t, const struct __ptrace_syscall_info *i)
{
	uint64_t nr = i->entry.nr;

	if (nr == SYS_prctl && i->entry.args[0] == FAULT_MARK) {
		s.marked = i->entry.args[1] != 0;
		return;
	}
	t->makes_init = nr == SYS_clone3 && (t->role == HELPER || t->role == PROGRAM) &&
			asks_for_pid_namespace(t->pid, i->entry.args[0], i->entry.args[1]);
	if (s.hit || !is_wanted(t))
		return;
	s.hit = true;
	(void)fprintf(s.report, "hit %s %ld %lu %d\n", role_name[s.role], s.n, (unsigned long)nr, s.fault);
	(void)fflush(s.report);
	if (s.fault == KILL || nr == SYS_exit || nr == SYS_exit_group) {
		(void)kill(t->pid, SIGKILL);
		s.delivered = true;
		return;
	}
	if (nr == SYS_umask) { /* always succeeds, umask(2) */
		s.delivered = true;
		return;
	}
	if (nr != SYS_close) /* which lets go of the descriptor, whatever it answers */
		tracee_call_none(t->pid);
	t->answer = s.fault;
}

static void on_call(struct traced *t)
{
	struct __ptrace_syscall_info i;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(i), &i) <= 0)
		return;
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY) {
		on_entry(t, &i);
	} else if (t->answer) {
		tracee_answer(t->pid, -(long)t->answer);
		t->answer = 0;
		s.delivered = true;
	}
}

static bool is_carrels(pid_t pid)
{
	char path[64], exe[4096];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0)
		return false;
	exe[n] = '\0';
	return strstr(exe, "/carrel-helper") || strstr(exe, "/carrel-bus");
}

/* Returns false when the process was let go. */
static bool on_event(struct traced *t, int event)
{
	unsigned long message = 0;

	if (event == PTRACE_EVENT_EXEC && t->pid != s.program) {
		if (!is_carrels(t->pid)) {
			(void)ptrace(PTRACE_DETACH, t->pid, 0, 0);
			t->pid = 0;
			return false;
		}
		t->role = t->role == OTHER ? HELPER : t->role;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		bool init = t->makes_init;

		(void)ptrace(PTRACE_GETEVENTMSG, t->pid, 0, &message);
		find((pid_t)message)->role = init ? INIT : OTHER;
	}
	return true;
}

static void go_on(pid_t pid, int signal)
{
	(void)ptrace(s.delivered ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, signal);
}

static void on_stop(struct traced *t, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		on_call(t);
		go_on(t->pid, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
			(void)ptrace(PTRACE_LISTEN, t->pid, 0, 0);
		else
			go_on(t->pid, 0);
	} else if (event) {
		if (on_event(t, event))
			go_on(t->pid, 0);
	} else {
		go_on(t->pid, signal);
	}
}

/* Returns PROGRAM's status. */
static int trace(void)
{
	int result = 124;
	bool ended = false;

	while (any_left() && !(ended && s.delivered)) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		if (WIFSTOPPED(status)) {
			on_stop(find(pid), status);
			continue;
		}
		find(pid)->pid = 0;
		if (pid == s.program) {
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			ended = true;
		}
	}
	return result;
}

static pid_t start(char **argv)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		exit(125);
	pid = fork();
	if (pid == 0) {
		(void)close(ready[1]);
		(void)!read(ready[0], &byte, 1);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	(void)close(ready[0]);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		exit(125);
	(void)ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	(void)close(ready[1]);
	return pid;
}

static enum role role_of(const char *name)
{
	for (enum role r = MODULE; r < ROLES; r++)
		if (strcmp(role_name[r], name) == 0)
			return r;
	exit(125);
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 6)
		return 125;
	s.role = role_of(argv[1]);
	s.n = strtol(argv[2], NULL, 10);
	s.fault = strcmp(argv[3], "kill") == 0 ? KILL : atoi(argv[3]);
	s.report = fopen(argv[4], "we");
	if (!s.report)
		return 125;
	s.program = start(argv + 5);
	find(s.program)->role = PROGRAM;
	status = trace();
	for (enum role r = MODULE; r < ROLES; r++)
		(void)fprintf(s.report, "count %s %ld\n", role_name[r], s.count[r]);
	(void)fclose(s.report);
	return status;
}
