// SPDX-License-Identifier: Apache-2.0
/*
 * A control group of the user's service manager for a room: a scope, with the policy's limits.
 *
 * A user has no control group to divide, but their manager has: systemd gives it one, and it moves a process of the
 * user's there when it is asked to. It is asked by busctl(1), in an environment of our own.
 *
 *  R1  What was asked for counts when it is read back: the process is in that scope, and each limit is what it should
 *      be.
 *
 * Runs in: carrel-shell, outside, before anything of the room is there. Source: org.freedesktop.systemd1(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "shell/alone/room.h"
#include "state/published.h"

#define BUSCTL "/usr/bin/busctl"
#define CGROUP2_MAGIC 0x63677270
#define MOVE_WAIT_MS 5000 /* it answers before the process is moved */
#define WORDS_MAX 64
#define PERMILLE_US UINT64_C(1000) /* of a second */

struct alone_words {
	char text[WORDS_MAX][48]; /* those with a number */
	const char *argv[WORDS_MAX];
	size_t len;
	size_t properties;
};

/* One of them for each of systemd's properties; the file has the same number, as the kernel writes it. */
struct alone_scope_limit {
	const char *property;
	const char *file;
	uint64_t value; /* CRL_UNLIMITED = none */
};

#define LIMITS 6

/* cpu.max has two numbers, of which the first is read back, for the kernel's own period of 100 ms. */
static void list_limits(const struct crl_limits *l, struct alone_scope_limit ret[LIMITS])
{
	uint64_t quota = l->cpu_permille == CRL_UNLIMITED ? CRL_UNLIMITED : l->cpu_permille * PERMILLE_US;

	ret[0] = (struct alone_scope_limit){"MemoryMax", "memory.max", l->memory};
	ret[1] = (struct alone_scope_limit){"MemoryHigh", "memory.high", l->memory_high};
	ret[2] = (struct alone_scope_limit){"MemorySwapMax", "memory.swap.max", l->swap};
	ret[3] = (struct alone_scope_limit){"TasksMax", "pids.max", l->tasks};
	ret[4] = (struct alone_scope_limit){"CPUQuotaPerSecUSec", "cpu.max", quota};
	ret[5] = (struct alone_scope_limit){"CPUWeight", "cpu.weight", l->cpu_weight ? l->cpu_weight : CRL_UNLIMITED};
}

static void add(struct alone_words *w, const char *word)
{
	w->argv[w->len++] = word; /* WORDS_MAX is more than there ever are */
}

static void add_number(struct alone_words *w, uint64_t number)
{
	(void)snprintf(w->text[w->len], sizeof(w->text[0]), "%" PRIu64, number);
	add(w, w->text[w->len]);
}

/* @lives_on  when one of its processes is killed for its memory: systemd before 253 has no such word for scopes */
static void add_properties(struct alone_words *w, const struct alone_scope_limit *limit, bool lives_on)
{
	static const char *const policy[] = {"OOMPolicy", "s", "continue"};
	static const char *const fixed[] = {"CollectMode", "s", "inactive-or-failed", "PIDs", "au", "1"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(fixed); i++)
		add(w, fixed[i]);
	add_number(w, (uint64_t)getpid());
	for (size_t i = 0; i < CRL_ARRAY_LEN(policy) && lives_on; i++)
		add(w, policy[i]);
	for (size_t i = 0; i < LIMITS; i++) {
		if (limit[i].value == CRL_UNLIMITED)
			continue;
		add(w, limit[i].property);
		add(w, "t");
		add_number(w, limit[i].value);
	}
}

static void make_words(struct alone_words *w, const char *unit, const struct alone_scope_limit *limit, bool lives_on)
{
	static const char *const first[] = {BUSCTL,
					    "--user",
					    "--quiet",
					    "--timeout=10",
					    "call",
					    "org.freedesktop.systemd1",
					    "/org/freedesktop/systemd1",
					    "org.freedesktop.systemd1.Manager",
					    "StartTransientUnit",
					    "ssa(sv)a(sa(sv))"};
	uint64_t many = lives_on ? 3 : 2;

	for (size_t i = 0; i < LIMITS; i++)
		many += limit[i].value != CRL_UNLIMITED;
	for (size_t i = 0; i < CRL_ARRAY_LEN(first); i++)
		add(w, first[i]);
	add(w, unit);
	add(w, "fail");
	add_number(w, many);
	add_properties(w, limit, lives_on);
	add(w, "0");
}

/* All signals wait in us; it has its own. Returns whether it has said yes. */
static bool run(const struct alone_words *w, uid_t uid)
{
	char runtime[48];
	const char *env[] = {runtime, "PATH=/usr/bin:/bin", NULL};
	int status;
	pid_t pid;

	(void)snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=/run/user/%u", uid);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		sigset_t none;

		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2)
			(void)execve(BUSCTL, crl_unconst(w->argv), crl_unconst(env));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* "0::/user.slice/…/NAME": the path behind the colons, or "". */
static void read_cgroup(char *ret, size_t size)
{
	char text[1024];
	char *line;

	ret[0] = '\0';
	if (crl_file_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return;
	line = strstr(text, "0::/");
	if (!line)
		return;
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(ret, size, "%s", line + 3);
}

static bool is_moved(const char *unit, char *path, size_t size)
{
	const int64_t until = crl_now_ms() + MOVE_WAIT_MS;

	do {
		const char *last;

		read_cgroup(path, size);
		last = strrchr(path, '/');
		if (last && strcmp(last + 1, unit) == 0)
			return true;
		crl_pause_ms(5);
	} while (crl_now_ms() < until);
	return false;
}

/* R1 */
static bool is_held(const char *path, const struct alone_scope_limit *limit)
{
	for (size_t i = 0; i < LIMITS; i++) {
		char file[1200], text[64];
		uint64_t have, want = limit[i].value;

		if (want == CRL_UNLIMITED)
			continue;
		(void)snprintf(file, sizeof(file), "/sys/fs/cgroup%s/%s", path, limit[i].file);
		if (crl_file_read(AT_FDCWD, file, text, sizeof(text)) <= 0)
			return false;
		text[strcspn(text, " \n")] = '\0';
		want /= i == 4 ? 10 : 1; /* of a second to the kernel's period */
		/* The kernel counts memory in pages. */
		if (crl_parse_uint(text, 0, UINT64_MAX, &have) < 0 || have > want || have + 65536 < want)
			return false;
	}
	return true;
}

bool alone_scope_enter(const struct alone_room *room)
{
	const struct crl_policy *p = &room->published->policy;
	struct alone_scope_limit limit[LIMITS];
	struct alone_words newer = {.len = 0}, older = {.len = 0};
	char unit[48], bus[48], path[1024];
	struct statfs fs;

	(void)snprintf(bus, sizeof(bus), "/run/user/%u/bus", room->published->uid);
	if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_MAGIC || access(bus, W_OK) < 0)
		return false;
	list_limits(&p->limits, limit);
	for (size_t i = 0; i < LIMITS && p->need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF; i++)
		limit[i].value = CRL_UNLIMITED;
	(void)snprintf(unit, sizeof(unit), "carrel-%d-%" PRIx64 ".scope", (int)getpid(), (uint64_t)crl_clock_ms());
	make_words(&newer, unit, limit, true);
	make_words(&older, unit, limit, false);
	if (!run(&newer, room->published->uid) && !run(&older, room->published->uid))
		return false;
	return is_moved(unit, path, sizeof(path)) && is_held(path, limit);
}
