// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/top/screen.h"

static void put(struct ctl_top_screen *s, int line, int column, int width, bool right, const char *text)
{
	ctl_top_screen_put(s, &(struct ctl_top_field){line, column, width, right, CTL_TOP_PLAIN}, text);
}

static void test_put(void **state)
{
	struct ctl_top_screen s = {0};

	(void)state;
	assert_int_equal(ctl_top_screen_resize(&s, 10, 5), 0);
	put(&s, 0, 0, 5, false, "abc");
	put(&s, 0, 5, 5, true, "xyz");
	put(&s, 1, 0, 5, false, "abcdefgh");
	put(&s, 1, 5, 5, true, "abcde");
	put(&s, 2, 0, 10, false, "a\033[2J");
	put(&s, 3, 0, 10, false, "\xc3\xa9\n");
	assert_memory_equal(s.text, "abc    xyzabcd+abcdea\\x1b[2J  \\xc3\\xa9\\+", 40);
	assert_int_equal(ctl_top_screen_length("a\033[2J"), 8);
	ctl_top_screen_done(&s);
}

/* Nothing is written outside, whatever the place: the sanitizers' build looks on. */
static void test_outside(void **state)
{
	struct ctl_top_screen s = {0};

	(void)state;
	assert_int_equal(ctl_top_screen_resize(&s, -5, 0), 0);
	assert_int_equal(s.columns, 1);
	assert_int_equal(s.lines, 1);
	assert_int_equal(ctl_top_screen_resize(&s, 100000, 100000), 0);
	assert_int_equal(s.columns, 1000);
	assert_int_equal(ctl_top_screen_resize(&s, 3, 2), 0);
	put(&s, 0, 2, 4, false, "abcd");
	put(&s, 1, -2, 4, false, "abcd");
	assert_memory_equal(s.text, "  acd ", 6); /* nor in another line */
	for (int line = -2; line < 4; line++)
		for (int column = -5; column < 5; column++) {
			put(&s, line, column, 4, true, "zz");
			put(&s, line, column, -1, false, "zz");
			ctl_top_screen_paint(&s, line, column, 9, CTL_TOP_BOLD);
		}
	ctl_top_screen_done(&s);
}

static char *encode(const struct ctl_top_screen *before, const struct ctl_top_screen *now, bool colour)
{
	size_t len;
	char *bytes = ctl_top_screen_encode(before, now, colour, &len);

	assert_non_null(bytes);
	assert_int_equal(strlen(bytes), len);
	return bytes;
}

/* keeps: ctl/top/screen R1 */
static void test_encode(void **state)
{
	struct ctl_top_screen a = {0}, b = {0};
	char *bytes;

	(void)state;
	assert_int_equal(ctl_top_screen_resize(&a, 6, 3), 0);
	assert_int_equal(ctl_top_screen_resize(&b, 6, 3), 0);
	put(&a, 0, 0, 6, false, "one");
	put(&a, 1, 0, 6, false, "twotwo");
	bytes = encode(NULL, &a, true);
	assert_string_equal(bytes, "\033[0m\033[2J\033[1;1Hone\033[K\033[2;1Htwotwo\033[3;1H\033[K");
	free(bytes);
	put(&b, 0, 0, 6, false, "one");
	put(&b, 1, 0, 6, false, "two");
	ctl_top_screen_paint(&b, 1, 0, 2, CTL_TOP_RED | CTL_TOP_BOLD);
	bytes = encode(&a, &b, true);
	assert_string_equal(bytes, "\033[2;1H\033[0;1;31mtw\033[0mo\033[K");
	free(bytes);
	bytes = encode(&a, &b, false);
	assert_string_equal(bytes, "\033[2;1H\033[0;1mtw\033[0mo\033[K");
	free(bytes);
	ctl_top_screen_paint(&b, 2, 0, 6, CTL_TOP_REVERSE); /* blanks that are to be seen */
	bytes = encode(&a, &b, false);
	assert_non_null(strstr(bytes, "\033[3;1H\033[0;7m      \033[0m"));
	free(bytes);
	bytes = encode(&b, &b, true);
	assert_string_equal(bytes, "");
	free(bytes);
	assert_int_equal(ctl_top_screen_resize(&a, 7, 3), 0);
	bytes = encode(&b, &a, true); /* of another size: all of it */
	assert_non_null(strstr(bytes, "\033[2J"));
	free(bytes);
	ctl_top_screen_done(&a);
	ctl_top_screen_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_put), cmocka_unit_test(test_outside),
					   cmocka_unit_test(test_encode)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
