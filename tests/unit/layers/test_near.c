// SPDX-License-Identifier: Apache-2.0
/* layers/near.c */
#include "layers/near.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/kernel.h"
#include "tests/unit/layers/no_openat2.h"
#include "tests/unit/scratch.h"

static int top = -EBADF;

static int make(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	write_file("file", "text");
	top = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return mkdir(at("dir"), 0755) || symlink("file", at("link")) || symlink("/etc", at("out")) || top < 0;
}

static int give_back(void **state)
{
	(void)close(top);
	return scratch_remove(state);
}

static void test_names(void **state)
{
	(void)state;
	char name[NAME_MAX + 2];

	assert_true(crl_near_is_name("a") && crl_near_is_name("...") && crl_near_is_name("a\nb") &&
		    crl_near_is_name("\xff"));
	assert_false(crl_near_is_name("") || crl_near_is_name(".") || crl_near_is_name("..") ||
		     crl_near_is_name("a/b"));
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_true(crl_near_is_name(name));
	name[NAME_MAX] = 'x';
	name[NAME_MAX + 1] = '\0';
	assert_false(crl_near_is_name(name));
}

static int try(const char *name, int flags)
{
	int fd = -EBADF, rc = crl_near_open(top, name, flags, 0, &fd);

	if (rc == 0)
		assert_int_equal(close(fd), 0);
	return rc;
}

/* keeps: layers/near R1 */
static void check_opening(void)
{
	assert_int_equal(try("file", O_RDONLY), 0);
	assert_int_equal(try("dir", O_RDONLY | O_DIRECTORY), 0);
	assert_int_equal(try("file", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	assert_int_equal(try("link", O_RDONLY), -ELOOP);
	assert_int_equal(try("link", O_PATH), -ELOOP);
	assert_in_range(-try("out", O_RDONLY | O_DIRECTORY), ENOTDIR < ELOOP ? ENOTDIR : ELOOP,
			ENOTDIR < ELOOP ? ELOOP : ENOTDIR);
	assert_int_equal(try("none", O_RDONLY), -ENOENT);
	assert_int_equal(try("..", O_RDONLY | O_DIRECTORY), -EINVAL);
	assert_int_equal(try("dir/x", O_RDONLY), -EINVAL);
}

static void test_open(void **state)
{
	(void)state;
	check_opening();
}

static void test_open_without_openat2(void **state)
{
	(void)state;
	needs_filters();
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (deny_openat2())
			_exit(2);
		check_opening();
		_exit(0); /* a check that fails leaves by cmocka's way, and not by this one */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_stat(void **state)
{
	(void)state;
	struct stat st, want;

	for (const char *const *name = (const char *const[]){"file", "dir", "link", NULL}; *name; name++) {
		assert_int_equal(crl_near_stat(top, *name, &st), 0);
		assert_int_equal(fstatat(top, *name, &want, AT_SYMLINK_NOFOLLOW), 0);
		want.st_atim = st.st_atim; /* a look at a directory may be noted */
		assert_memory_equal(&st, &want, offsetof(struct stat, st_ctim) + sizeof(st.st_ctim));
	}
	assert_int_equal(crl_near_stat(top, "none", &st), -ENOENT);
	assert_int_equal(crl_near_stat(top, "link/x", &st), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_without_openat2),
		cmocka_unit_test(test_stat),
	};

	return cmocka_run_group_tests(tests, make, give_back);
}
