// SPDX-License-Identifier: Apache-2.0
/* base/dir.c */
#include "base/dir.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top_path[] = "/tmp/crl-dir.XXXXXX";
static int top = -EBADF;

static void make_file(const char *name)
{
	scoped_fd fd = openat(top, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
}

static unsigned int count(int at, const char *name)
{
	scoped(crl_dir) dir = {0};
	unsigned int n = 0;

	assert_int_equal(crl_dir_open(at, name, &dir), 0);
	while (crl_dir_next(&dir))
		n++;
	assert_int_equal(dir.error, 0);
	return n;
}

static void test_walk(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0};
	unsigned int seen = 0;

	assert_int_equal(count(top, "."), 5); /* neither "." nor "..", hidden ones too */
	assert_int_equal(count(top, "."), 5); /* the caller's descriptor is where it was */
	assert_int_equal(count(top, "empty"), 0);
	assert_int_equal(crl_dir_open(top, ".", &dir), 0);
	for (const char *name; (name = crl_dir_next(&dir));)
		seen += faccessat(crl_dir_fd(&dir), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	assert_int_equal(seen, 5);
	assert_null(crl_dir_next(&dir));
	crl_dir_rewind(&dir);
	assert_non_null(crl_dir_next(&dir));
}

static void test_numbers(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0};
	int number = -1;

	assert_int_equal(crl_dir_open(top, ".", &dir), 0);
	assert_true(crl_dir_next_number(&dir, &number));
	assert_int_equal(number, 17);
	assert_false(crl_dir_next_number(&dir, &number)); /* "18th" is none */
}

static void test_links(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0}, followed = {0};

	assert_int_equal(crl_dir_open(top, "link", &dir), -ENOTDIR);
	assert_int_equal(crl_dir_follow(top, "link", &followed), 0);
	assert_null(crl_dir_next(&followed));
}

static void test_not_open(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0};
	int number;

	assert_int_equal(crl_dir_open(top, "nowhere", &dir), -ENOENT);
	assert_int_equal(dir.error, -ENOENT);
	assert_null(crl_dir_next(&dir));
	assert_false(crl_dir_next_number(&dir, &number));
	assert_true(crl_dir_fd(&dir) < 0);
	assert_int_equal(crl_dir_open(top, "17", &dir), -ENOTDIR);
}

static void test_take(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0}, again = {0}, none = {0};
	int own = dup(top);

	assert_int_equal(crl_dir_take(own, &dir), 0);
	assert_int_equal(crl_dir_fd(&dir), own);
	while (crl_dir_next(&dir))
		;
	assert_int_equal(crl_dir_take(dup(top), &again), 0); /* it shares the place, and begins anew all the same */
	assert_non_null(crl_dir_next(&again));
	assert_int_equal(crl_dir_take(-1, &none), -EBADF);
	assert_null(crl_dir_next(&none));
}

static void test_error(void **state)
{
	(void)state;
	scoped(crl_dir) dir = {0};

	assert_int_equal(crl_dir_open(top, ".", &dir), 0);
	assert_int_equal(close(crl_dir_fd(&dir)), 0); /* what is read now fails */
	assert_null(crl_dir_next(&dir));
	assert_int_equal(dir.error, -EBADF);
	assert_null(crl_dir_next(&dir));
}

static int make_top(void **state)
{
	(void)state;
	if (!mkdtemp(top_path))
		return -1;
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file("17");
	make_file("18th");
	make_file(".hidden");
	return mkdirat(top, "empty", 0700) < 0 || symlinkat("empty", top, "link") < 0 ? -1 : 0;
}

static int remove_top(void **state)
{
	char command[PATH_MAX];

	(void)state;
	drop_fd(&top);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", top_path);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),     cmocka_unit_test(test_numbers), cmocka_unit_test(test_links),
		cmocka_unit_test(test_not_open), cmocka_unit_test(test_error),   cmocka_unit_test(test_take),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
