// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "ctl/print/fold.h"

/* No line of a row is wider than the terminal, and every column is somewhere. */
static void fits(const struct ctl_fold_column *column, size_t columns, size_t screen)
{
	struct ctl_fold f;

	ctl_fold_plan(&f, column, columns, screen);
	for (size_t band = 0; band < f.bands; band++) {
		size_t used = band > 0 ? CTL_FOLD_INDENT : 0, n = 0;

		for (size_t i = 0; i < columns; i++) {
			if (f.band[i] != band)
				continue;
			used += f.width[i] + (n++ > 0 ? CTL_FOLD_GAP : 0);
			assert_true(f.width[i] > 0);
		}
		assert_true(n > 0);
		assert_true(used <= screen);
	}
	assert_true(f.band[columns - 1] == f.bands - 1);
}

static const struct ctl_fold_column findings[] = {{7, 5, false},   {38, 4, false}, {4, 4, true},
						  {140, 7, false}, {70, 4, false}, {8, 2, false}};
static const struct ctl_fold_column rows[] = {{8, 2, false}, {4, 4, true}, {60, 5, false}, {12, 3, false}};
static const struct ctl_fold_column logins[] = {
	{8, 2, false},  {8, 4, false},  {12, 4, false}, {9, 6, false}, {7, 7, false}, {15, 4, false}, {5, 3, false},
	{11, 5, false}, {11, 5, false}, {5, 5, true},   {8, 3, true},  {14, 6, true}, {6, 5, false}};

static void test_plan(void **state)
{
	struct ctl_fold f;

	(void)state;
	ctl_fold_plan(&f, findings, CRL_ARRAY_LEN(findings), 0);
	assert_int_equal(f.bands, 1);
	assert_int_equal(f.width[3], 140);
	ctl_fold_plan(&f, rows, CRL_ARRAY_LEN(rows), 80);
	assert_int_equal(f.bands, 1);
	assert_int_equal(f.width[2], 50); /* the widest gives way, the others stay */
	assert_int_equal(f.width[3], 12);
	ctl_fold_plan(&f, findings, CRL_ARRAY_LEN(findings), 80);
	assert_int_equal(f.band[2], 0);
	assert_int_equal(f.band[3], 1);
	assert_int_equal(f.width[3], 76);
	for (size_t screen = 20; screen < 400; screen++) {
		fits(findings, CRL_ARRAY_LEN(findings), screen);
		fits(rows, CRL_ARRAY_LEN(rows), screen);
		fits(logins, CRL_ARRAY_LEN(logins), screen);
	}
}

static void takes(const char *text, size_t width, size_t want, size_t want_skip)
{
	size_t skip, len = ctl_fold_take(text, width, &skip);

	if (len != want || skip != want_skip)
		fail_msg("\"%s\" at %zu: %zu and %zu, expected %zu and %zu", text, width, len, skip, want, want_skip);
}

static void test_take(void **state)
{
	(void)state;
	takes("short", 10, 5, 0);
	takes("exactly", 7, 7, 0);
	takes("two words", 8, 3, 1);
	takes("two  words", 4, 3, 2);
	takes("ends here", 4, 4, 1);
	takes("/usr/share/carrel/x", 12, 11, 0);
	takes("/averylongcomponent", 8, 8, 0); /* too near the beginning */
	takes("aaa\xc3\xa4"
	      "bbb",
	      4, 3, 0);
	takes("\xc3\xa4", 1, 1, 0); /* something has to go on */
	takes("", 5, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
