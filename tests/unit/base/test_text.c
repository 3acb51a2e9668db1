// SPDX-License-Identifier: Apache-2.0
/* Fields of log lines: whatever the text, it stays one value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void a_field_cannot_become_two(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "ana"), "ana");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "a uid=0"), "a\\x20uid\\x3d0");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "\"\\\n\x1b\x7f\xe4"),
			    "\\x22\\x5c\\x0a\\x1b\\x7f\\xe4");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "%s%n"), "%s%n");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), ""), "");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), NULL), "");
}

static void every_byte_is_one_visible_word(void **state)
{
	char text[256], buf[CRL_VISIBLE_MAX(sizeof(text))];

	(void)state;
	for (int i = 1; i < 256; i++)
		text[i - 1] = (char)i;
	text[255] = '\0';
	(void)crl_visible_field(buf, sizeof(buf), text);
	for (const char *p = buf; *p; p++)
		assert_true(*p > ' ' && *p < 0x7f && *p != '"' && *p != '=');
	assert_int_equal(strlen(buf), 4 * 255 - 3 * ('~' - ' ' - 3)); /* all visible ones but three stay as they are */
}

static void what_does_not_fit_is_cut_whole(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(crl_visible_field(buf, 8, "abc=d"), "abc\\x3d");
	assert_string_equal(crl_visible_field(buf, 7, "abc=d"), "abc");
	assert_string_equal(crl_visible_field(buf, 1, "abc"), "");
	buf[0] = 'x';
	(void)crl_visible_field(buf, 0, "abc");
	assert_int_equal(buf[0], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_cannot_become_two),
		cmocka_unit_test(every_byte_is_one_visible_word),
		cmocka_unit_test(what_does_not_fit_is_cut_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
