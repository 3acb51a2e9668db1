// SPDX-License-Identifier: Apache-2.0
/*
 * Counts out of the kernel's texts, and what came to pass between two looks.
 *
 * Runs in: tests only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/limits/counts.h"

static uint64_t find(enum crl_count which, const char *text)
{
	return crl_count_find(&crl_count_places[which], text);
}

static void counts_are_found(void **state)
{
	static const char events[] = "low 0\nhigh 1\nmax 22\noom 3\noom_kill 4\noom_group_kill 5\n";

	(void)state;
	assert_int_equal(find(CRL_COUNT_KILLED, events), 4);
	assert_int_equal(find(CRL_COUNT_OUT_OF_MEMORY, events), 3);
	assert_int_equal(find(CRL_COUNT_REFUSED, "max 17\n"), 17);
	assert_int_equal(find(CRL_COUNT_THROTTLED_US, "usage_usec 1\nnr_throttled 2\nthrottled_usec 345\n"), 345);
	assert_int_equal(find(CRL_COUNT_IO_STALL_US, "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
						     "full avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"),
			 77);
}

static void what_is_not_there_is_not_known(void **state)
{
	static const char *const bad[] = {"",
					  "\n",
					  "oom_kill",
					  "oom_kill\n",
					  "oom_kill x\n",
					  "oom_kill -1\n",
					  "oom_kill 1x\n",
					  "xoom_kill 1\n",
					  "oom_killed 1\n",
					  "oom_kill 99999999999999999999\n",
					  "full\ntotal=3\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(find(CRL_COUNT_KILLED, bad[i]) == CRL_COUNT_UNKNOWN);
		assert_true(find(CRL_COUNT_IO_STALL_US, bad[i]) == CRL_COUNT_UNKNOWN);
	}
	assert_true(find(CRL_COUNT_IO_STALL_US, "full avg10=0.00\nsome total=3\n") == CRL_COUNT_UNKNOWN);
}

static void limits_are_read(void **state)
{
	(void)state;
	assert_int_equal(crl_count_limit("536870912\n"), 536870912);
	assert_true(crl_count_limit("max\n") == CRL_COUNT_UNKNOWN);
	assert_int_equal(crl_count_cpu_limit("50000 100000\n"), 500);
	assert_true(crl_count_cpu_limit("max 100000\n") == CRL_COUNT_UNKNOWN);
	assert_true(crl_count_cpu_limit("50000\n") == CRL_COUNT_UNKNOWN);
	assert_true(crl_count_cpu_limit("50000 0\n") == CRL_COUNT_UNKNOWN);
	assert_true(crl_count_cpu_limit("9999999999999999999 1\n") == CRL_COUNT_UNKNOWN);
}

static struct crl_met met(enum crl_count which, uint64_t before, uint64_t now, uint64_t seconds)
{
	struct crl_counts a, b;

	crl_counts_init(&a);
	crl_counts_init(&b);
	b.io_limited = true;
	b.memory = 4096;
	a.n[which] = before;
	b.n[which] = now;
	return crl_counts_met(&a, &b, seconds);
}

static void the_difference_is_what_a_login_met(void **state)
{
	struct crl_counts a, b;
	struct crl_met m;

	(void)state;
	m = met(CRL_COUNT_KILLED, 3, 5, 10);
	assert_int_equal(m.killed, 2);
	assert_true(m.killed_limit == CRL_COUNT_UNKNOWN);
	assert_int_equal(m.refused, 0);
	assert_int_equal(met(CRL_COUNT_KILLED, 3, 3, 10).killed, 0);
	assert_int_equal(met(CRL_COUNT_KILLED, 3, 2, 10).killed, 2); /* the slice was made anew */
	assert_int_equal(met(CRL_COUNT_KILLED, CRL_COUNT_UNKNOWN, 2, 10).killed, 2);
	assert_int_equal(met(CRL_COUNT_KILLED, 3, CRL_COUNT_UNKNOWN, 10).killed, 0);
	assert_int_equal(met(CRL_COUNT_OUT_OF_MEMORY, 0, 1, 10).killed_limit, 4096);
	assert_int_equal(met(CRL_COUNT_REFUSED, 1, 8, 10).refused, 7);
	assert_int_equal(met(CRL_COUNT_REFUSED_OWN, 1, 8, 10).refused, 7);
	crl_counts_init(&a);
	crl_counts_init(&b);
	b.n[CRL_COUNT_KILLED_OWN] = 0; /* another login's of this user */
	b.n[CRL_COUNT_KILLED] = 9;
	b.n[CRL_COUNT_REFUSED_OWN] = 4; /* told twice, met once */
	b.n[CRL_COUNT_REFUSED] = 6;
	m = crl_counts_met(&a, &b, 10);
	assert_int_equal(m.killed, 0);
	assert_int_equal(m.refused, 6);
}

