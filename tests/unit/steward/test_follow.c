// SPDX-License-Identifier: Apache-2.0
/*
 * helper/steward/follow.c: how often rooms are looked at whose user renames in a loop, counted by a clock of the
 * test's. Rooms are files of STATE/shown, the directory is a real one, and what happens in it is told by inotify; only
 * the look itself takes no more than a step of that clock.
 */
#include "helper/steward/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "base/procstat.h"
#include "helper/steward/pace.h"
#include "state/rooms/live.h"

#define ROOMS 50
#define LOOK_MS 100
#define STEP_MS 100
#define SPAN_MS INT64_C(600000)

static int64_t clock_ms = 3600000;
static pid_t init;
static struct crl_steward s = {.state = {-EBADF, -EBADF, -EBADF}, .epoll = -EBADF};

int64_t __wrap_crl_now_ms(void);

int64_t __wrap_crl_now_ms(void)
{
	return clock_ms;
}

/* What others of the steward's files do. */
void crl_steward_room_ended(const struct crl_steward *steward)
{
	(void)steward;
}

void crl_steward_names_changed(void)
{
}

int crl_follow_open_namespace(pid_t pid, uint64_t start)
{
	(void)pid, (void)start;
	return open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
}

/* In a child of the duty's. */
void crl_follow_work(const struct followed *f, int inotify, const struct trouble *trouble, struct report *report)
{
	struct watching w = {.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
			     .fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC),
			     .inotify = inotify,
			     .report = report};

	(void)trouble;
	for (size_t i = 0; i < f->set->entries; i++)
		crl_ways_watch(&w, f->set->entry[i].source);
	report->whole = 1;
	_exit(0);
}

/* The init of all rooms, as no child of this process's: what waits for one waits for looks. */
static pid_t start_init(void)
{
	pid_t pid = -1, child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		pid = fork();
		if (pid == 0) {
			(void)alarm(600);
			for (;;)
				(void)pause();
		}
		_exit(write(ends[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	if (child < 0 || waitpid(child, NULL, 0) < 0 || read(ends[0], &pid, sizeof(pid)) != sizeof(pid))
		pid = -1;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return pid;
}

/* All of them show one name of a directory that everybody can write to, and have one init. */
static int begin(void **state)
{
	struct crl_showing room = {.init = start_init(), .supervisor = getpid(), .ns = 1};
	struct crl_err err = {0};
	char entry[300];

	if (room.init < 0 || scratch_make(state) < 0 || mkdir(at("users"), 0777) < 0 || chmod(at("users"), 01777) < 0)
		return -1;
	write_file("users/one", "");
	(void)snprintf(entry, sizeof(entry), "show=bind\t0\t0\t%s/users/name\t/run/name\t\n", scratch);
	s.path = scratch;
	s.state.dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	init = room.init;
	room.init_start = crl_process_start(init);
	room.supervisor_start = crl_process_start(getpid());
	for (int i = 0; i < ROOMS; i++) {
		(void)snprintf(room.id, sizeof(room.id), "aaaaaa%c%c", 'a' + i / 8, 'a' + i % 8);
		if (crl_shown_write(s.state.dir, &room, entry) < 0)
			return -1;
	}
	return crl_follow_duty.start(&s, &err);
}

static void rename_once(void)
{
	static bool there;
	char from[256];

	(void)snprintf(from, sizeof(from), "%s", at(there ? "users/name" : "users/one"));
	assert_int_equal(rename(from, at(there ? "users/one" : "users/name")), 0);
	there = !there;
}

static void serve_events(void)
{
	crl_steward_wait(&s, 1); /* long ago: it waits for nothing */
}

/* One round of the steward's loop. True: there was a look. @loops  while somebody renames in a loop */
static bool go_on(bool loops)
{
	int status;
	pid_t pid;

	if (loops)
		rename_once();
	serve_events();
	crl_follow_duty.tick(&s, clock_ms);
	pid = waitpid(-1, &status, 0); /* of the duty's children there is one at a time */
	clock_ms += pid > 0 ? LOOK_MS : STEP_MS;
	if (pid < 0)
		return false;
	if (loops)
		rename_once(); /* what the look has begun to watch stirs before it is told */
	serve_events();
	crl_follow_duty.reaped(&s, pid, status);
	return true;
}

static int64_t looks_until(int64_t end_ms, bool loops)
{
	int64_t looks = 0;

	while (clock_ms < end_ms)
		looks += go_on(loops);
	return looks;
}

/* keeps: helper/steward/follow R3 */
static void test_a_loop_gets_a_tenth_of_a_processor(void **state)
{
	const int64_t most = (SPAN_MS + CRL_PACE_SAVED_MS) / CRL_PACE_REST / LOOK_MS;
	int64_t looks;

	(void)state;
	assert_true(looks_until(clock_ms + SPAN_MS, false) >= ROOMS); /* and what others do in /tmp */
	looks = looks_until(clock_ms + SPAN_MS, true);
	print_message("%d rooms, %d ms a look: %d looks\n", ROOMS, LOOK_MS, (int)looks);
	assert_in_range(looks, most * 8 / 10, most + most / 20); /* root may have mounted something */
}

static bool is_watched(const char *dir)
{
	char line[256], want[32];
	struct stat st;
	bool found = false;
	FILE *list;

	assert_return_code(stat(at(dir), &st), errno);
	(void)snprintf(want, sizeof(want), " ino:%llx ", (unsigned long long)st.st_ino);
	for (int fd = 0; fd < 64 && !found; fd++) {
		(void)snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
		list = fopen(line, "re");
		while (list && !found && fgets(line, sizeof(line), list))
			found = strncmp(line, "inotify ", 8) == 0 && strstr(line, want);
		if (list)
			(void)fclose(list);
	}
	return found;
}

/* keeps: helper/steward/follow R4 */
static void test_a_room_that_ends_during_a_look_leaves_no_watch(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	do {
		rename_once();
		serve_events();
		clock_ms += SPAN_MS;
		crl_follow_duty.tick(&s, clock_ms);
		pid = waitpid(-1, &status, 0);
	} while (pid < 0);
	assert_true(is_watched("users"));
	assert_int_equal(kill(init, SIGKILL), 0);
	while (crl_follow_duty.is_busy(&s))
		serve_events();
	assert_true(is_watched("users"));
	crl_follow_duty.reaped(&s, pid, status);
	assert_false(is_watched("users"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_loop_gets_a_tenth_of_a_processor),
		cmocka_unit_test(test_a_room_that_ends_during_a_look_leaves_no_watch),
	};

	return cmocka_run_group_tests(tests, begin, scratch_remove);
}
