// SPDX-License-Identifier: Apache-2.0
/*
 * The cgroupfs manager beneath a plain directory that stands for cgroupfs: files are made beforehand, since a
 * plain directory grows none. What only the kernel can answer (kill, attach, rmdir) is in tests/live/apply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "apply/limits/cgroup.h"
#include "plan/limits/cgroup.h"

static char root_path[] = "/tmp/carrel-cgroup-XXXXXX";
static int root = -EBADF;

static void put(const char *name, const char *text)
{
	scoped_fd fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *get(const char *name)
{
	static char text[512];
	scoped_fd fd = openat(root, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

#define SLICE "carrel.slice/user-1000.slice"
#define USER SLICE "/"

/* A cgroup root with all controllers and the slice of user 1000 with empty limit files. */
static int setup(void **state)
{
	(void)state;
	memcpy(root_path + strlen(root_path) - 6, "XXXXXX", 6);
	if (!mkdtemp(root_path))
		return -1;
	root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(root, "carrel.slice", 0755);
	(void)mkdirat(root, "carrel.slice/user-1000.slice", 0755);
	put("cgroup.controllers", "cpuset cpu io memory pids\n");
	put("cgroup.subtree_control", "");
	put("carrel.slice/cgroup.subtree_control", "");
	put(USER "cpu.max", "");
	put(USER "memory.max", "");
	put(USER "memory.swap.max", "");
	put(USER "pids.max", "");
	put(USER "io.max", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	drop_fd(&root);
	return nftw(root_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void plan_add(struct crl_cgroup_plan *p, const char *controller, const char *file, const char *value)
{
	struct crl_cgroup_write *w = &p->write[p->len++];

	*w = (struct crl_cgroup_write){.controller = controller, .file = file, .key = "limits.test"};
	(void)snprintf(w->value, sizeof(w->value), "%s", value);
}

static int make(const struct crl_cgroup_plan *p, enum crl_need need, char missing[CRL_CGROUP_MISSING_MAX],
		struct crl_err *err)
{
	scoped_fd fd = -EBADF;

	memset(err, 0, sizeof(*err));
	return crl_cgroup_make(&(struct crl_cgroup_place){root, SLICE, "abc234"},
			       &(struct crl_cgroup_plans){.user = p, .need = need}, &fd, missing, err);
}

static bool exists(const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static void test_make(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	plan_add(&p, "cpu", "cpu.max", "50000 100000");
	plan_add(&p, "memory", "memory.max", "1073741824");
	plan_add(&p, "pids", "pids.max", "100");
	plan_add(&p, "io", "io.max", "8:0 rbps=5 wbps=6");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), 0);
	assert_string_equal(missing, "");
	assert_string_equal(get("cgroup.subtree_control"), "+cpu +memory +pids +io");
	assert_string_equal(get("carrel.slice/cgroup.subtree_control"), "+cpu +memory +pids +io");
	assert_string_equal(get(USER "cpu.max"), "50000 100000");
	assert_string_equal(get(USER "io.max"), "8:0 rbps=5 wbps=6");
	assert_true(exists(USER "login-abc234"));
}

/* A second login finds all as it should be and writes nothing: files without write permission prove it as
 * non-root, texts that a write would change prove it for root. */
static void test_equal_is_not_written(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	put("cgroup.subtree_control", "memory io cpu\n");
	put("carrel.slice/cgroup.subtree_control", "memory io cpu\n");
	put(USER "cpu.max", "050000 100000\n");
	put(USER "memory.max", "1073737728\n"); /* the kernel's rounding to pages */
	put(USER "io.max", "8:0 rbps=max wbps=6 riops=max wiops=max\n");
	plan_add(&p, "cpu", "cpu.max", "50000 100000");
	plan_add(&p, "memory", "memory.max", "1073741823");
	plan_add(&p, "io", "io.max", "8:0 wbps=6");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), 0);
	assert_string_equal(get("cgroup.subtree_control"), "memory io cpu\n");
	assert_string_equal(get(USER "cpu.max"), "050000 100000\n");
	assert_string_equal(get(USER "memory.max"), "1073737728\n");
	assert_string_equal(get(USER "io.max"), "8:0 rbps=max wbps=6 riops=max wiops=max\n");
}