static void little_waiting_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(met(CRL_COUNT_THROTTLED_US, 0, 2000000, 10).throttled_s, 2);
	assert_int_equal(met(CRL_COUNT_THROTTLED_US, 0, 1000000, 10).throttled_s, 0);
	assert_int_equal(met(CRL_COUNT_THROTTLED_US, 0, 900000, 1).throttled_s, 0);
	assert_int_equal(met(CRL_COUNT_IO_STALL_US, 500000, 8500000, 10).io_stall_s, 8);
	assert_int_equal(met(CRL_COUNT_IO_STALL_US, 500000, 8500000, 100).io_stall_s, 0);
}

static void memory_that_is_held_back(void **state)
{
	struct crl_counts a, b;
	struct crl_met m;

	(void)state;
	assert_int_equal(find(CRL_COUNT_HIGH, "low 0\nhigh 450\nmax 0\noom 0\noom_kill 0\n"), 450);
	assert_int_equal(find(CRL_COUNT_STALL_US, "some avg10=1.00 avg60=0.00 avg300=0.00 total=7\n"
						  "full avg10=76.00 avg60=0.00 avg300=0.00 total=81000000\n"),
			 81000000);
	assert_int_equal(met(CRL_COUNT_STALL_US, 0, 8000000, 10).held_s, 8);
	assert_int_equal(met(CRL_COUNT_STALL_US, 0, 8000000, 100).held_s, 0);
	assert_int_equal(met(CRL_COUNT_STALL_US, 0, 61000000, 28800).held_s, 61);
	assert_true(met(CRL_COUNT_STALL_US, 0, 8000000, 10).held_limit == CRL_COUNT_UNKNOWN);
	crl_counts_init(&a);
	crl_counts_init(&b);
	a.n[CRL_COUNT_HIGH] = 450;
	b.n[CRL_COUNT_HIGH] = 1062;
	b.n[CRL_COUNT_STALL_OWN_US] = 8000000;
	b.n[CRL_COUNT_STALL_US] = 9000000; /* another login's, too */
	b.memory_high = 224 << 20;
	m = crl_counts_met(&a, &b, 10);
	assert_int_equal(m.held_s, 8);
	assert_int_equal(m.held_limit, 224 << 20);
	b.n[CRL_COUNT_STALL_OWN_US] = 0;
	assert_int_equal(crl_counts_met(&a, &b, 10).held_s, 0);
}

static void waiting_without_a_limit_is_not_ours(void **state)
{
	struct crl_counts a, b;

	(void)state;
	crl_counts_init(&a);
	crl_counts_init(&b);
	b.n[CRL_COUNT_IO_STALL_US] = 9000000;
	assert_int_equal(crl_counts_met(&a, &b, 10).io_stall_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_found),
		cmocka_unit_test(what_is_not_there_is_not_known),
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(the_difference_is_what_a_login_met),
		cmocka_unit_test(little_waiting_is_not_told),
		cmocka_unit_test(memory_that_is_held_back),
		cmocka_unit_test(waiting_without_a_limit_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
