// SPDX-License-Identifier: Apache-2.0
/* layers/marks.c: texts. What a kernel does with them is in tests/live/layers. */
#include "layers/marks.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool is_valid(const char *text)
{
	return crl_marks_redirect_is_valid(text, strlen(text));
}

static void test_names(void **state)
{
	(void)state;
	char text[NAME_MAX + 3] = "/";

	assert_true(is_valid("a") && is_valid("...") && is_valid("a\nb") && is_valid("\xff\xfe"));
	assert_true(is_valid("/a") && is_valid("/a/b") && is_valid("/.../b"));
	memset(text + 1, 'x', NAME_MAX);
	assert_true(is_valid(text) && is_valid(text + 1));
	text[NAME_MAX + 1] = 'x';
	assert_false(is_valid(text) || is_valid(text + 1));
}

/* keeps: layers/marks R1 */
static void test_others(void **state)
{
	(void)state;
	static const char *const bad[] = {"",   "/",  "//",  "a/b",   "a/",    "/a/",    "/a//b", "//a", ".",
					  "..", "/.", "/..", "/../a", "/a/..", "/a/./b", "./a",   "../a"};
	static char text[PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is_valid(bad[i]))
			fail_msg("\"%s\" passes", bad[i]);
	assert_false(crl_marks_redirect_is_valid("a\0b", 3));
	assert_true(crl_marks_redirect_is_valid("abc", 2));
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? 'x' : '/';
	assert_true(crl_marks_redirect_is_valid(text, PATH_MAX - 2));
	assert_false(crl_marks_redirect_is_valid(text, PATH_MAX));
	assert_false(crl_marks_redirect_is_valid(text, sizeof(text) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
