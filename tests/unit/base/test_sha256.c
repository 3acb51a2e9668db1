// SPDX-License-Identifier: Apache-2.0
/* Digests: the standard's own examples, each length around a block, both ways, and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "base/sha256.h"

static void digest(const void *data, size_t len, size_t step, bool plain, char ret[CRL_SHA256_TEXT])
{
	struct crl_sha256 s;

	crl_sha256_begin(&s);
	s.plain |= plain;
	for (size_t at = 0; at < len; at += step)
		crl_sha256_add(&s, (const char *)data + at, len - at < step ? len - at : step);
	crl_sha256_end(&s, ret);
}

static void test_examples(void **state)
{
	static const char *const example[][2] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	char text[CRL_SHA256_TEXT];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(example); i++)
		for (int plain = 0; plain < 2; plain++) {
			digest(example[i][0], strlen(example[i][0]), 64, plain, text);
			assert_string_equal(text, example[i][1]);
		}
}

static void test_million(void **state)
{
	static char many[1000000];
	char text[CRL_SHA256_TEXT];

	(void)state;
	memset(many, 'a', sizeof(many));
	for (int plain = 0; plain < 2; plain++) {
		digest(many, sizeof(many), 997, plain, text);
		assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
}

/* However it is cut, and whoever computes it. */
static void test_lengths(void **state)
{
	char one[CRL_SHA256_TEXT], other[CRL_SHA256_TEXT], before[CRL_SHA256_TEXT] = "";
	uint8_t data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	for (size_t len = 0; len <= sizeof(data); len++) {
		digest(data, len, sizeof(data), true, one);
		for (size_t step = 1; step <= 130; step += 43) {
			digest(data, len, step, false, other);
			assert_string_equal(one, other);
		}
		assert_string_not_equal(one, before);
		memcpy(before, one, sizeof(before));
	}
}

static void test_file(void **state)
{
	char text[CRL_SHA256_TEXT], want[CRL_SHA256_TEXT];
	static char many[600000];
	scoped_fd fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (char)(i % 251);
	assert_int_equal(write(fd, many, sizeof(many)), sizeof(many));
	digest(many, sizeof(many), sizeof(many), false, want);
	assert_int_equal(crl_sha256_file(fd, text), sizeof(many));
	assert_string_equal(text, want);
	assert_int_equal(crl_sha256_file(-1, text), -EBADF);
}

static void test_text(void **state)
{
	char text[CRL_SHA256_TEXT + 1];

	(void)state;
	digest("", 0, 1, false, text);
	assert_true(crl_sha256_is_text(text));
	text[5] = 'A';
	assert_false(crl_sha256_is_text(text));
	text[5] = '\0';
	assert_false(crl_sha256_is_text(text));
	memset(text, 'a', sizeof(text));
	text[CRL_SHA256_TEXT] = '\0';
	assert_false(crl_sha256_is_text(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples), cmocka_unit_test(test_million), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_file),     cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
