// SPDX-License-Identifier: Apache-2.0
/* The room's file of whom to ask: what is none is nothing, and nothing of it is obeyed by a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"
#include "wire/contact.h"

static void reads(const char *text, const char *want)
{
	char buf[CRL_CONTACT_MAX];

	write_file("contact", text);
	assert_string_equal(crl_contact_read(at("contact"), buf), want);
}

static void test_file(void **state)
{
	char line[CRL_CONTACT_MAX + 2], buf[CRL_CONTACT_MAX];

	(void)state;
	reads("Call 4321, täglich\n", "Call 4321, täglich");
	reads("", "");
	reads("\n", "");
	reads("\x1b[2J\n", "");
	memset(line, 'x', sizeof(line));
	strcpy(line + CRL_CONTACT_MAX - 1, "\n");
	write_file("contact", line);
	assert_int_equal(strlen(crl_contact_read(at("contact"), buf)), CRL_CONTACT_MAX - 1);
	memset(line, 'x', sizeof(line));
	strcpy(line + CRL_CONTACT_MAX, "\n");
	reads(line, "");
}

static void test_none(void **state)
{
	char buf[CRL_CONTACT_MAX];

	(void)state;
	write_file("contact", "Call 4321\n");
	assert_int_equal(symlink("contact", at("link")), 0);
	assert_string_equal(crl_contact_read(at("link"), buf), "");
	assert_string_equal(crl_contact_read(at("nothing"), buf), "");
	assert_string_equal(crl_contact_read("/", buf), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
