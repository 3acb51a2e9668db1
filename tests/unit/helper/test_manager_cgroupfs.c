// SPDX-License-Identifier: Apache-2.0
/*
 * The child that moves an application into its cgroup, when the kernel does not come to it. Directories stand for
 * cgroups; the file of the new one is a pipe that is full, so that the move lasts until somebody reads. And for how long
 * it is waited for: helper/parts/limits.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/scope.h"
#include "helper/job.h"
#include "helper/options.h"
#include "helper/parts.h"
#include "helper/parts/limits.h"
#include "helper/parts/manager.h"

#define LONG_MS 120000
#define FILE_NAME "cgroup.procs"

static struct crl_options options;
static char origin[2048]; /* the file that names who was moved back; "" = there is no cgroup v2 */

static struct crl_job *moving; /* the last one */

struct move {
	struct crl_job *job;
	int pipe; /* the new cgroup's file, to be read */
	int opened; /* tells when somebody else opens it */
};

static void fill(int fd)
{
	static const char page[4096];

	while (write(fd, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

/* The application is this process. */
static struct move begin(int64_t end_ms)
{
	struct move m = {.job = crl_job_new(&options), .opened = inotify_init1(IN_CLOEXEC)};

	if (!origin[0])
		skip();
	assert_non_null(m.job);
	moving = m.job;
	assert_return_code(m.opened, errno);
	write_file(origin + strlen(scratch) + 1, "");
	m.job->app_pid = getpid();
	m.job->deadline_ms = end_ms;
	m.job->cgroup.root = open(at("root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m.job->cgroup.dir = open(at("new"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m.pipe = open(at("new/" FILE_NAME), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_return_code(m.pipe, errno);
	fill(m.pipe);
	assert_return_code(inotify_add_watch(m.opened, at("new/" FILE_NAME), IN_OPEN), errno);
	return m;
}

/* It has begun, and nothing interrupts it from here on. */
static void await_the_move(const struct move *m)
{
	char event[sizeof(struct inotify_event)];

	assert_int_equal(read(m->opened, event, sizeof(event)), sizeof(event));
}

static void let_it_go_on(const struct move *m)
{
	char page[65536];

	assert_true(read(m->pipe, page, sizeof(page)) > 0);
}

static void end(struct move *m)
{
	(void)close(m->pipe);
	(void)close(m->opened);
	moving = NULL;
	crl_job_done(m->job);
}

static bool was_moved_back(void)
{
	char want[16], got[16] = "";
	scoped_fd fd = open(origin, O_RDONLY | O_CLOEXEC);

	assert_return_code(read(fd, got, sizeof(got) - 1), errno);
	(void)snprintf(want, sizeof(want), "%d", (int)getpid());
	return strcmp(want, got) == 0;
}

/* What is asked back is in this process's own cgroup, where it is. */
static void test_a_move_that_is_waited_for_stays(void **state)
{
	struct move m = begin(crl_now_ms() + LONG_MS);
	struct crl_job_cgroup *c = &m.job->cgroup;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_manager_cgroupfs.move_in(m.job, &err), 0);
	await_the_move(&m);
	let_it_go_on(&m);
	(void)snprintf(c->path, sizeof(c->path), "%s", c->origin + (c->origin[0] == '/'));
	assert_int_equal(crl_limits_finish_move(m.job, &err), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_false(was_moved_back());
	end(&m);
}

/* keeps: helper/parts/manager_cgroupfs R1. The helper gives up in time, and is not there any more when it is done. */
static void test_one_that_is_given_up_is_taken_back(void **state)
{
	struct move m = begin(crl_now_ms() + 50);
	struct crl_err err = {0};
	pid_t mover;

	(void)state;
	assert_int_equal(crl_manager_cgroupfs.move_in(m.job, &err), 0);
	mover = m.job->cgroup.mover;
	await_the_move(&m);
	assert_int_equal(crl_limits_finish_move(m.job, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "does not come to move"));
	crl_part_limits.undo(m.job, NULL);
	assert_true(was_moved_back()); /* by the helper, before the move */
	assert_int_equal(truncate(origin, 0), 0);
	let_it_go_on(&m);
	assert_int_equal(waitpid(mover, NULL, 0), mover);
	assert_true(was_moved_back());
	end(&m);
}

/* keeps: helper/parts/manager_cgroupfs R1 */
static void test_one_whose_helper_has_died_is_taken_back(void **state)
{
	struct move m = begin(crl_now_ms() + LONG_MS);
	pid_t helper;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	helper = fork();
	if (helper == 0) {
		if (crl_manager_cgroupfs.move_in(m.job, NULL) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	await_the_move(&m);
	assert_int_equal(kill(helper, SIGKILL), 0);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	let_it_go_on(&m);
	assert_true(waitpid(-1, NULL, 0) > 0); /* the mover, whose parent we are now */
	assert_true(was_moved_back());
	end(&m);
}

/* A move is waited for without end: none is left that would hold the pipe for ever. */
static void give_up(int number)
{
	(void)number;
	if (moving && moving->cgroup.mover > 0)
		(void)kill(moving->cgroup.mover, SIGKILL);
	_exit(1);
}

static int make_places(void **state)
{
	char command[4096], here[1024];

	if (scratch_make(state) < 0)
		return -1;
	if (crl_cgroup_of(getpid(), here, sizeof(here)) < 0) {
		print_message("no cgroup v2: nothing is moved\n");
		return 0;
	}
	(void)snprintf(origin, sizeof(origin), "%s/root/%s/" FILE_NAME, scratch, here);
	(void)snprintf(command, sizeof(command), "cd %s && mkdir -p 'root/%s' new && mkfifo new/" FILE_NAME, scratch,
		       here);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_move_that_is_waited_for_stays),
		cmocka_unit_test(test_one_that_is_given_up_is_taken_back),
		cmocka_unit_test(test_one_whose_helper_has_died_is_taken_back),
	};

	(void)signal(SIGALRM, give_up);
	(void)alarm(60);
	return cmocka_run_group_tests(tests, make_places, scratch_remove);
}
