// SPDX-License-Identifier: Apache-2.0
/* layers/remove.c: what goes, what stays, however deep it is. Needs no root. */
#include "layers/remove.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/dir.h"
#include "tests/unit/scratch.h"

static int dir_fd = -EBADF;

static int make(void **state)
{
	if (scratch_make(state))
		return -1;
	dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static bool is_there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

/* keeps: layers/remove R2 */
static void test_deep(void **state)
{
	(void)state;
	enum { LEVELS = 5000 };
	struct crl_remove r = {0};
	int fd = dup(dir_fd);

	for (int i = 0; i < LEVELS; i++) {
		int next;

		assert_int_equal(mkdirat(fd, i ? "d" : "deep", 0755), 0);
		next = openat(fd, i ? "d" : "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		assert_int_equal(mkdirat(next, "0", 0755), 0); /* a name that is used for what is moved */
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
	assert_int_equal(crl_remove_tree(dir_fd, "deep", &r), 0);
	assert_false(is_there("deep"));
	assert_int_equal(r.removed, 2 * LEVELS);
}

/* keeps: layers/remove R1 */
static void test_links(void **state)
{
	(void)state;
	struct crl_remove r = {0};

	assert_int_equal(mkdir(at("tree"), 0755) || mkdir(at("outside"), 0755), 0);
	write_file("outside/file", "");
	assert_int_equal(symlink("../outside", at("tree/link")) || symlink("outside", at("link")), 0);
	assert_int_equal(crl_remove_tree(dir_fd, "tree", &r), 0);
	assert_int_equal(crl_remove_tree(dir_fd, "link", &r), 0);
	assert_false(is_there("tree"));
	assert_false(is_there("link"));
	assert_true(is_there("outside/file"));
	assert_int_equal(crl_remove_tree(dir_fd, "tree", &r), 0); /* again */
	assert_int_equal(crl_remove_tree(dir_fd, "..", &r), -EINVAL);
}

/* Directories that only root could have changed or looked into. */
static void test_modes(void **state)
{
	(void)state;
	struct crl_remove r = {0};
	pid_t pid;
	int status;

	assert_int_equal(mkdir(at("shut"), 0777) || mkdir(at("shut/a"), 0777) || mkdir(at("shut/a/b"), 0777), 0);
	write_file("shut/a/b/file", "");
	if (geteuid() == 0) { /* the rest as somebody whom modes hinder */
		for (const char *const *p = (const char *const[]){".", "shut", "shut/a", "shut/a/b", NULL}; *p; p++)
			assert_int_equal(chown(at(*p), 65534, 65534), 0);
		assert_int_equal(chmod(scratch, 0755), 0);
	}
	assert_int_equal(chmod(at("shut/a/b"), 0) || chmod(at("shut/a"), 0500) || chmod(at("shut"), 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(1);
		_exit(crl_remove_tree(dir_fd, "shut", &r) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(is_there("shut"));
}

static bool say_stop(void *arg)
{
	return ++*(int *)arg >= 3;
}

static void test_stop(void **state)
{
	(void)state;
	int asked = 0;
	struct crl_remove r = {.stop = say_stop, .arg = &asked};
	char name[64];

	assert_int_equal(mkdir(at("many"), 0755), 0);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "many/%d", i);
		write_file(name, "");
	}
	assert_int_equal(crl_remove_tree(dir_fd, "many", &r), -EINTR);
	assert_true(is_there("many"));
	assert_true(r.removed > 0);
	r.stop = NULL;
	assert_int_equal(crl_remove_tree(dir_fd, "many", &r), 0);
	assert_int_equal(r.removed, 1001);
	assert_false(is_there("many"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, make, scratch_remove);
}
