// SPDX-License-Identifier: Apache-2.0
/* What stands below carrel.slice is found, whoever made it, beneath a plain directory that stands for cgroupfs. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/limits/cgroup_sweep.h"
#include "base/scope.h"

static char root_path[] = "/tmp/carrel-find-XXXXXX";
static int root = -EBADF;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	memcpy(root_path + strlen(root_path) - 6, "XXXXXX", 6);
	if (!mkdtemp(root_path))
		return -1;
	root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(root);
	return nftw(root_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make(const char *path)
{
	assert_int_equal(mkdirat(root, path, 0755), 0);
}

static bool has(const struct crl_cgroup_found *f, const char *slice, const char *id)
{
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->item[i].slice, slice) == 0 && strcmp(f->item[i].id, id) == 0)
			return true;
	return false;
}

static void test_nothing(void **state)
{
	struct crl_cgroup_found f;

	(void)state;
	assert_int_equal(crl_cgroup_find(root, "", &f), 0);
	assert_int_equal(f.len, 0);
	make("carrel.slice");
	assert_int_equal(crl_cgroup_find(root, "", &f), 0);
	assert_int_equal(f.len, 0);
	crl_cgroup_found_done(&f);
	crl_cgroup_remove_top(root, "");
	assert_int_equal(faccessat(root, "carrel.slice", F_OK, 0), -1);
}

/* What is above carrel.slice is the administrator's. */
static void test_top_alone_goes(void **state)
{
	(void)state;
	make("over");
	make("over/carrel.slice");
	make("over/carrel.slice/user-1.slice");
	crl_cgroup_remove_top(root, "over");
	assert_int_equal(faccessat(root, "over/carrel.slice/user-1.slice", F_OK, 0), 0);
	crl_cgroup_remove_slice(root, "over/carrel.slice/user-1.slice");
	assert_int_equal(faccessat(root, "over/carrel.slice", F_OK, 0), -1);
	make("over/carrel.slice");
	crl_cgroup_remove_top(root, "over");
	assert_int_equal(faccessat(root, "over/carrel.slice", F_OK, 0), -1);
	assert_int_equal(faccessat(root, "over", F_OK, 0), 0);
}

static void test_all_levels(void **state)
{
	struct crl_cgroup_found f;

	(void)state;
	make("over");
	make("over/carrel.slice");
	make("over/carrel.slice/user-1.slice");
	make("over/carrel.slice/user-1.slice/login-aaaaaaaa");
	make("over/carrel.slice/user-1.slice/login-bbbbbbbb");
	make("over/carrel.slice/user-2.slice");
	make("over/carrel.slice/budget-x.slice");
	make("over/carrel.slice/budget-x.slice/user-3.slice");
	make("over/carrel.slice/budget-x.slice/user-3.slice/login-cccccccc");
	make("over/carrel.slice/budget-y.slice");
	assert_int_equal(crl_cgroup_find(root, "over", &f), 0);
	assert_int_equal(f.len, 5);
	assert_true(has(&f, "over/carrel.slice/user-1.slice", "aaaaaaaa"));
	assert_true(has(&f, "over/carrel.slice/user-1.slice", "bbbbbbbb"));
	assert_true(has(&f, "over/carrel.slice/user-2.slice", ""));
	assert_true(has(&f, "over/carrel.slice/budget-x.slice/user-3.slice", "cccccccc"));
	assert_true(has(&f, "over/carrel.slice/budget-y.slice", ""));
	crl_cgroup_found_done(&f);
}

/* Names of others, among them systemd's below the same slice, and links that lead elsewhere. */
static void test_others_are_passed_over(void **state)
{
	struct crl_cgroup_found f;

	(void)state;
	make("carrel.slice");
	make("carrel.slice/carrel-room-aaaaaaaa.scope");
	make("carrel.slice/user-.slice");
	make("carrel.slice/other.slice");
	make("carrel.slice/other.slice/login-aaaaaaaa");
	make("carrel.slice/budget-x.slice");
	make("carrel.slice/budget-x.slice/budget-y.slice");
	make("carrel.slice/user-1.slice");
	make("carrel.slice/user-1.slice/login-much-too-long-for-an-id");
	assert_int_equal(symlinkat("other.slice", root, "carrel.slice/user-9.slice"), 0);
	assert_int_equal(crl_cgroup_find(root, "", &f), 0);
	assert_int_equal(f.len, 2);
	assert_true(has(&f, "carrel.slice/budget-x.slice", ""));
	assert_true(has(&f, "carrel.slice/user-1.slice", ""));
	crl_cgroup_found_done(&f);
}

static void test_empty_slices_go(void **state)
{
	(void)state;
	make("carrel.slice");
	make("carrel.slice/budget-x.slice");
	make("carrel.slice/budget-x.slice/user-3.slice");
	make("carrel.slice/user-1.slice");
	make("carrel.slice/user-1.slice/login-aaaaaaaa");
	crl_cgroup_remove_slice(root, "carrel.slice/user-1.slice");
	assert_int_equal(faccessat(root, "carrel.slice/user-1.slice/login-aaaaaaaa", F_OK, 0), 0);
	crl_cgroup_remove_slice(root, "carrel.slice/budget-x.slice/user-3.slice");
	assert_int_equal(faccessat(root, "carrel.slice/budget-x.slice", F_OK, 0), -1);
	assert_int_equal(crl_cgroup_remove(root, "carrel.slice/user-1.slice", "aaaaaaaa"), 0);
	assert_int_equal(faccessat(root, "carrel.slice", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_top_alone_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_are_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_slices_go, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
