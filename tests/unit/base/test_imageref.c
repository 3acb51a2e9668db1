// SPDX-License-Identifier: Apache-2.0
/* Names of images: what is one, and what must not pass for one, since it becomes a name of a directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/imageref.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SIXTEEN "abcdefghijklmnop"

static void test_good(void **state)
{
	static const char *const good[] = {
		"a", "0", "debian-12", "a.b_c-d", "host2", "hos", SIXTEEN SIXTEEN SIXTEEN SIXTEEN};
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT], text[160];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(good); i++) {
		assert_null(crl_imageref_fault(good[i]));
		assert_int_equal(crl_imageref_parse(good[i], name, digest), 0);
		assert_string_equal(name, good[i]);
		assert_string_equal(digest, "");
		(void)snprintf(text, sizeof(text), "%s@sha256:" DIGEST, good[i]);
		assert_int_equal(crl_imageref_parse(text, name, digest), 0);
		assert_string_equal(name, good[i]);
		assert_string_equal(digest, DIGEST);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		".hidden",
		"-x",
		"_x",
		"a/b",
		"../a",
		"A",
		"a b",
		"a\n",
		"\303\244",
		SIXTEEN SIXTEEN SIXTEEN SIXTEEN "q",
		"@sha256:" DIGEST,
		"a@",
		"a@sha256:",
		"a@sha256:" DIGEST "0",
		"a@sha1:" DIGEST,
		"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"a@sha256:" DIGEST "@sha256:" DIGEST,
		"a@@sha256:" DIGEST,
		"host",
		"host@sha256:" DIGEST,
	};
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		assert_non_null(crl_imageref_fault(bad[i]));
		assert_int_equal(crl_imageref_parse(bad[i], name, digest), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
