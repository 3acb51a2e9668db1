// SPDX-License-Identifier: Apache-2.0
/* What users read: every phrase in every language, with the same in it, as a terminal can show it, and not too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/phrases.h"
#include "base/scope.h"
#include "base/utf8.h"
#include "tests/unit/phrase_places.h"
#include "wire/proto.h"

#define LONGEST "18446744073709551615" /* a number, a time or a limit is no longer */

static const char *text_of(int language, int phrase)
{
	return crl_phrase_text((enum crl_language)language, (enum crl_phrase)phrase);
}

static const char *say(char *buf, size_t size, int language, int phrase)
{
	return crl_say(buf, size, &(struct crl_saying){(enum crl_language)language, (enum crl_phrase)phrase}, LONGEST,
		       "(2)");
}

static void every_language_has_every_phrase_with_the_same_in_it(void **state)
{
	(void)state;
	for (int i = 0; i < CRL_PHRASE_COUNT; i++) {
		const char *english = text_of(CRL_LANGUAGE_EN, i);

		for (int l = 0; l < CRL_LANGUAGE_COUNT; l++) {
			const char *text = text_of(l, i);

			if (!text || !text[0]) {
				fail_msg("phrase %d is not there in language %d", i, l);
				return;
			}
			assert_true(crl_utf8_is_plain(text));
			assert_int_equal(phrase_places(text, '1'), phrase_places(english, '1'));
			assert_int_equal(phrase_places(text, '2'), phrase_places(english, '2'));
			assert_true(phrase_places(text, '1') <= 1 && phrase_places(text, '2') <= 1);
			/* A line begins with whose word it is, a limit with the blank before it, in each. */
			assert_int_equal(strncmp(text, "carrel: ", 8) == 0, strncmp(english, "carrel: ", 8) == 0);
			assert_int_equal(text[0] == ' ', english[0] == ' ');
			if (l != CRL_LANGUAGE_EN && i != CRL_PHRASE_EARLIER)
				assert_string_not_equal(text, english);
		}
	}
}

/* The longest clause, with the longest number and limit, has room in the notice, alone behind its beginning. */
static void a_clause_always_fits(void **state)
{
	(void)state;
	for (int l = 0; l < CRL_LANGUAGE_COUNT; l++) {
		char head[CRL_NOTICE_MAX], clause[CRL_NOTICE_MAX], limit[CRL_NOTICE_MAX];

		(void)say(head, sizeof(head), l, CRL_PHRASE_YOUR_LOGIN);
		(void)say(limit, sizeof(limit), l, CRL_PHRASE_LIMIT);
		for (int i = CRL_PHRASE_MEMORY; i < CRL_PHRASE_CHANGES; i++) {
			(void)say(clause, sizeof(clause), l, i);
			assert_true(strlen(head) + strlen(clause) + strlen(limit) + 3 < CRL_NOTICE_MAX);
		}
		(void)say(clause, sizeof(clause), l, CRL_PHRASE_CHANGES_MANY);
		assert_true(strlen(clause) + 8 + strlen("carrel: ") < CRL_NOTICE_MAX);
	}
}

static void it_is_put_in(void **state)
{
	char buf[200], small[8];
	struct crl_saying what = {CRL_LANGUAGE_EU, CRL_PHRASE_REFUSED};

	(void)state;
	assert_string_equal(
		crl_say(buf, sizeof(buf), &what, "HOME", NULL),
		"carrel: saio-hasiera hau ukatu egin da (kodea: HOME). Jakinarazi administratzaileari, mesedez.");
	what.phrase = CRL_PHRASE_REFUSED_CONTACT;
	assert_string_equal(crl_say(buf, sizeof(buf), &what, "HOME", "Deitu 4321 zenbakira."),
			    "carrel: saio-hasiera hau ukatu egin da (kodea: HOME). Deitu 4321 zenbakira.");
	what.phrase = CRL_PHRASE_DRAINED_SAYS;
	what.language = CRL_LANGUAGE_EN;
	assert_string_equal(crl_say(buf, sizeof(buf), &what, "until {2}", "DRAIN"),
			    "carrel: this host takes no new logins now: until {2} (code DRAIN)");
	what.language = (enum crl_language)77; /* none */
	what.phrase = CRL_PHRASE_EARLIER;
	assert_string_equal(crl_say(buf, sizeof(buf), &what, NULL, NULL), "earlier");
	what.phrase = (enum crl_phrase)77;
	assert_string_equal(crl_say(buf, sizeof(buf), &what, NULL, NULL), "");
	what = (struct crl_saying){CRL_LANGUAGE_DE, CRL_PHRASE_EARLIER};
	assert_string_equal(crl_say(buf, sizeof(buf), &what, NULL, NULL), "früher");
	assert_string_equal(crl_say(small, 4, &what, NULL, NULL), "fr"); /* no half of a character */
	assert_string_equal(crl_say(small, 5, &what, NULL, NULL), "frü");
	assert_string_equal(crl_say(small, 1, &what, NULL, NULL), "");
	assert_ptr_equal(crl_say(small, 0, &what, NULL, NULL), small);
}

static void what_a_terminal_would_obey_is_not_plain(void **state)
{
	static const char *const bad[] = {"a\x1b[2J", "a\n",  "\x7f",     "\xc2\x9b",     "\xe2\x80\xae",
					  "\xff",     "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xe2\x80\xa8"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_false(crl_utf8_is_plain(bad[i]));
	assert_true(crl_utf8_is_plain(""));
	assert_true(crl_utf8_is_plain("sesión, früher, €, 𝄞"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_language_has_every_phrase_with_the_same_in_it),
		cmocka_unit_test(a_clause_always_fits),
		cmocka_unit_test(it_is_put_in),
		cmocka_unit_test(what_a_terminal_would_obey_is_not_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