/* What the policy of an earlier login has limited and this one leaves open is lifted, and nothing else is written. */
static void test_open_is_lifted(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	put(USER "cpu.max", "50000 100000\n");
	put(USER "cpu.weight", "50\n");
	put(USER "memory.max", "max\n");
	put(USER "memory.swap.max", "4096\n");
	put(USER "pids.max", "10\n");
	put(USER "io.max", "7:0 rbps=1 wbps=max riops=max wiops=max\n");
	plan_add(&p, "pids", "pids.max", "10");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), 0);
	assert_memory_equal(get(USER "cpu.max"), "max", 3);
	assert_memory_equal(get(USER "cpu.weight"), "100", 3);
	assert_string_equal(get(USER "memory.max"), "max\n");
	assert_memory_equal(get(USER "memory.swap.max"), "max", 3);
	assert_string_equal(get(USER "pids.max"), "10\n");
	assert_string_equal(get(USER "io.max"), "7:0 rbps=max wbps=max riops=max wiops=max");
	put(USER "cpu.weight", "20\n");
	put(USER "io.max", "8:0 rbps=5 wbps=max riops=max wiops=max\n");
	p.len = 0;
	plan_add(&p, "io", "io.max", "8:0 rbps=5 wbps=max riops=max wiops=max");
	assert_int_equal(make(&p, CRL_NEED_PREFER, missing, &err), 0);
	assert_memory_equal(get(USER "cpu.weight"), "100", 3);
	assert_memory_equal(get(USER "pids.max"), "max", 3);
	assert_string_equal(get(USER "io.max"), "8:0 rbps=5 wbps=max riops=max wiops=max\n");
}

/* The budget's limits stand above the user's own; controllers are enabled all the way down to there. */
static void test_budget(void **state)
{
#define BUDGET "carrel.slice/budget-students.slice"
	struct crl_cgroup_plan user = {.len = 0}, budget = {.len = 0};
	const struct crl_cgroup_plans plans = {.user = &user, .budget = &budget, .need = CRL_NEED_REQUIRE};
	char slice[CRL_SLICE_MAX], missing[CRL_CGROUP_MISSING_MAX];
	struct crl_err err = {0};
	scoped_fd fd = -EBADF;

	(void)state;
	assert_int_equal(crl_cgroup_slice("", 1000, "students", slice), 0);
	(void)mkdirat(root, BUDGET, 0755);
	(void)mkdirat(root, slice, 0755);
	put(BUDGET "/cgroup.subtree_control", "");
	put(BUDGET "/cpu.max", "");
	put(BUDGET "/pids.max", "50\n"); /* of yesterday's configuration */
	put(BUDGET "/user-1000.slice/pids.max", "");
	plan_add(&user, "pids", "pids.max", "10");
	plan_add(&budget, "cpu", "cpu.max", "200000 100000");
	assert_int_equal(crl_cgroup_make(&(struct crl_cgroup_place){root, slice, "abc234"}, &plans, &fd, missing, &err),
			 0);
	assert_string_equal(get("cgroup.subtree_control"), "+cpu +pids");
	assert_string_equal(get("carrel.slice/cgroup.subtree_control"), "+cpu +pids");
	assert_string_equal(get(BUDGET "/cgroup.subtree_control"), "+cpu +pids");
	assert_string_equal(get(BUDGET "/cpu.max"), "200000 100000");
	assert_memory_equal(get(BUDGET "/pids.max"), "max", 3);
	assert_string_equal(get(BUDGET "/user-1000.slice/pids.max"), "10");
	assert_true(exists(BUDGET "/user-1000.slice/login-abc234"));

	put("cgroup.controllers", "pids");
	assert_int_equal(crl_cgroup_make(&(struct crl_cgroup_place){root, slice, "abc234"}, &plans, &fd, missing, &err),
			 -EOPNOTSUPP);
	assert_int_equal(crl_cgroup_remove(root, slice, "abc234"), 0);
	assert_false(exists(BUDGET "/user-1000.slice/login-abc234"));
}

static void test_missing_controller(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	char missing[CRL_CGROUP_MISSING_MAX], want[160];
	struct crl_err err;

	(void)state;
	put("cgroup.controllers", "hugetlb cpuset xmemory pids\n"); /* "cpu" and "memory" are no words of it */
	plan_add(&p, "cpu", "cpu.max", "50000 100000");
	plan_add(&p, "cpu", "cpu.weight", "5");
	plan_add(&p, "memory", "memory.max", "4096");
	plan_add(&p, "pids", "pids.max", "10");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), -EOPNOTSUPP);
	(void)snprintf(want, sizeof(want), "controller cpu is not available in %s (limits.test)", root_path);
	assert_string_equal(err.text, want);
	assert_int_equal(err.stage, CRL_STAGE_LIMITS);
	assert_false(exists(USER "login-abc234"));

	assert_int_equal(make(&p, CRL_NEED_PREFER, missing, &err), 0);
	assert_string_equal(missing, "cpu,memory");
	assert_string_equal(get(USER "pids.max"), "10");
	assert_string_equal(get(USER "memory.max"), "");
	assert_string_equal(get("cgroup.subtree_control"), "+pids");
}

