// SPDX-License-Identifier: Apache-2.0
/* src/ctl/print/speech.c: no byte of an operator's text is a command to somebody's terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/print/speech.h"

static void shows(const char *text, const char *want)
{
	char buf[256] = "";

	assert_int_equal(ctl_speech_visible(buf, sizeof(buf), text), strlen(want));
	assert_string_equal(buf, want);
}

static void test_visible(void **state)
{
	(void)state;
	shows("plain", "plain");
	shows("two\nlines\ttab", "two\r\nlines tab");
	shows("\033[2J\007\177\r", "^[[2J^G^?^M");
	shows("gr\303\274n \342\202\254 \360\237\230\200", "gr\303\274n \342\202\254 \360\237\230\200");
	shows("\302\233C1", "\\xc2\\x9bC1");
	shows("\233 \377", "\\x9b \\xff");
	shows("\342\200\256rtl \342\201\246", "\\xe2\\x80\\xaertl \\xe2\\x81\\xa6");
	shows("\340\200\200 \355\240\200 \364\220\200\200", "\\xe0\\x80\\x80 \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
	shows("cut \303", "cut \\xc3");
}

/* Every single byte, and every pair of them: only printable ones, \r\n and whole characters come out. */
/* keeps: ctl/act/terminals R4 */
static void test_all(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char text[3] = {(char)a, (char)b, 0}, buf[32] = "";

			(void)ctl_speech_visible(buf, sizeof(buf), text);
			for (const unsigned char *p = (unsigned char *)buf; *p; p++) {
				assert_true(*p >= ' ' || (*p == '\r' && p[1] == '\n') || (*p == '\n' && p[-1] == '\r'));
				assert_int_not_equal(*p, 0x7f);
				assert_false(*p == 0xc2 && p[1] < 0xa0);
				assert_false(*p >= 0x80 && *p < 0xc2 && (p == (unsigned char *)buf || p[-1] < 0xc2));
			}
		}
	}
}

static void test_small(void **state)
{
	char buf[5] = "";

	(void)state;
	assert_int_equal(ctl_speech_visible(buf, sizeof(buf), "a\033bcd"), 4);
	assert_string_equal(buf, "a^[b"); /* what does not fit is left out, whole */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
