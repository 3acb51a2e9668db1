// SPDX-License-Identifier: Apache-2.0
/*
 * The cgroupfs manager on the kernel's own cgroup2: make, attach, kill, remove, and the race of making and
 * removing. Limits need controllers that not every test machine has; there a refusal that names one is what
 * is tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "apply/limits/cgroup.h"
#include "base/words.h"
#include "plan/limits/cgroup.h"

#define SLICE "carrel.slice/user-4000000001.slice"

#define SLICE "carrel.slice/user-4000000001.slice"

static int root = -EBADF;
static bool slice_before; /* carrel.slice is not ours alone: logins may be open on this very machine */

static bool exists(const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static int make(const char *id, int *ret_fd)
{
	char missing[CRL_CGROUP_MISSING_MAX];

	return crl_cgroup_make(&(struct crl_cgroup_place){root, SLICE, id},
			       &(struct crl_cgroup_plans){.need = CRL_NEED_OFF}, ret_fd, missing, NULL);
}

static int make_limited(int dir, const struct crl_cgroup_plan *plan, enum crl_need need,
			char missing[CRL_CGROUP_MISSING_MAX], struct crl_err *err)
{
	scoped_fd fd = -EBADF;

	return crl_cgroup_make(&(struct crl_cgroup_place){dir, SLICE, "d1"},
			       &(struct crl_cgroup_plans){.user = plan, .need = need}, &fd, missing, err);
}

static void assert_slices_gone(void)
{
	assert_false(exists(SLICE));
	if (!slice_before)
		assert_false(exists("carrel.slice"));
}

/* A run that was killed half-way left its cgroups: they belong to a uid that no one has. */
static void clear_leftovers(void)
{
	static const char *const ids[] = {"a1", "z1", "b1", "b2", "c1", "c2", "d1"};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char path[96];
		scoped_fd fd = -EBADF;

		if (crl_cgroup_path(SLICE, ids[i], path, sizeof(path)) < 0)
			continue;
		fd = openat(root, path + (path[0] == '/'), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && crl_cgroup_kill(fd) < 0)
			continue;
		for (int k = 0; k < 200 && crl_cgroup_remove(root, SLICE, ids[i]) == -EBUSY; k++)
			(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	slice_before = exists("carrel.slice");
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)sleep(60);
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void test_life(void **state)
{
	scoped_fd fd = -EBADF;
	char of[256], want[96];
	pid_t one, two;
	int status;

	(void)state;
	assert_int_equal(make("a1", &fd), 0);
	assert_int_equal(crl_cgroup_path(SLICE, "a1", want, sizeof(want)), 0);
	assert_true(crl_cgroup_is_idle(fd, 0));
	one = sleeper();
	two = sleeper();
	assert_int_equal(crl_cgroup_attach(fd, one), 0);
	assert_int_equal(crl_cgroup_of(one, of, sizeof(of)), 0);
	assert_string_equal(of + strlen(of) - strlen(want), want);
	assert_int_equal(crl_cgroup_of(one, of, 8), -ENAMETOOLONG);
	assert_true(crl_cgroup_is_idle(fd, one));
	assert_int_equal(crl_cgroup_attach(fd, two), 0);
	assert_false(crl_cgroup_is_idle(fd, one));
	assert_int_equal(crl_cgroup_remove(root, SLICE, "a1"), -EBUSY);
	assert_int_equal(crl_cgroup_kill(fd), 0);
	assert_int_equal(waitpid(one, &status, 0), one);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(waitpid(two, &status, 0), two);
	assert_true(crl_cgroup_is_idle(fd, 0));
	assert_int_equal(crl_cgroup_remove(root, SLICE, "a1"), 0);
	assert_true(crl_cgroup_is_idle(fd, 0)); /* gone is idle */
	assert_slices_gone();
}

static void test_zombie_is_idle(void **state)
{
	scoped_fd fd = -EBADF;
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_int_equal(make("z1", &fd), 0);
	pid = sleeper();
	assert_int_equal(crl_cgroup_attach(fd, pid), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(crl_cgroup_is_idle(fd, 0));
	assert_int_equal(crl_cgroup_remove(root, SLICE, "z1"), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_two_logins(void **state)
{
	scoped_fd one = -EBADF, two = -EBADF;

	(void)state;
	assert_int_equal(make("b1", &one), 0);
	assert_int_equal(make("b2", &two), 0);
	assert_int_equal(crl_cgroup_remove(root, SLICE, "b1"), 0);
	assert_true(exists(SLICE "/login-b2"));
	assert_int_equal(crl_cgroup_remove(root, SLICE, "b2"), 0);
	assert_slices_gone();
}

/* Two processes make and remove under one slice: each rmdir of the slice may hit the other's mkdir. */
static void test_race(void **state)
{
	pid_t child = fork();
	const char *id = child == 0 ? "c1" : "c2";
	int failed = 0, status;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		int fd = -EBADF;

		failed += make(id, &fd) != 0;
		drop_fd(&fd);
		failed += crl_cgroup_remove(root, SLICE, id) != 0;
	}
	if (child == 0)
		_exit(failed != 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(failed, 0);
	assert_slices_gone();
}

/* A limit holds and reads back, or is refused by the name of its controller. */
static void test_limit(void **state)
{
	struct crl_cgroup_plan plan = {.len = 1};
	struct crl_err err = {0};
	char missing[CRL_CGROUP_MISSING_MAX];
	int rc;

	(void)state;
	plan.write[0] = (struct crl_cgroup_write){
		.controller = "memory", .file = "memory.max", .key = "limits.memory", .value = "1073741823"};
	rc = make_limited(root, &plan, CRL_NEED_REQUIRE, missing, &err);
	if (rc == 0) {
		assert_int_equal(crl_cgroup_remove(root, SLICE, "d1"), 0);
		return;
	}
	assert_int_equal(rc, -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "controller memory is not available in /sys/fs/cgroup"));
	assert_non_null(strstr(err.text, "(limits.memory)"));
	assert_int_equal(make_limited(root, &plan, CRL_NEED_PREFER, missing, &err), 0);
	assert_string_equal(missing, "memory");
	assert_int_equal(crl_cgroup_remove(root, SLICE, "d1"), 0);
	assert_slices_gone();
}

static ssize_t read_at(int dir, const char *name, char *buf, size_t size)
{
	scoped_fd fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* One controller, when the kernel has it for the hierarchy; a second time where somebody has enabled it before. */
static void refuse_busy(const char *controller, bool is_there)
{
	static const char name[] = "carrel-test-busy";
	char missing[CRL_CGROUP_MISSING_MAX], left[64], enabled[32];
	struct crl_cgroup_plan plan = {.len = 1};
	scoped_fd sub = -EBADF, file = -EBADF;
	pid_t pid;

	(void)mkdirat(root, name, 0755);
	sub = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	plan.write[0] = (struct crl_cgroup_write){.controller = controller, .file = "none.max", .key = "limits.test"};
	pid = sleeper();
	assert_int_equal(crl_cgroup_attach(sub, pid), 0);
	file = openat(sub, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	for (int round = 0; round < 2; round++) {
		struct crl_err err = {0};

		assert_int_equal(make_limited(sub, &plan, CRL_NEED_REQUIRE, missing, &err),
				 is_there ? -EBUSY : -EOPNOTSUPP);
		if (is_there)
			assert_non_null(strstr(err.text, "holds processes of its own"));
		(void)read_at(sub, "cgroup.subtree_control", left, sizeof(left));
		if (round == 0)
			assert_true(left[0] == '\0' || left[0] == '\n'); /* the host's own choice stays */
		(void)snprintf(enabled, sizeof(enabled), "+%s", controller);
		(void)!write(file, enabled, strlen(enabled));
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(unlinkat(root, name, AT_REMOVEDIR), 0); /* nothing was left in it */
}

/* A root that is not the hierarchy's and has processes hands no controllers on, even where the kernel lets it. */
static void test_busy_root(void **state)
{
	static const char *const some[] = {"cpu", "memory", "pids"};
	char there[256], before[256];
	scoped_fd file = openat(root, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);

	(void)state;
	(void)read_at(root, "cgroup.controllers", there, sizeof(there));
	(void)read_at(root, "cgroup.subtree_control", before, sizeof(before));
	for (size_t i = 0; i < CRL_ARRAY_LEN(some); i++) {
		bool is_there = crl_word_is_in(there, some[i], " \n");

		if (is_there)
			(void)!dprintf(file, "+%s", some[i]);
		refuse_busy(some[i], is_there);
		if (is_there && !crl_word_is_in(before, some[i], " \n"))
			(void)!dprintf(file, "-%s", some[i]);
	}
}

/* A configured directory of the hierarchy: its top is the root, the rest the prefix. */
static void test_configured(void **state)
{
	char path[64], prefix[CRL_SLICE_MAX];
	scoped_fd fd = -EBADF;
	struct stat want, got;

	(void)state;
	(void)mkdirat(root, "carrel-test-lent", 0755);
	(void)mkdirat(root, "carrel-test-lent/part", 0755);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/carrel-test-lent/part", root);
	assert_int_equal(crl_cgroup_open_root(path, &fd, prefix, NULL), 0);
	assert_string_equal(prefix, "carrel-test-lent/part");
	assert_int_equal(fstat(root, &want), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_true(want.st_ino == got.st_ino && want.st_dev == got.st_dev);
	drop_fd(&fd);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", root);
	assert_int_equal(crl_cgroup_open_root(path, &fd, prefix, NULL), 0);
	assert_string_equal(prefix, "");
	assert_int_equal(unlinkat(root, "carrel-test-lent/part", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(root, "carrel-test-lent", AT_REMOVEDIR), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),       cmocka_unit_test(test_zombie_is_idle),
		cmocka_unit_test(test_two_logins), cmocka_unit_test(test_race),
		cmocka_unit_test(test_limit),      cmocka_unit_test(test_busy_root),
		cmocka_unit_test(test_configured),
	};
	struct crl_err err = {0};

	if (geteuid() != 0 || crl_cgroup_open_root("", &root, NULL, &err) < 0) {
		(void)fprintf(stderr, "skipped: needs root and cgroup v2: %s\n", err.text);
		return 77;
	}
	clear_leftovers();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
