// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/template.h"

static int expand(const char *tmpl, const char *user, char *buf, size_t size, struct crl_err *err)
{
	static struct crl_login l;

	l = (struct crl_login){.uid = 1001, .service = "sshd"};
	(void)snprintf(l.user, sizeof(l.user), "%s", user);
	return crl_expand_hostname(tmpl, &(struct crl_facts){.login = &l, .host = "Host.example.org", .group = "staff"},
				   buf, size, err);
}

static void test_letters(void **state)
{
	static const char *const cases[][3] = {
		{"%u-%h", "cara", "cara-host"},
		{"%U.%s", "cara", "1001-sshd"},
		{"%g-%H", "cara", "staff-host-example-org"},
		{"", "cara", ""},
		{"a%%b", "x", "a-b"},
		{"%u", "Ca_ra$", "ca-ra"},
		{"%u", "../../etc", "etc"},
		{"%u", "-rf\n\033[2J", "rf---2j"},
		{"room", "x", "room"},
		{"%u%u", "a", "aa"},
	};
	char buf[256];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(cases); i++) {
		assert_int_equal(expand(cases[i][0], cases[i][1], buf, sizeof(buf), NULL), 0);
		assert_string_equal(buf, cases[i][2]);
	}
}

static void test_one_label_long(void **state)
{
	char user[200];
	char buf[256];

	(void)state;
	memset(user, 'x', sizeof(user));
	user[sizeof(user) - 1] = '\0';
	assert_int_equal(expand("%u", user, buf, sizeof(buf), NULL), 0);
	assert_int_equal(strlen(buf), 63);
	user[62] = '_'; /* the cut must not leave a '-' at the end */
	assert_int_equal(expand("%u", user, buf, sizeof(buf), NULL), 0);
	assert_int_equal(strlen(buf), 62);
}

static void test_refused(void **state)
{
	struct crl_err err = {.code = 0};
	char buf[8] = "before";

	(void)state;
	assert_int_equal(expand("%x", "u", buf, sizeof(buf), &err), -EINVAL);
	assert_int_equal(err.stage, CRL_STAGE_CONFIG);
	assert_non_null(strstr(err.text, "%x"));
	assert_int_equal(expand("a%", "u", buf, sizeof(buf), &err), -EINVAL);
	assert_int_equal(expand("%u", "$$$", buf, sizeof(buf), &err), -EINVAL);
	assert_int_equal(expand("%u", "longer-than-eight", buf, sizeof(buf), &err), -ENAMETOOLONG);
	assert_string_equal(buf, "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_letters), cmocka_unit_test(test_one_label_long),
					   cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
