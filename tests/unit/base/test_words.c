// SPDX-License-Identifier: Apache-2.0
/* A set of texts: what was added is found, nothing else is, and each only once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/words.h"

static void test_empty(void **unused)
{
	struct crl_words w = {.len = 0};

	(void)unused;
	crl_words_sort(&w);
	assert_false(crl_words_has(&w, ""));
	assert_false(crl_words_has(&w, "a"));
	crl_words_done(&w);
}

static void test_many(void **unused)
{
	struct crl_words w = {.len = 0};
	char text[16];

	(void)unused;
	for (int round = 0; round < 2; round++)
		for (int i = 999; i >= 0; i--) {
			(void)snprintf(text, sizeof(text), "w%d", i * 3);
			assert_int_equal(crl_words_add(&w, text), 0);
		}
	crl_words_sort(&w);
	assert_int_equal(w.len, 1000);
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(text, sizeof(text), "w%d", i);
		assert_int_equal(crl_words_has(&w, text), i % 3 == 0);
	}
	assert_int_equal(crl_words_add(&w, "more"), 0); /* after some were dropped */
	crl_words_sort(&w);
	assert_true(crl_words_has(&w, "more"));
	crl_words_done(&w);
	assert_int_equal(w.len, 0);
}

static void test_in_a_list(void **unused)
{
	(void)unused;
	assert_true(crl_word_is_in("cpu", "cpu", " \n"));
	assert_true(crl_word_is_in("io cpu memory\n", "cpu", " \n"));
	assert_true(crl_word_is_in("io memory\n", "memory", " \n"));
	assert_true(crl_word_is_in("cpuset cpu", "cpu", " \n"));
	assert_false(crl_word_is_in("cpuset mycpu", "cpu", " \n"));
	assert_false(crl_word_is_in("rw,nosuid", "ro", ","));
	assert_false(crl_word_is_in("rw nosuid", "rw", ","));
	assert_false(crl_word_is_in("", "rw", ","));
	assert_false(crl_word_is_in("a,,b", "", ","));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_in_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
