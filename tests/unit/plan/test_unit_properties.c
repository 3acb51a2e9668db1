// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "plan/limits/unit_properties.h"

static struct crl_cgroup_plan plan;
static struct crl_unit_properties out;

static bool nothing(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return false;
}

static bool one(void *arg, const char *name)
{
	return strstr((const char *)arg, name) != NULL;
}

static int clear(void **state)
{
	(void)state;
	plan.len = 0;
	return 0;
}

static void add(const char *file, const char *value)
{
	struct crl_cgroup_write *w = &plan.write[plan.len++];

	w->file = file;
	(void)snprintf(w->value, sizeof(w->value), "%s", value);
}

static void test_names_and_units(void **state)
{
	(void)state;
	add("cpu.max", "50000 100000");
	add("cpu.weight", "200");
	add("memory.high", "1048576");
	add("memory.max", "2097152");
	add("memory.swap.max", "0");
	add("pids.max", "18446744073709551614");
	assert_int_equal(crl_unit_properties_build(&plan, nothing, NULL, &out, NULL), 0);
	assert_int_equal(out.len, 6);
	assert_string_equal(out.word[0], "CPUQuotaPerSecUSec=500000");
	assert_string_equal(out.word[1], "CPUWeight=200");
	assert_string_equal(out.word[2], "MemoryHigh=1048576");
	assert_string_equal(out.word[3], "MemoryMax=2097152");
	assert_string_equal(out.word[4], "MemorySwapMax=0");
	assert_string_equal(out.word[5], "TasksMax=18446744073709551614");
}

static void test_devices(void **state)
{
	(void)state;
	add("io.max", "8:0 rbps=5 wbps=max riops=max wiops=9");
	add("io.max", "254:16 rbps=7 wbps=max riops=max wiops=max");
	assert_int_equal(crl_unit_properties_build(&plan, nothing, NULL, &out, NULL), 0);
	assert_int_equal(out.len, 2);
	assert_string_equal(out.word[0], "IOReadBandwidthMax=/dev/block/8:0 5,/dev/block/254:16 7");
	assert_string_equal(out.word[1], "IOWriteIOPSMax=/dev/block/8:0 9");
}

static void test_what_is_open_is_lifted(void **state)
{
	char set[] = "MemoryMax TasksMax IOWriteBandwidthMax CPUQuotaPerSecUSec";

	(void)state;
	add("pids.max", "100");
	assert_int_equal(crl_unit_properties_build(&plan, one, set, &out, NULL), 0);
	assert_int_equal(out.len, 4);
	assert_string_equal(out.word[0], "CPUQuotaPerSecUSec=infinity");
	assert_string_equal(out.word[1], "MemoryMax=infinity");
	assert_string_equal(out.word[2], "TasksMax=100");
	assert_string_equal(out.word[3], "IOWriteBandwidthMax=");
}

static void test_every_name_is_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_UNIT_PROPERTIES_MAX; i++) {
		char set[64];

		(void)snprintf(set, sizeof(set), "%s", crl_unit_property_names[i]);
		assert_int_equal(crl_unit_properties_build(&plan, one, set, &out, NULL), 0);
		assert_true(out.len >= 1);
		assert_memory_equal(out.word[out.len - 1], set, strlen(set));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_names_and_units, clear),
		cmocka_unit_test_setup(test_devices, clear),
		cmocka_unit_test_setup(test_what_is_open_is_lifted, clear),
		cmocka_unit_test_setup(test_every_name_is_listed, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