static void test_missing_file(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	(void)unlinkat(root, USER "memory.swap.max", 0); /* a kernel without swap accounting */
	plan_add(&p, "memory", "memory.max", "4096");
	plan_add(&p, "memory", "memory.swap.max", "0");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "memory.swap.max"));
	assert_false(exists(USER "login-abc234"));
	assert_int_equal(make(&p, CRL_NEED_PREFER, missing, &err), 0);
	assert_string_equal(missing, "memory.swap.max");
}

static void test_off(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	put("cgroup.controllers", "");
	plan_add(&p, "pids", "pids.max", "10");
	assert_int_equal(make(&p, CRL_NEED_OFF, missing, &err), 0);
	assert_int_equal(make(NULL, CRL_NEED_REQUIRE, missing, &err), 0);
	assert_string_equal(get(USER "pids.max"), "");
	assert_true(exists(USER "login-abc234"));
}

/* /dev/null in a limit's place takes all and keeps nothing. */
static void test_read_back(void **state)
{
	struct crl_cgroup_plan p = {.len = 0};
	struct crl_err err;
	char missing[CRL_CGROUP_MISSING_MAX];
	scoped_fd fd = -EBADF;

	(void)state;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: making a device needs root\n");
		skip();
	}
	(void)unlinkat(root, USER "pids.max", 0);
	assert_int_equal(mknodat(root, USER "pids.max", S_IFCHR | 0666, (1 << 8) | 3), 0);
	fd = openat(root, USER "pids.max", O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) {
		print_message("skipped: devices in /tmp are not opened (nodev)\n");
		skip();
	}
	assert_true(fd >= 0);
	plan_add(&p, "pids", "pids.max", "10");
	assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), -ERANGE);
	assert_non_null(strstr(err.text, "pids.max"));
	assert_int_equal(make(&p, CRL_NEED_PREFER, missing, &err), -ERANGE); /* there, but lying: no preference */
	assert_false(exists(USER "login-abc234"));
}

/* Longer old text stays behind the new one in a plain file: values that only begin alike are not equal. */
static void test_read_back_values(void **state)
{
	static const struct {
		const char *file, *controller, *left, *value;
		int want;
	} kase[] = {
		{"pids.max", "pids", "99\n", "98", 0},
		{"pids.max", "pids", "1111", "22", -ERANGE},
		{"memory.max", "memory", "9999999 9", "4096", -ERANGE},
		{"memory.max", "memory", "max", "max", 0},
		{"cpu.max", "cpu", "max 100000\n", "1000 100000", 0},
		{"io.max", "io", "8:10 rbps=1\n", "8:1 rbps=1", -ERANGE},
		{"io.max", "io", "8:1 rbps=10\n", "8:1 wbps=10", 0},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_cgroup_plan p = {.len = 0};
		char missing[CRL_CGROUP_MISSING_MAX], name[96];
		struct crl_err err;

		(void)snprintf(name, sizeof(name), USER "%s", kase[i].file);
		put(name, kase[i].left);
		plan_add(&p, kase[i].controller, kase[i].file, kase[i].value);
		assert_int_equal(make(&p, CRL_NEED_REQUIRE, missing, &err), kase[i].want);
	}
}

static const struct crl_cgroup_plans none = {.need = CRL_NEED_OFF};

static void test_ids(void **state)
{
	static const char *const bad[] = {"", "..", "a/b", "A", "a.b", "a b", "a\n"};
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};
	char slice[CRL_SLICE_MAX], buf[96], missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	assert_int_equal(crl_cgroup_slice("", 4294967294u, "", slice), 0);
	assert_int_equal(crl_cgroup_path(slice, "abcdefghijklmno", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "carrel.slice/user-4294967294.slice/login-abcdefghijklmno");
	assert_int_equal(crl_cgroup_path(slice, "abcdefghijklmnop", buf, sizeof(buf)), -ENAMETOOLONG);
	assert_int_equal(crl_cgroup_path("carrel.slice/user-1.slice", "a", buf, 33), -ENAMETOOLONG);
	assert_int_equal(crl_cgroup_path("carrel.slice/user-1.slice", "a", buf, 34), 0);
	assert_int_equal(crl_cgroup_slice("", 1, "students", slice), 0);
	assert_string_equal(slice, "carrel.slice/budget-students.slice/user-1.slice");
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		assert_int_equal(crl_cgroup_path(slice, bad[i], buf, sizeof(buf)), -EINVAL);
		assert_int_equal(
			crl_cgroup_make(&(struct crl_cgroup_place){root, slice, bad[i]}, &none, &fd, missing, &err),
			-EINVAL);
		assert_int_equal(crl_cgroup_remove(root, slice, bad[i]), -EINVAL);
	}
}

