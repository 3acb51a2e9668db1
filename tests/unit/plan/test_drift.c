// SPDX-License-Identifier: Apache-2.0
/* What a kernel, libseccomp and the groups know of each other. */
#include "tests/unit/plan/filter_groups.h"

#include "ctl/host/kernelcalls.h"
#include "plan/filter/drift.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A kernel of tomorrow: what is new in it is named, and what it only calls otherwise is not. */
static void test_kernel(void **state)
{
	struct crl_strv kernel =
		STRV((char[]){"read"}, (char[]){"newfstat"}, (char[]){"chown16"}, (char[]){"futex_time32"},
		     (char[]){"ia32_fadvise64"}, (char[]){"setitimer.cold"}, (char[]){"old_readdir"},
		     (char[]){"ni_syscall"}, (char[]){"s390_ipc"}, (char[]){"mseal"}, (char[]){"file_setattr"},
		     (char[]){"frobnicate"}, (char[]){"frobnicate"}, (char[]){"gethostname"}, (char[]){"mmap_pgoff"});
	scoped(crl_drift) d = {0};

	(void)state;
	assert_int_equal(crl_drift_find(&groups, &kernel, &d), 0);
	assert_int_equal(d.kernel.len, 1);
	assert_string_equal(d.kernel.item[0], "frobnicate");
}

/* Whatever libseccomp is there, its native calls are in the groups; a group less, and they are missed. */
static void test_library(void **state)
{
	struct crl_sysgroups less = {.item = groups.item, .len = groups.len - 1};
	struct crl_strv none = {0};
	scoped(crl_drift) d = {0};
	scoped(crl_drift) e = {0};

	(void)state;
	assert_int_equal(crl_drift_find(&groups, &none, &d), 0);
	for (size_t i = 0; i < d.library.len; i++)
		fail_msg("%s is in no group", d.library.item[i]);
	assert_string_equal(less.item[less.len].name, "@obsolete");
	assert_int_equal(crl_drift_find(&less, &none, &e), 0);
	assert_true(crl_strv_has(&e.library, "nfsservctl"));
}

/* A call with a number that no libseccomp knows by its name. */
static void test_numbered(void **state)
{
	char *calls[] = {(char[]){"frobnicate=900"}, (char[]){"read"}};
	struct crl_sysgroup item = {.name = (char[]){"@a-newer"}, .calls = {.item = calls, .len = 2}};
	struct crl_sysgroups own = {.item = &item, .len = 1};
	struct crl_strv kernel = STRV((char[]){"frobnicate"}), none = {0};
	scoped(crl_drift) d = {0};

	(void)state;
	assert_int_equal(crl_drift_find(&own, &kernel, &d), 0);
	assert_int_equal(d.kernel.len, 0);
	assert_int_equal(d.numbered.len, 1);
	assert_string_equal(d.numbered.item[0], "frobnicate");
	crl_drift_done(&d);
	d = (struct crl_drift){0};
	item.calls.item = &calls[1];
	item.calls.len = 1;
	assert_int_equal(crl_drift_find(&own, &none, &d), 0);
	assert_int_equal(d.numbered.len, 0);
}

static void test_younger(void **state)
{
	(void)state;
	assert_false(crl_drift_is_younger("6.18.44-fc"));
	assert_false(crl_drift_is_younger("7.0.3-amd64"));
	assert_true(crl_drift_is_younger("7.1.0"));
	assert_true(crl_drift_is_younger("8.0"));
	assert_false(crl_drift_is_younger("BSD"));
}

static void write_symbols(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_symbols(void **state)
{
	char path[] = "/tmp/carrel-symbols-XXXXXX";
	int fd = mkstemp(path);
	struct crl_strv v = {0};

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	write_symbols(path, "0000000000000000 T __x64_sys_read\n0000000000000000 t __ia32_sys_open\n"
			    "ffffffff81000000 T __x64_sys_mseal\t[module]\n0000000000000000 T vfs_read\n\nx\n"
			    "0000000000000000 T __arm64_sys_close");
	assert_int_equal(ctl_kernel_calls(path, &v), 0);
	assert_int_equal(v.len, 3);
	assert_string_equal(v.item[0], "read");
	assert_string_equal(v.item[1], "mseal");
	assert_string_equal(v.item[2], "close");
	crl_strv_done(&v);
	write_symbols(path, "0000000000000000 T sys_read\n");
	assert_int_equal(ctl_kernel_calls(path, &v), -ENODATA);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ctl_kernel_calls(path, &v), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel),  cmocka_unit_test(test_library), cmocka_unit_test(test_numbered),
		cmocka_unit_test(test_younger), cmocka_unit_test(test_symbols),
	};

	return cmocka_run_group_tests_name("plan/drift", tests, load_groups, free_groups);
}
