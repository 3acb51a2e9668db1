// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"

typedef int parser(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

struct sample {
	parser *parse;
	const char *text;
	int rc;
	uint64_t value;
};

static const struct sample samples[] = {
	{crl_parse_uint, "0", 0, 0},
	{crl_parse_uint, "18446744073709551615", 0, UINT64_MAX},
	{crl_parse_uint, "18446744073709551616", -ERANGE, 0},
	{crl_parse_uint, "99999999999999999999999", -ERANGE, 0},
	{crl_parse_uint, "", -EINVAL, 0},
	{crl_parse_uint, " 1", -EINVAL, 0},
	{crl_parse_uint, "1 ", -EINVAL, 0},
	{crl_parse_uint, "+1", -EINVAL, 0},
	{crl_parse_uint, "-1", -EINVAL, 0},
	{crl_parse_uint, "01", -EINVAL, 0},
	{crl_parse_uint, "00", -EINVAL, 0},
	{crl_parse_uint, "0x1", -EINVAL, 0},
	{crl_parse_uint, "1e3", -EINVAL, 0},
	{crl_parse_size, "0", 0, 0},
	{crl_parse_size, "4096", 0, 4096},
	{crl_parse_size, "1K", 0, 1024},
	{crl_parse_size, "4G", 0, UINT64_C(4) << 30},
	{crl_parse_size, "16777215T", 0, UINT64_C(16777215) << 40},
	{crl_parse_size, "16777216T", -ERANGE, 0},
	{crl_parse_size, "18446744073709551615", -ERANGE, 0}, /* would be "unlimited" */
	{crl_parse_size, "unlimited", 0, UINT64_MAX},
	{crl_parse_size, "Unlimited", -EINVAL, 0},
	{crl_parse_size, "4g", -EINVAL, 0},
	{crl_parse_rate, "64K", 0, 64000},
	{crl_parse_rate, "100M", 0, 100000000},
	{crl_parse_rate, "1500", 0, 1500},
	{crl_parse_rate, "2G", 0, UINT64_C(2000000000)},
	{crl_parse_rate, "1T", -EINVAL, 0},
	{crl_parse_rate, "100Mbit", -EINVAL, 0},
	{crl_parse_rate, "unlimited", 0, UINT64_MAX},
	{crl_parse_size, "4GB", -EINVAL, 0},
	{crl_parse_size, "4 G", -EINVAL, 0},
	{crl_parse_size, "G", -EINVAL, 0},
	{crl_parse_size, "-4G", -EINVAL, 0},
	{crl_parse_size, "4.5G", -EINVAL, 0},
	{crl_parse_percent, "200%", 0, 2000},
	{crl_parse_percent, "unlimited", 0, UINT64_MAX},
	{crl_parse_percent, "200", -EINVAL, 0},
	{crl_parse_percent, "%", -EINVAL, 0},
	{crl_parse_percent, "200%%", -EINVAL, 0},
	{crl_parse_percent, "1844674407370955162%", -ERANGE, 0},
	{crl_parse_duration, "0", 0, 0},
	{crl_parse_duration, "90s", 0, 90},
	{crl_parse_duration, "30m", 0, 1800},
	{crl_parse_duration, "2h", 0, 7200},
	{crl_parse_duration, "1d", 0, 86400},
	{crl_parse_duration, "90", -EINVAL, 0},
	{crl_parse_duration, "1w", -EINVAL, 0},
	{crl_parse_duration, "unlimited", -EINVAL, 0},
	{crl_parse_duration, "213503982334602d", -ERANGE, 0},
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		uint64_t value = 4711;
		int rc = s->parse(s->text, 0, UINT64_MAX, &value);

		if (rc != s->rc || value != (rc < 0 ? 4711 : s->value))
			fail_msg("\"%s\": %d, %ju", s->text, rc, (uintmax_t)value);
	}
}

static void test_ranges(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(crl_parse_uint("4", 5, 6, &value), -ERANGE);
	assert_int_equal(crl_parse_uint("5", 5, 6, &value), 0);
	assert_int_equal(crl_parse_uint("6", 5, 6, &value), 0);
	assert_int_equal(crl_parse_uint("7", 5, 6, &value), -ERANGE);
	assert_int_equal(crl_parse_size("unlimited", 0, 1u << 30, &value), -EINVAL);
	assert_int_equal(crl_parse_percent("unlimited", 0, 1000, &value), -EINVAL);
	assert_int_equal(crl_parse_size("2K", 0, 2047, &value), -ERANGE);
	assert_int_equal(crl_parse_duration("61s", 0, 60, &value), -ERANGE);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(crl_name_is_valid("sftp-only_2", 64));
	assert_true(crl_name_is_valid("abc", 4));
	assert_false(crl_name_is_valid("abc", 3));
	assert_false(crl_name_is_valid("", 64));
	assert_false(crl_name_is_valid("../x", 64));
	assert_false(crl_name_is_valid("a/b", 64));
	assert_false(crl_name_is_valid("-a", 64));
	assert_false(crl_name_is_valid("1a", 64));
	assert_false(crl_name_is_valid("a.b", 64));
}

static void test_formats_read_back(void **state)
{
	static const uint64_t values[] = {0,          1,  1023, 1024, 1536,  1u << 20, 3ull << 30,
					  1ull << 60, 59, 60,   3600, 86400, 90};
	char text[24];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(values); i++) {
		uint64_t value = 4711;

		crl_format_size(values[i], text, sizeof(text));
		assert_int_equal(crl_parse_size(text, 0, UINT64_MAX, &value), 0);
		assert_true(value == values[i]);
		crl_format_rate(values[i], text, sizeof(text));
		assert_int_equal(crl_parse_rate(text, 0, UINT64_MAX, &value), 0);
		assert_int_equal(value, values[i]);
		crl_format_duration(values[i], text, sizeof(text));
		assert_int_equal(crl_parse_duration(text, 0, UINT64_MAX, &value), 0);
		assert_true(value == values[i]);
	}
	crl_format_size(UINT64_MAX, text, sizeof(text));
	assert_string_equal(text, "unlimited");
	crl_format_percent(2000, text, sizeof(text));
	assert_string_equal(text, "200%");
	crl_format_percent(UINT64_MAX, text, sizeof(text));
	assert_string_equal(text, "unlimited");
}

static void test_distance(void **state)
{
	char lengthy[80];

	(void)state;
	memset(lengthy, 'a', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_int_equal(crl_word_distance("memory", "memory"), 0);
	assert_int_equal(crl_word_distance("memroy", "memory"), 1);
	assert_int_equal(crl_word_distance("memry", "memory"), 1);
	assert_int_equal(crl_word_distance("", "abc"), 3);
	assert_int_equal(crl_word_distance("abc", ""), 3);
	assert_int_equal(crl_word_distance("kitten", "sitting"), 3);
	assert_true(crl_word_distance(lengthy, "a") == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),           cmocka_unit_test(test_ranges),   cmocka_unit_test(test_names),
		cmocka_unit_test(test_formats_read_back), cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
