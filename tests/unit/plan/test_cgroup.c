// SPDX-License-Identifier: Apache-2.0
/* crl_cgroup_plan_build: values, merging of devices, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/limits/cgroup.h"

static const struct crl_limits no_limits = {.cpu_permille = CRL_UNLIMITED,
					    .memory = CRL_UNLIMITED,
					    .memory_high = CRL_UNLIMITED,
					    .swap = CRL_UNLIMITED,
					    .tasks = CRL_UNLIMITED};

static int device(const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	if (strcmp(path, "/overlay") == 0)
		return -ENODEV;
	if (strcmp(path, "/none") == 0)
		return -ENOENT;
	*ret_major = 8;
	*ret_minor = (uint32_t)strtoul(path + 1, NULL, 10);
	return 0;
}

static const char *value_of(const struct crl_cgroup_plan *p, const char *file)
{
	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->write[i].file, file) == 0)
			return p->write[i].value;
	return "";
}

static void test_nothing(void **state)
{
	struct crl_cgroup_plan p;

	(void)state;
	assert_int_equal(crl_cgroup_plan_build(&no_limits, NULL, &p, NULL), 0);
	assert_int_equal(p.len, 0);
}

static void test_all(void **state)
{
	struct crl_limits l = {.cpu_permille = 2000,
			       .cpu_weight = 50,
			       .memory = 4ull << 30,
			       .memory_high = 3ull << 30,
			       .swap = 0,
			       .tasks = 512};
	struct crl_cgroup_plan p;

	(void)state;
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, NULL), 0);
	assert_int_equal(p.len, 6);
	assert_string_equal(value_of(&p, "cpu.max"), "200000 100000");
	assert_string_equal(value_of(&p, "cpu.weight"), "50");
	assert_string_equal(value_of(&p, "memory.max"), "4294967296");
	assert_string_equal(value_of(&p, "memory.high"), "3221225472");
	assert_string_equal(value_of(&p, "memory.swap.max"), "0");
	assert_string_equal(value_of(&p, "pids.max"), "512");
	assert_string_equal(p.write[5].controller, "pids");
	assert_string_equal(p.write[5].key, "limits.tasks");
}

static void test_cpu_range(void **state)
{
	struct crl_limits l = no_limits;
	struct crl_err err = {0};
	struct crl_cgroup_plan p;

	(void)state;
	l.cpu_permille = 10;
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), 0);
	assert_string_equal(p.write[0].value, "1000 100000");
	l.cpu_permille = 9; /* the kernel refuses a quota below 1 ms */
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "limits.cpu"));
	l.cpu_permille = CRL_UNLIMITED - 1; /* must not wrap round to a small quota */
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), -EINVAL);
	l.cpu_permille = UINT64_MAX / 100;
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), -EINVAL);
	l = no_limits;
	l.cpu_weight = 10001;
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), -EINVAL);
}

static void test_io(void **state)
{
	char one[] = "/16", same[] = "/16", other[] = "/32", unlimited[] = "/48";
	struct crl_io_limit io[] = {
		{.path = one, .read_bps = 50, .write_bps = CRL_UNLIMITED, .read_iops = 9, .write_iops = CRL_UNLIMITED},
		{.path = other,
		 .read_bps = UINT64_MAX - 1,
		 .write_bps = UINT64_MAX - 1,
		 .read_iops = UINT64_MAX - 1,
		 .write_iops = UINT64_MAX - 1},
		{.path = same, .read_bps = 70, .write_bps = 30, .read_iops = 8, .write_iops = CRL_UNLIMITED},
		{.path = unlimited,
		 .read_bps = CRL_UNLIMITED,
		 .write_bps = CRL_UNLIMITED,
		 .read_iops = CRL_UNLIMITED,
		 .write_iops = CRL_UNLIMITED},
	};
	struct crl_limits l = no_limits;
	struct crl_cgroup_plan p;

	(void)state;
	l.io = io;
	l.io_len = CRL_ARRAY_LEN(io);
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, NULL), 0);
	assert_int_equal(p.len, 2);
	assert_string_equal(p.write[0].value, "8:16 rbps=50 wbps=30 riops=8 wiops=max");
	assert_string_equal(p.write[1].value, "8:32 rbps=18446744073709551614 wbps=18446744073709551614 "
					      "riops=18446744073709551614 wiops=18446744073709551614");
}

static void test_io_refused(void **state)
{
	char overlay[] = "/overlay", none[] = "/none";
	struct crl_io_limit io = {.path = overlay, .read_bps = 1};
	struct crl_limits l = no_limits;
	struct crl_err err = {0};
	struct crl_cgroup_plan p;

	(void)state;
	l.io = &io;
	l.io_len = 1;
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, &err), -EINVAL);
	assert_string_equal(err.text, "/overlay is on no block device that io.max could limit (limits.io)");
	assert_int_equal(err.stage, CRL_STAGE_LIMITS);
	io.path = none;
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, &err), -EINVAL);
}

static void test_io_too_many(void **state)
{
	static char path[CRL_CGROUP_WRITES_MAX + 1][8];
	struct crl_io_limit io[CRL_CGROUP_WRITES_MAX + 1];
	struct crl_limits l = no_limits;
	struct crl_cgroup_plan p;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(io); i++) {
		(void)snprintf(path[i], sizeof(path[i]), "/%zu", i);
		io[i] = (struct crl_io_limit){.path = path[i], .read_bps = 1};
	}
	l.io = io;
	l.io_len = CRL_CGROUP_WRITES_MAX;
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, NULL), 0);
	l.io_len++;
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, NULL), -E2BIG);
	l.io_len--;
	l.tasks = 5; /* takes one of the writes */
	assert_int_equal(crl_cgroup_plan_build(&l, device, &p, NULL), -E2BIG);
}

static void test_lower(void **state)
{
	struct crl_limits l = no_limits, all = no_limits;
	struct crl_cgroup_plan p, above;

	(void)state;
	l.cpu_permille = 500;
	l.memory = 160 << 20;
	l.tasks = 80;
	all.cpu_permille = 600;
	all.memory = 9 << 20; /* fewer digits do not make it larger */
	all.swap = 0;
	all.tasks = 60;
	assert_int_equal(crl_cgroup_plan_build(&l, NULL, &p, NULL), 0);
	assert_int_equal(crl_cgroup_plan_build(&all, NULL, &above, NULL), 0);
	crl_cgroup_plan_lower(&p, &above);
	assert_string_equal(value_of(&p, "cpu.max"), "50000 100000");
	assert_string_equal(value_of(&p, "memory.max"), "9437184");
	assert_string_equal(value_of(&p, "memory.swap.max"), "0");
	assert_string_equal(value_of(&p, "memory.high"), "");
	assert_string_equal(value_of(&p, "pids.max"), "60");
	assert_int_equal(p.len, 4);
	above.len = 0;
	crl_cgroup_plan_lower(&p, &above);
	assert_int_equal(p.len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_all),        cmocka_unit_test(test_cpu_range),
		cmocka_unit_test(test_io),      cmocka_unit_test(test_io_refused), cmocka_unit_test(test_io_too_many),
		cmocka_unit_test(test_lower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
