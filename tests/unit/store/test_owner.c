// SPDX-License-Identifier: Apache-2.0
/* Records of owners: what is written is read, and nothing else is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/owner.h"

static const struct crl_owner good = {
	.uid = 1000,
	.name = "DOM\\ana b",
	.id = "0123456789abcdef0123456789abcdef",
	.created = 1700000000,
	.form = CRL_FORM_IMAGE,
	.size = 5ull << 30,
	.inodes = 200000,
	.project = 17,
};

static void test_back(void **state)
{
	(void)state;
	for (int form = 0; form < CRL_FORM_COUNT; form++) {
		struct crl_owner o = good, back;
		char text[CRL_OWNER_TEXT_MAX];
		int n;

		o.form = (enum crl_form)form;
		n = crl_owner_format(&o, text, sizeof(text));
		assert_true(n > 0);
		memset(&back, 0, sizeof(back));
		assert_int_equal(crl_owner_parse(text, (size_t)n, &back), 0);
		assert_string_equal(back.name, o.name);
		assert_string_equal(back.id, o.id);
		assert_true(back.uid == o.uid && back.created == o.created && back.form == o.form &&
			    back.size == o.size && back.inodes == o.inodes && back.project == o.project);
	}
}

/* Each text but the whole one is refused: cut anywhere, with a character more, with a NUL, of another version. */
static void test_strict(void **state)
{
	char text[CRL_OWNER_TEXT_MAX], other[CRL_OWNER_TEXT_MAX + 1];
	struct crl_owner back;
	int n = crl_owner_format(&good, text, sizeof(text));

	(void)state;
	for (int i = 0; i < n; i++) {
		memcpy(other, text, (size_t)i);
		other[i] = '\0';
		assert_int_equal(crl_owner_parse(other, (size_t)i, &back), -EBADMSG);
		memcpy(other, text, (size_t)n + 1);
		other[i] = '\0';
		assert_int_equal(crl_owner_parse(other, (size_t)n, &back), -EBADMSG);
	}
	(void)snprintf(other, sizeof(other), "%s\n", text);
	assert_int_equal(crl_owner_parse(other, strlen(other), &back), -EBADMSG);
	memcpy(other, text, (size_t)n + 1);
	other[6] = '2';
	assert_int_equal(crl_owner_parse(other, (size_t)n, &back), -EPROTONOSUPPORT);
	(void)snprintf(other, sizeof(other), "owner=17\nwho=knows\n");
	assert_int_equal(crl_owner_parse(other, strlen(other), &back), -EPROTONOSUPPORT);
	(void)snprintf(other, sizeof(other), "owner=0\n%s", strchr(text, '\n') + 1);
	assert_int_equal(crl_owner_parse(other, strlen(other), &back), -EBADMSG);
	memcpy(other, text, (size_t)n + 1);
	*strstr(other, "0123456789a") = 'X';
	assert_int_equal(crl_owner_parse(other, (size_t)n, &back), -EBADMSG);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "a\nuid=0", "a\tb", "a\x7f"};
	char text[CRL_OWNER_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct crl_owner o = good;

		(void)snprintf(o.name, sizeof(o.name), "%s", bad[i]);
		assert_int_equal(crl_owner_format(&o, text, sizeof(text)), -EINVAL);
	}
	assert_int_equal(crl_owner_format(&good, text, 40), -EOVERFLOW);
	assert_string_equal(crl_form_name((enum crl_form)77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
