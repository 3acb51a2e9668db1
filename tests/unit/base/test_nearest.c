// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/nearest.h"

static const char *const known[] = {"memory", "memory_high", "tasks", "swap", "ptrace", "a"};

static void is(const char *text, const char *want)
{
	struct crl_nearest n;
	char hint[CRL_NEAREST_HINT], wanted[CRL_NEAREST_HINT];

	crl_nearest_begin(&n, text);
	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++)
		crl_nearest_offer(&n, known[i]);
	assert_string_equal(n.name, want);
	(void)snprintf(wanted, sizeof(wanted), want[0] ? " (did you mean \"%s\"?)" : "%s", want);
	assert_string_equal(crl_nearest_hint(&n, hint, sizeof(hint)), wanted);
}

static void test_nearest(void **state)
{
	char longest[200];

	(void)state;
	is("memry", "memory");
	is("memory-high", "memory_high");
	is("mem", "memory");
	is("me", "");
	is("ptrce", "ptrace");
	is("tsaks", "tasks");
	is("qqqqq", "");
	is("", "a"); /* one letter is missing */
	is("swapp", "swap");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	is(longest, "");
}

static void test_long_names(void **state)
{
	char name[CRL_NEAREST_MAX + 1];
	struct crl_nearest n;

	(void)state;
	memset(name, 'x', CRL_NEAREST_MAX);
	name[CRL_NEAREST_MAX] = '\0';
	crl_nearest_begin(&n, "x");
	crl_nearest_offer_at(&n, name, 0);
	assert_string_equal(n.name, "");
	name[CRL_NEAREST_MAX - 1] = '\0';
	crl_nearest_offer_at(&n, name, 0);
	assert_string_equal(n.name, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
