// SPDX-License-Identifier: Apache-2.0
/*
 * The key: equal for equal wishes, different for anything that changes a program.
 */
#include "tests/unit/plan/filter_lab.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define SIZE 2048

static char path[] = "/tmp/carrel-key-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void key_of(const struct crl_seccomp *s, uint32_t setns_flags, char buf[SIZE])
{
	int n = crl_filter_key(&(struct crl_filter_source){s, path, {.setns_flags = setns_flags}}, buf, SIZE, NULL);

	assert_int_equal(n, strlen(buf));
	assert_true(n > 0);
}

static void test_equal(void **state)
{
	struct crl_seccomp a = lab_wish(), b = lab_wish();
	char x[SIZE], y[SIZE];

	(void)state;
	key_of(&a, 1, x);
	key_of(&b, 1, y);
	assert_string_equal(x, y);
	b.log = true; /* a flag at loading, not part of the program */
	key_of(&b, 1, y);
	assert_string_equal(x, y);
}

static void test_each_wish_counts(void **state)
{
	struct crl_strv one = STRV((char[]){"bpf"});
	uint32_t another = seccomp_arch_native() == AUDIT_ARCH_AARCH64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
	const struct crl_filter_room rooms[] = {{.setns_flags = 1, .holds_projects = true},
						{.setns_flags = 1, .arch = another}};
	struct crl_seccomp base = lab_wish(), other[7];
	char x[SIZE], y[SIZE];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(other); i++)
		other[i] = base;
	other[0].compat = false;
	other[1].allow = one;
	other[2].deny = one;
	other[3].families.len--;
	(void)snprintf(other[4].base, sizeof(other[4].base), "@logi");
	other[5].joins_users = true;
	other[6].nested = true;
	key_of(&base, 1, x);
	for (size_t i = 0; i < CRL_ARRAY_LEN(other); i++) {
		key_of(&other[i], 1, y);
		assert_string_not_equal(x, y);
	}
	key_of(&base, 2, y);
	assert_string_not_equal(x, y);
	for (size_t i = 0; i < CRL_ARRAY_LEN(rooms); i++) {
		assert_true(crl_filter_key(&(struct crl_filter_source){&base, path, rooms[i]}, y, sizeof(y), NULL) > 0);
		assert_string_not_equal(x, y);
	}
}

/* Two names must not read as one that looks like both, nor an item as the next list. */
static void test_no_forgery(void **state)
{
	struct crl_strv two = STRV((char[]){"a\n- b"}, (char[]){"c"});
	struct crl_strv one = STRV((char[]){"a"}, (char[]){"b\n- c"});
	struct crl_seccomp a = lab_wish(), b = lab_wish();
	char x[SIZE], y[SIZE];

	(void)state;
	a.allow = two;
	b.allow = one;
	key_of(&a, 1, x);
	key_of(&b, 1, y);
	assert_string_not_equal(x, y);
}

static void test_host_is_in_it(void **state)
{
	const struct scmp_version *lib = seccomp_version();
	struct crl_seccomp s = lab_wish();
	struct utsname host;
	char x[SIZE], version[64];

	(void)state;
	assert_int_equal(uname(&host), 0);
	(void)snprintf(version, sizeof(version), "libseccomp %u.%u.%u\n", lib->major, lib->minor, lib->micro);
	key_of(&s, 1, x);
	assert_non_null(strstr(x, host.release));
	assert_non_null(strstr(x, version));
	assert_non_null(strstr(x, CRL_VERSION));
}

static void test_file_counts(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 5, .tv_nsec = 1}, {.tv_sec = 5, .tv_nsec = 1}};
	struct crl_seccomp s = lab_wish();
	char x[SIZE], y[SIZE];

	(void)state;
	key_of(&s, 1, x);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	key_of(&s, 1, y);
	assert_string_not_equal(x, y);
	assert_int_equal(truncate(path, 3), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0); /* the same mtime: the size tells */
	key_of(&s, 1, x);
	assert_string_not_equal(x, y);
	(void)usleep(20000); /* more than the step of coarse timestamps */
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0); /* and now only ctime does */
	key_of(&s, 1, y);
	assert_string_not_equal(x, y);
}

static void test_errors(void **state)
{
	struct crl_seccomp s = lab_wish();
	struct crl_err err = {0};
	char x[SIZE];
	int n = crl_filter_key(&(struct crl_filter_source){&s, path, {.setns_flags = 1}}, x, sizeof(x), NULL);

	(void)state;
	assert_int_equal(crl_filter_key(&(struct crl_filter_source){&s, "/nonexistent/x", {.setns_flags = 1}}, x,
					sizeof(x), &err),
			 -ENOENT);
	assert_int_equal(err.stage, CRL_STAGE_FILTER);
	assert_int_equal(crl_filter_key(&(struct crl_filter_source){&s, path, {.setns_flags = 1}}, x, (size_t)n, &err),
			 -ENAMETOOLONG);
	assert_int_equal(
		crl_filter_key(&(struct crl_filter_source){&s, path, {.setns_flags = 1}}, x, (size_t)n + 1, &err), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),       cmocka_unit_test(test_each_wish_counts),
		cmocka_unit_test(test_no_forgery),  cmocka_unit_test(test_host_is_in_it),
		cmocka_unit_test(test_file_counts), cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("plan/filter key", tests, make_file, remove_file);
}
