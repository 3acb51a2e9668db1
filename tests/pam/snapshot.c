// SPDX-License-Identifier: Apache-2.0
/*
 * Snapshot of a process as texts, one for each aspect.
 *
 * Runs in: tests only.
 */
#include "tests/pam/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"

#define ASPECT_MAX 65536

typedef void describe(char *buf, size_t size);

static void add(char *buf, size_t size, const char *fmt, ...) CRL_PRINTF(3, 4);
static void add(char *buf, size_t size, const char *fmt, ...)
{
	size_t at = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + at, size - at, fmt, ap);
	va_end(ap);
}

static void fds(char *buf, size_t size)
{
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);
		struct stat st;

		if (flags >= 0 && fstat(fd, &st) == 0)
			add(buf, size, "%d:%d:%jx:%ju ", fd, flags, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	}
}

static void signals(char *buf, size_t size)
{
	sigset_t mask;

	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction sa;

		if (sigaction(sig, NULL, &sa) == 0)
			add(buf, size, "%d:%d:%p:%x ", sig, sigismember(&mask, sig), (void *)sa.sa_sigaction,
			    sa.sa_flags);
	}
}

static void cwd(char *buf, size_t size)
{
	if (!getcwd(buf, size))
		add(buf, size, "none");
}

static void ids(char *buf, size_t size)
{
	uid_t r, e, s;
	gid_t rg, eg, sg, groups[64];
	int n = getgroups(64, groups);

	(void)getresuid(&r, &e, &s);
	(void)getresgid(&rg, &eg, &sg);
	add(buf, size, "%u %u %u %u %u %u:", r, e, s, rg, eg, sg);
	for (int i = 0; i < n; i++)
		add(buf, size, " %u", groups[i]);
	add(buf, size, " sid %d pgrp %d dumpable %d", getsid(0), getpgrp(), prctl(PR_GET_DUMPABLE));
}

static void namespaces(char *buf, size_t size)
{
	static const char *const names[] = {"mnt",    "pid",  "pid_for_children",  "uts", "ipc", "net",
					    "cgroup", "time", "time_for_children", "user"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		char path[64];
		struct stat st = {0};

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		(void)stat(path, &st);
		add(buf, size, "%s:%ju ", names[i], (uintmax_t)st.st_ino);
	}
}

static void children(char *buf, size_t size)
{
	errno = 0;
	add(buf, size, "%d %d", waitpid(-1, NULL, WNOHANG | __WALL), errno);
}

static void environment(char *buf, size_t size)
{
	add(buf, size, "%p", (void *)environ);
	for (char **e = environ; *e; e++)
		add(buf, size, " %p=%s", (void *)*e, *e);
}

static void file(const char *path, char *buf, size_t size)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
}

static void mounts(char *buf, size_t size)
{
	file("/proc/self/mountinfo", buf, size);
}

static void limits(char *buf, size_t size)
{
	file("/proc/self/limits", buf, size);
}

/* Umask, capabilities, no_new_privs, seccomp; not the counters. */
static void status(char *buf, size_t size)
{
	char text[8192], *save = NULL;

	file("/proc/self/status", text, sizeof(text));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, "Umask", 5) || !strncmp(line, "Cap", 3) || !strncmp(line, "NoNew", 5) ||
		    !strncmp(line, "Seccomp", 7) || !strncmp(line, "Shd", 3) || !strncmp(line, "SigP", 4) ||
		    !strncmp(line, "SigC", 4))
			add(buf, size, "%s ", line);
	add(buf, size, "securebits %d", prctl(PR_GET_SECUREBITS));
}

static const struct aspect {
	const char *name;
	describe *describe;
} aspects[] = {
	{"children", children},
	{"fds", fds},
	{"signals", signals},
	{"cwd", cwd},
	{"ids", ids},
	{"namespaces", namespaces},
	{"environment", environment},
	{"mounts", mounts},
	{"limits", limits},
	{"status", status},
};

struct snapshot {
	char text[CRL_ARRAY_LEN(aspects)][ASPECT_MAX];
};

struct snapshot *snapshot_take(void)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	for (size_t i = 0; i < CRL_ARRAY_LEN(aspects); i++)
		aspects[i].describe(s->text[i], ASPECT_MAX);
	return s;
}

void snapshot_compare(struct snapshot *before, char *buf, size_t size)
{
	struct snapshot *now = snapshot_take();

	buf[0] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(aspects); i++) {
		if (!strcmp(before->text[i], now->text[i]))
			continue;
		add(buf, size, "%s ", aspects[i].name);
		if (getenv("CARREL_SHOW_DIFF"))
			fprintf(stderr, "%s was: %s\n%s now: %s\n", aspects[i].name, before->text[i], aspects[i].name,
				now->text[i]);
	}
	free(now);
	free(before);
}
