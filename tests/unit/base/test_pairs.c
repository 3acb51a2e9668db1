// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/pairs.h"
#include "base/text.h"

static const char *list(const char *line)
{
	static char all[256];
	struct crl_pair p;
	size_t at = 0;

	all[0] = '\0';
	while (crl_pair_next(&line, &p))
		at += (size_t)snprintf(all + at, sizeof(all) - at, "[%.*s|%.*s]", (int)p.key_len, p.key,
				       (int)p.value_len, p.value);
	return all;
}

static void test_fields(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(list("event=close id=a left (close) cpu_ms=12 x"), "[event|close][id|a][cpu_ms|12]");
	assert_string_equal(list("a= =b  c=d "), "[a|][c|d]");
	assert_string_equal(list("errno=EACCES: no"), "[errno|EACCES]");
	assert_string_equal(list("a:"), "");
	assert_string_equal(list(""), "");
	assert_string_equal(list("a=b=c"), "[a|b=c]");
	assert_string_equal(crl_pair_find("user=ana user=bob", "user", buf, sizeof(buf)), "ana");
	assert_string_equal(crl_pair_find("users=ana", "user", buf, sizeof(buf)), "");
	assert_string_equal(crl_pair_find("user=abcdef", "user", buf, 4), "abc");
}

/* keeps: base/pairs R1 */
static void test_hostile(void **state)
{
	char user[128], line[256], detail[256];
	struct crl_err err = {0};

	(void)state;
	(void)crl_visible_field(user, sizeof(user), "ana uid=0 x=\n");
	(void)snprintf(line, sizeof(line), "user=%s uid=7", user);
	assert_string_equal(list(line), "[user|ana\\x20uid\\x3d0\\x20x\\x3d\\x0a][uid|7]");
	(void)crl_err_set(&err, EPERM, CRL_STAGE_HOME, "the home /h uid=0 is not");
	crl_err_format(&err, detail, sizeof(detail));
	assert_string_equal(list(detail), "[stage|HOME][errno|EPERM]");
	assert_string_equal(list("A=b Ab=c a1=d -=e"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
