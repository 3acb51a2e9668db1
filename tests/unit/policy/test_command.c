// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "policy/rules/command.h"

static struct crl_login login = {.uid = 1500, .service = "sshd"};
static const struct crl_facts facts = {.login = &login, .host = "node7.example"};

static void test_faults(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} kase[] = {
		{"/usr/local/sbin/has-job %u", true},
		{"/usr/local/sbin/has-job", true},
		{"/x  -a --user=%u\t%U %s %h %H 100%%", true},
		{"/x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", true},
		{"/x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", false},
		{"has-job %u", false},
		{"", false},
		{" /x", false},
		{"/usr/../x", false},
		{"/usr/%u/x", false},
		{"/x %g", false},
		{"/x %", false},
		{"/x $HOME", false},
		{"/x 'a b'", false},
		{"/x | /y", false},
		{"/x; /y", false},
		{"/x > /y", false},
		{"/x `y`", false},
		{"/x a\nb", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		if ((crl_command_fault(kase[i].text) == NULL) != kase[i].good)
			fail_msg("%s: %s", kase[i].text, crl_command_fault(kase[i].text) ?: "no fault");
}

static int expand(const char *user, const char *text, struct crl_command *c)
{
	struct crl_err err = {0};

	(void)snprintf(login.user, sizeof(login.user), "%s", user);
	return crl_command_expand(text, &facts, c, &err);
}

static void test_words(void **state)
{
	static struct crl_command c;

	(void)state;
	assert_int_equal(expand("ann", "/x  -u %u\t%U/%s 5%% %h %H", &c), 0);
	assert_string_equal(c.argv[0], "/x");
	assert_string_equal(c.argv[1], "-u");
	assert_string_equal(c.argv[2], "ann");
	assert_string_equal(c.argv[3], "1500/sshd");
	assert_string_equal(c.argv[4], "5%");
	assert_string_equal(c.argv[5], "node7");
	assert_string_equal(c.argv[6], "node7.example");
	assert_null(c.argv[7]);
}

/* keeps: policy/rules/command R1 */
static void test_hostile_names(void **state)
{
	static struct crl_command c;

	(void)state;
	assert_int_equal(expand("a b;$(id)'%U", "/x %u", &c), 0);
	assert_string_equal(c.argv[1], "a b;$(id)'%U");
	assert_null(c.argv[2]);
	assert_int_equal(expand("-rf", "/x %u", &c), -EINVAL);
	assert_int_equal(expand("-rf", "/x --user=%u", &c), 0);
	assert_string_equal(c.argv[1], "--user=-rf");
	assert_int_equal(expand("", "/x %u", &c), -ENODATA);
}

static void test_long(void **state)
{
	static struct crl_command c;
	char text[300] = "/x ", user[CRL_USER_MAX];

	(void)state;
	memset(user, 'a', sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	for (int i = 0; i < 30; i++)
		strcat(text, "%u");
	assert_int_equal(expand(user, text, &c), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