static void test_remove(void **state)
{
	scoped_fd one = -EBADF, two = -EBADF;
	struct crl_cgroup_place at = {.root = root, .slice = "carrel.slice/user-7.slice"};
	char missing[CRL_CGROUP_MISSING_MAX];

	(void)state;
	at.id = "a";
	assert_int_equal(crl_cgroup_make(&at, &none, &one, missing, NULL), 0);
	at.id = "b";
	assert_int_equal(crl_cgroup_make(&at, &none, &two, missing, NULL), 0);
	assert_int_equal(crl_cgroup_remove(root, "carrel.slice/user-7.slice", "a"), 0);
	assert_true(exists("carrel.slice/user-7.slice/login-b"));
	assert_int_equal(crl_cgroup_remove(root, "carrel.slice/user-7.slice", "b"), 0);
	assert_false(exists("carrel.slice/user-7.slice"));
	assert_true(exists("carrel.slice")); /* user 1000's is in it */
	assert_int_equal(crl_cgroup_remove(root, "carrel.slice/user-7.slice", "b"), 0);
}

/* Beneath a directory that the administrator has made, which is never removed. */
static void test_prefix(void **state)
{
	static const char tree[] = "lent/carrel.slice/part";
	char slice[CRL_SLICE_MAX], long_prefix[CRL_SLICE_MAX], missing[CRL_CGROUP_MISSING_MAX];
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_cgroup_slice(tree, 7, "", slice), 0);
	assert_string_equal(slice, "lent/carrel.slice/part/carrel.slice/user-7.slice");
	assert_int_equal(crl_cgroup_make(&(struct crl_cgroup_place){root, slice, "a"}, &none, &fd, missing, &err),
			 -ENOENT);
	assert_false(exists("lent"));
	assert_int_equal(mkdirat(root, "lent", 0755), 0);
	assert_int_equal(mkdirat(root, "lent/carrel.slice", 0755), 0);
	assert_int_equal(mkdirat(root, tree, 0755), 0);
	assert_int_equal(crl_cgroup_make(&(struct crl_cgroup_place){root, slice, "a"}, &none, &fd, missing, &err), 0);
	assert_true(exists("lent/carrel.slice/part/carrel.slice/user-7.slice/login-a"));
	assert_int_equal(crl_cgroup_remove(root, slice, "a"), 0);
	assert_false(exists("lent/carrel.slice/part/carrel.slice"));
	assert_true(exists(tree));
	memset(long_prefix, 'p', sizeof(long_prefix));
	long_prefix[sizeof(long_prefix) - 20] = '\0';
	assert_int_equal(crl_cgroup_slice(long_prefix, 7, "", slice), -ENAMETOOLONG);
}

static void test_not_a_cgroup(void **state)
{
	char prefix[CRL_SLICE_MAX];
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_cgroup_open_root(root_path, &fd, prefix, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a cgroup v2"));
	assert_int_equal(crl_cgroup_open_root("/nonexistent", &fd, prefix, &err), -ENOENT);
	assert_int_equal(fd, -EBADF);
}

static void test_idle(void **state)
{
	(void)state;
	assert_true(crl_cgroup_is_idle(root, 0)); /* no file: the cgroup is gone */
	put("cgroup.procs", "");
	assert_true(crl_cgroup_is_idle(root, 0));
	put("cgroup.procs", "12\n");
	assert_true(crl_cgroup_is_idle(root, 12));
	assert_false(crl_cgroup_is_idle(root, 1));
	assert_false(crl_cgroup_is_idle(root, 0));
	put("cgroup.procs", "12\n13\n");
	assert_false(crl_cgroup_is_idle(root, 12));
	put("cgroup.procs", "0\n"); /* of another PID namespace: somebody, though nobody knows who */
	assert_false(crl_cgroup_is_idle(root, 0));
	assert_false(crl_cgroup_is_idle(root, 12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_make, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_open_is_lifted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_controller, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_back_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_cgroup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
