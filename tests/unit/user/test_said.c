// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel, carrel-shell and carrel-errand say: every text in every language, with the same in it, as a terminal can
 * show it, and not too long. That the rows are what the code says is check-retold's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/scope.h"
#include "base/utf8.h"
#include "helper/errand/said.h"
#include "plan/errand_args.h"
#include "shell/said.h"
#include "tests/unit/phrase_places.h"
#include "user/said.h"

#define COLUMNS_MOST 160 /* two lines of a usual terminal */

static const struct crl_retold_texts *const tables[] = {&crl_user_texts, &crl_shell_texts, &errand_texts};

static size_t columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void is_row(const struct crl_retold_text *row)
{
	const char *english = row->in[CRL_LANGUAGE_EN];

	for (int l = 0; l < CRL_LANGUAGE_COUNT; l++) {
		const char *text = row->in[l];

		if (!text || !text[0]) {
			fail_msg("\"%s\" is not there in language %d", english, l);
			return;
		}
		if (!crl_utf8_is_plain(text) || columns(text) > COLUMNS_MOST ||
		    phrase_places(text, '1') != phrase_places(english, '1') ||
		    phrase_places(text, '2') != phrase_places(english, '2'))
			fail_msg("\"%s\": %zu columns, or its places, or its letters", text, columns(text));
		assert_true(phrase_places(text, '1') <= 1 && phrase_places(text, '2') <= 1 &&
			    (phrase_places(text, '2') == 0 || phrase_places(text, '1') == 1));
		assert_null(strchr(text, '%'));
		assert_int_equal(strncmp(text, "{1}  ", 5) == 0, strncmp(english, "{1}  ", 5) == 0);
		assert_int_equal(strncmp(text, "carrel: ", 8) == 0, strncmp(english, "carrel: ", 8) == 0);
		assert_true(text[strlen(text) - 1] != ' ' && text[0] != ' ');
		if (l != CRL_LANGUAGE_EN)
			assert_string_not_equal(text, english);
	}
}

/* A row that an earlier one hides would be told by that one. */
static void is_found(const struct crl_retold_texts *t, const struct crl_retold_text *row)
{
	char buf[CRL_RETOLD_MAX];

	for (int l = CRL_LANGUAGE_EN + 1; l < CRL_LANGUAGE_COUNT; l++)
		assert_string_equal(crl_retell(t, (enum crl_language)l, row->in[CRL_LANGUAGE_EN], buf), row->in[l]);
}

static void every_language_has_every_text_with_the_same_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(tables); i++) {
		assert_true(tables[i]->len > 10);
		for (size_t r = 0; r < tables[i]->len; r++) {
			is_row(&tables[i]->row[r]);
			is_found(tables[i], &tables[i]->row[r]);
		}
	}
}

static void cells_fit_in_their_columns(void **state)
{
	static const char *const names[] = {"memory", "memory, slowed above", "swap", "tasks", "cpu",
					    "home",   "io of device 259:0",   "LIMIT"};
	static const char *const cells[] = {"none", "MOST", "USED"};
	char buf[CRL_RETOLD_MAX];

	(void)state;
	for (int l = 0; l < CRL_LANGUAGE_COUNT; l++) {
		for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++)
			assert_true(columns(crl_retell(&crl_user_texts, (enum crl_language)l, names[i], buf)) <= 22);
		for (size_t i = 0; i < CRL_ARRAY_LEN(cells); i++)
			assert_true(columns(crl_retell(&crl_user_texts, (enum crl_language)l, cells[i], buf)) <= 10);
		assert_true(columns(crl_retell(&crl_user_texts, (enum crl_language)l, "now", buf)) <= 16);
	}
	assert_int_equal(crl_user_width("home", 22), 22);
	assert_int_equal(crl_user_width("LÍMITE", 22), 23);
}

/* What the steward's own check says, not a copy of it. */
static void a_refused_argument_is_told(void **state)
{
	char arg[] = "-u", *args[] = {arg}, buf[CRL_RETOLD_MAX];
	struct crl_err err = {0};

	(void)state;
	assert_true(crl_errand_args_check(crl_errand_find("crontab"), "ana", args, 1, &err) < 0);
	assert_string_equal(crl_retell(&errand_texts, CRL_LANGUAGE_DE, err.text, buf),
			    "crontab: Das Argument \"-u\" kann nicht aus einem Raum gegeben werden");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_language_has_every_text_with_the_same_in_it),
		cmocka_unit_test(cells_fit_in_their_columns),
		cmocka_unit_test(a_refused_argument_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
