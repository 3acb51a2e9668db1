// SPDX-License-Identifier: Apache-2.0
/* Which language: the user's by LC_ALL or LC_MESSAGES, else what the room's file says; what is none is English. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/language.h"
#include "tests/unit/scratch.h"

static void locale_is(const char *locale, int want)
{
	enum crl_language got = CRL_LANGUAGE_COUNT;

	assert_int_equal(crl_language_of_locale(locale, &got), want >= 0);
	assert_int_equal(got, want >= 0 ? want : CRL_LANGUAGE_COUNT);
}

static void a_locale_names_its_language(void **state)
{
	(void)state;
	for (int i = 0; i < CRL_LANGUAGE_COUNT; i++)
		locale_is(crl_language_name((enum crl_language)i), i);
	locale_is("es_ES.UTF-8", CRL_LANGUAGE_ES);
	locale_is("eu.UTF-8", CRL_LANGUAGE_EU);
	locale_is("de@euro", CRL_LANGUAGE_DE);
	locale_is("de\n", CRL_LANGUAGE_DE);
	locale_is("C", CRL_LANGUAGE_EN);
	locale_is("C.UTF-8", CRL_LANGUAGE_EN);
	locale_is("POSIX", CRL_LANGUAGE_EN);
	locale_is("", -1);
	locale_is("fr_FR.UTF-8", -1);
	locale_is("est_EE", -1);
	locale_is("e", -1);
	locale_is("ES", -1);
}

static enum crl_language with(const char *all, const char *messages, const char *file)
{
	assert_int_equal(all ? setenv("LC_ALL", all, 1) : unsetenv("LC_ALL"), 0);
	assert_int_equal(messages ? setenv("LC_MESSAGES", messages, 1) : unsetenv("LC_MESSAGES"), 0);
	write_file("language", file);
	return crl_language_in_room(at("language"));
}

static void the_users_word_comes_before_the_policys(void **state)
{
	(void)state;
	assert_int_equal(setenv("LANG", "de_DE.UTF-8", 1), 0); /* which does not count */
	assert_int_equal(with(NULL, NULL, "eu\n"), CRL_LANGUAGE_EU);
	assert_int_equal(with("", "", "eu\n"), CRL_LANGUAGE_EU);
	assert_int_equal(with(NULL, "es_ES.UTF-8", "eu\n"), CRL_LANGUAGE_ES);
	assert_int_equal(with("C", "es_ES.UTF-8", "eu\n"), CRL_LANGUAGE_EN);
	assert_int_equal(with("", "C", "eu\n"), CRL_LANGUAGE_EN);
	assert_int_equal(with("fr_FR", "es_ES.UTF-8", "eu\n"), CRL_LANGUAGE_EU); /* as for libc, LC_ALL is all */
	assert_int_equal(with(NULL, "fr_FR", "eu\n"), CRL_LANGUAGE_EU);
}

static void what_is_no_language_is_english(void **state)
{
	(void)state;
	assert_int_equal(with(NULL, NULL, ""), CRL_LANGUAGE_EN);
	assert_int_equal(with(NULL, NULL, "fr\n"), CRL_LANGUAGE_EN);
	assert_int_equal(with(NULL, NULL, "\xff\n"), CRL_LANGUAGE_EN);
	assert_int_equal(with(NULL, NULL, "eu\n"), CRL_LANGUAGE_EU);
	assert_int_equal(symlink("language", at("link")), 0);
	assert_int_equal(crl_language_in_room(at("link")), CRL_LANGUAGE_EN);
	assert_int_equal(crl_language_in_room(at("nothing")), CRL_LANGUAGE_EN);
	assert_int_equal(crl_language_in_room("/"), CRL_LANGUAGE_EN);
	assert_string_equal(crl_language_name((enum crl_language)77), "en");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_locale_names_its_language),
		cmocka_unit_test(the_users_word_comes_before_the_policys),
		cmocka_unit_test(what_is_no_language_is_english),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
