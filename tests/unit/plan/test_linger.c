// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/linger.h"

#define NOON_S 1700000000 /* a multiple of 8 */

static void test_from_the_last_input(void **state)
{
	(void)state;
	/* Noted at noon: it may have been any of the eight seconds from then. */
	assert_int_equal(crl_linger_left_ms(60, NOON_S, NOON_S * INT64_C(1000)), 68000);
	assert_int_equal(crl_linger_left_ms(60, NOON_S + 7, (NOON_S + 10) * INT64_C(1000)), 58000);
	assert_int_equal(crl_linger_left_ms(60, NOON_S + 8, (NOON_S + 10) * INT64_C(1000)), 66000);
	assert_int_equal(crl_linger_left_ms(60, NOON_S, (NOON_S + 67) * INT64_C(1000) + 999), 1);
	assert_int_equal(crl_linger_left_ms(60, NOON_S, (NOON_S + 68) * INT64_C(1000)), 0);
	assert_int_equal(crl_linger_left_ms(60, NOON_S, (NOON_S + 9999) * INT64_C(1000)), 0);
}

/* Whoever may set a terminal's times cannot keep the room for longer than by typing. */
/* keeps: helper/supervisor/empty R1 */
static void test_of_the_future(void **state)
{
	(void)state;
	assert_int_equal(crl_linger_left_ms(60, NOON_S + 1, NOON_S * INT64_C(1000)), 0);
	assert_int_equal(crl_linger_left_ms(60, NOON_S + 1, NOON_S * INT64_C(1000) + 999), 0);
	assert_int_equal(crl_linger_left_ms(60, INT64_MAX, NOON_S * INT64_C(1000)), 0);
}

static void test_never(void **state)
{
	(void)state;
	assert_int_equal(crl_linger_left_ms(60, -1, 5000), 0);
	assert_int_equal(crl_linger_left_ms(60, INT64_MIN, 5000), 0);
	assert_int_equal(crl_linger_left_ms(UINT64_MAX, 1, 5000), 0);
	assert_int_equal(crl_linger_left_ms(0, NOON_S, (NOON_S + 8) * INT64_C(1000)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_the_last_input),
		cmocka_unit_test(test_of_the_future),
		cmocka_unit_test(test_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
