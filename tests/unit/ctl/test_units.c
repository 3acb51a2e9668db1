// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/print/units.h"

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} kase[] = {{0, "0B"},
		    {1023, "1023B"},
		    {1024, "1.0K"},
		    {10 * 1024, "10K"},
		    {1536, "1.5K"},
		    {UINT64_C(3) << 20, "3.0M"},
		    {UINT64_MAX - 1, "16E"},
		    {UINT64_MAX, ""}};
	char text[CTL_UNIT_TEXT];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		assert_string_equal(ctl_text_size(kase[i].bytes, text), kase[i].text);
}

static void test_cpu(void **state)
{
	char text[CTL_UNIT_TEXT];

	(void)state;
	assert_string_equal(ctl_text_cpu(0, text), "0:00.00");
	assert_string_equal(ctl_text_cpu(UINT64_C(187250000), text), "3:07.25");
	assert_string_equal(ctl_text_cpu(UINT64_MAX, text), "");
}

static void test_decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"0.5", 500}, {"1", 1000}, {"2.25", 2250}, {"0.999", 999}, {"60", 60000}, {"60.0", 60000}};
	static const char *const bad[] = {"",   "0",    "0.4",  "0.499", "60.1",        "61",    "-1",  "+1",
					  " 1", "1 ",   "1.",   ".5",    "1e1",         "0x1",   "1,5", "1.5.5",
					  "01", "1.-5", "1. 5", "nan",   "99999999999", "1.2345"};
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(ctl_parse_decimal(bad[i], 3, 500, 60000, &value), -EINVAL);
	assert_int_equal(value, 7);
	for (size_t i = 0; i < CRL_ARRAY_LEN(good); i++) {
		assert_int_equal(ctl_parse_decimal(good[i].text, 3, 500, 60000, &value), 0);
		assert_int_equal(value, good[i].value);
	}
	assert_int_equal(ctl_parse_decimal("0.01", 2, 10, 1440000, &value), 0);
	assert_int_equal(value, 10);
	assert_int_equal(ctl_parse_decimal("1440", 2, 10, 1440000, &value), 0);
	assert_int_equal(ctl_parse_decimal("0.001", 2, 1, 1440000, &value), -EINVAL);
	assert_int_equal(ctl_parse_decimal("1440.01", 2, 10, 1440000, &value), -EINVAL);
}

static void test_states(void **state)
{
	(void)state;
	assert_string_equal(ctl_state_name(CTL_OPEN), "open");
	assert_string_equal(ctl_state_name(CTL_LEFT), "left");
	assert_string_equal(ctl_state_name(CTL_FROZEN), "frozen");
	assert_string_equal(ctl_state_name(CTL_STALE), "stale");
	assert_string_equal(ctl_state_name(CTL_LINGERING), "lingering");
	assert_string_equal(ctl_state_name(CTL_HELD_BACK), "held back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_cpu),
					   cmocka_unit_test(test_decimals), cmocka_unit_test(test_states)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
