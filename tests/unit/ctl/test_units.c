// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/units.h"

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} kase[] = {{0, "0B"},		{1023, "1023B"},	     {1024, "1.0K"},	{10 * 1024, "10K"},
		    {1536, "1.5K"},	{UINT64_C(3) << 20, "3.0M"}, {UINT64_MAX - 1, "16E"}, {UINT64_MAX, ""}};
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

static void test_interval(void **state)
{
	static const struct {
		const char *text;
		unsigned int ms;
	} good[] = {{"0.5", 500}, {"1", 1000}, {"2.25", 2250}, {"0.999", 999}, {"60", 60000}, {"60.0", 60000}};
	static const char *const bad[] = {"",	  "0",	 "0.4",	 "0.499", "60.1", "61", "-1", "+1", " 1",   "1 ", "1.",
					  ".5", "1e1", "0x1", "1,5",  "1.5.5", "01", "1.-5", "1. 5", "nan", "99999999999", "1.2345"};
	unsigned int ms = 7;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(ctl_parse_interval(bad[i], &ms), -EINVAL);
	assert_int_equal(ms, 7);
	for (size_t i = 0; i < CRL_ARRAY_LEN(good); i++) {
		assert_int_equal(ctl_parse_interval(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
}

static void test_states(void **state)
{
	(void)state;
	assert_string_equal(ctl_state_name(CTL_OPEN), "open");
	assert_string_equal(ctl_state_name(CTL_LEFT), "left");
	assert_string_equal(ctl_state_name(CTL_FROZEN), "frozen");
	assert_string_equal(ctl_state_name(CTL_STALE), "stale");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_cpu),
					   cmocka_unit_test(test_interval), cmocka_unit_test(test_states)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
