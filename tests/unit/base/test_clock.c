// SPDX-License-Identifier: Apache-2.0
/* base/clock.c: each clock is the one that its name says, in the unit that its name says. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define SLACK_MS 60000 /* a loaded host may stop the test between two readings */

static int64_t seconds(clockid_t clock)
{
	struct timespec t;

	assert_int_equal(clock_gettime(clock, &t), 0);
	return t.tv_sec;
}

static void test_units(void **state)
{
	(void)state;
	int64_t now = seconds(CLOCK_MONOTONIC) * 1000, boot = seconds(CLOCK_BOOTTIME) * 1000;
	int64_t date = seconds(CLOCK_REALTIME) * 1000;

	assert_in_range(crl_now_us() / 1000, now, now + SLACK_MS);
	assert_in_range(crl_now_ms(), now, now + SLACK_MS);
	assert_in_range(crl_boot_ms(), boot, boot + SLACK_MS);
	assert_in_range(crl_clock_ms(), date, date + SLACK_MS);
}

static void test_pause(void **state)
{
	(void)state;
	int64_t start = crl_now_ms();

	crl_pause_ms(20);
	assert_in_range(crl_now_ms() - start, 19, SLACK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
