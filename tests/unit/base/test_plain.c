// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plain.h"
#include "tests/unit/scratch.h"

static int root = -1;

static int setup(void **state)
{
	if (scratch_make(state))
		return -1;
	root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mkdirat(root, "d", 0755) || mkdirat(root, "d/e", 0755) || mkdirat(root, "shut", 0755) ||
	    symlinkat("d", root, "to-d") || symlinkat("e/f", root, "d/to-f") ||
	    symlinkat("nowhere", root, "dangling") || symlinkat("/proc/self", root, "magic") ||
	    mkfifoat(root, "fifo", 0600))
		return -1;
	return close(openat(root, "d/e/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int teardown(void **state)
{
	(void)close(root);
	return scratch_remove(state);
}

/* Both ways answer the same to everything. */
/* keeps: base/plain R1 R2 */
static void test_same_answers(void **state)
{
	static const struct {
		const char *path;
		uint64_t flags;
		int want;
	} kase[] = {
		{"d", O_PATH, 0},
		{"/d", O_PATH | O_DIRECTORY, 0},
		{"d/", O_PATH, 0},
		{"d//e/f", O_PATH, 0},
		{"", O_PATH, 0},
		{"/", O_PATH | O_DIRECTORY, 0},
		{".", O_PATH, 0},
		{"./d/./e", O_PATH, 0},
		{"d/e/f", O_RDONLY, 0},
		{"d/e/f", O_PATH | O_DIRECTORY, -ENOTDIR},
		{"d/e/f/", O_PATH, -ENOTDIR},
		{"d/e/f/g", O_PATH, -ENOTDIR},
		{"none", O_PATH, -ENOENT},
		{"d/none/x", O_PATH, -ENOENT},
		{"none", O_RDONLY, -ENOENT},
		{"to-d", O_PATH, -ELOOP},
		{"to-d", O_PATH | O_DIRECTORY, -ELOOP},
		{"to-d", O_RDONLY, -ELOOP},
		{"to-d/", O_PATH, -ELOOP},
		{"to-d/e", O_PATH, -ELOOP},
		{"to-d/e/f", O_RDONLY, -ELOOP},
		{"d/to-f", O_PATH, -ELOOP},
		{"d/to-f", O_RDONLY, -ELOOP},
		{"d/to-f", O_PATH | O_DIRECTORY, -ELOOP},
		{"dangling", O_PATH, -ELOOP},
		{"dangling/x", O_PATH, -ELOOP},
		{"magic/cwd", O_PATH, -ELOOP},
		{"magic", O_PATH | O_DIRECTORY, -ELOOP},
		{"..", O_PATH, -EXDEV},
		{"../x", O_PATH, -EXDEV},
		{"fifo", O_PATH, 0},
		{"fifo", O_RDONLY | O_NONBLOCK, 0},
		{"fifo/x", O_PATH, -ENOTDIR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kase) / sizeof(kase[0]); i++) {
		scoped_fd call = -EBADF, walk = -EBADF;
		struct stat a, b;

		print_message("%s %x\n", kase[i].path, (unsigned int)kase[i].flags);
		assert_int_equal(crl_plain_open(root, kase[i].path, kase[i].flags, 0, &call), kase[i].want);
		assert_int_equal(crl_plain_walk(root, kase[i].path, kase[i].flags, 0, &walk), kase[i].want);
		if (kase[i].want < 0) {
			assert_int_equal(walk, -EBADF);
			continue;
		}
		assert_int_equal(fcntl(walk, F_GETFD), FD_CLOEXEC);
		assert_int_equal(fstat(call, &a), 0);
		assert_int_equal(fstat(walk, &b), 0);
		assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	}
}

static void test_makes_files(void **state)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(crl_plain_walk(root, "d/e/new", O_RDWR | O_CREAT | O_EXCL, 0640, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	drop_fd(&fd);
	assert_int_equal(crl_plain_walk(root, "d/e/new", O_RDWR | O_CREAT | O_EXCL, 0640, &fd), -EEXIST);
	assert_int_equal(crl_plain_walk(root, "to-d/new", O_RDWR | O_CREAT | O_EXCL, 0640, &fd), -ELOOP);
	(void)umask(mask);
}

static void test_long_names(void **state)
{
	char name[NAME_MAX + 2];
	scoped_fd fd = -EBADF;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(crl_plain_walk(root, name, O_PATH, 0, &fd), -ENAMETOOLONG);
	name[NAME_MAX] = '\0';
	assert_int_equal(crl_plain_walk(root, name, O_PATH, 0, &fd), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_answers),
		cmocka_unit_test(test_makes_files),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
