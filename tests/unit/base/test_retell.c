// SPDX-License-Identifier: Apache-2.0
/* A text is known by its English, with whatever is put in; what no row has, and what would be cut, stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/retell.h"
#include "base/scope.h"

static const struct crl_retold_text rows[] = {
	{{"cannot open {1}: {2}", "no se puede abrir {1}: {2}", "ezin da {1} ireki: {2}", "{2}: {1} geht nicht auf"}},
	{{"{1}  is kept", "{1}  se conserva", "{1}  gordeta dago", "{1}  bleibt"}},
	{{"none", "ninguno", "bat ere ez", "keine"}},
};
static const struct crl_retold_texts table = {rows, CRL_ARRAY_LEN(rows)};

static void is_told(enum crl_language language, const char *english, const char *want)
{
	char buf[CRL_RETOLD_MAX];

	assert_string_equal(crl_retell(&table, language, english, buf), want);
}

static void it_is_put_in_where_the_language_has_it(void **state)
{
	(void)state;
	is_told(CRL_LANGUAGE_ES, "cannot open a: b", "no se puede abrir a: b");
	is_told(CRL_LANGUAGE_EU, "cannot open a: b", "ezin da a ireki: b");
	is_told(CRL_LANGUAGE_DE, "cannot open a: b", "b: a geht nicht auf");
	is_told(CRL_LANGUAGE_DE, "cannot open a: b: c", "b: c: a geht nicht auf"); /* the first that it can be */
	is_told(CRL_LANGUAGE_DE, "cannot open : ", ":  geht nicht auf");
	is_told(CRL_LANGUAGE_DE, "cannot open {2}: {1}", "{1}: {2} geht nicht auf"); /* no place, but put in */
	is_told(CRL_LANGUAGE_ES, "-          is kept", "-          se conserva");
	is_told(CRL_LANGUAGE_ES, "a  is kept  is kept", "a  is kept  se conserva");
	is_told(CRL_LANGUAGE_EU, "none", "bat ere ez");
}

static void what_is_none_of_them_stays(void **state)
{
	static const char *const others[] = {
		"",        "non", "nones", "cannot open a", "Cannot open a: b", " none", "is kept", "a  is kept: then",
		"  is kep"};
	char buf[CRL_RETOLD_MAX];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(others); i++)
		assert_ptr_equal(crl_retell(&table, CRL_LANGUAGE_DE, others[i], buf), others[i]);
	assert_ptr_equal(crl_retell(&table, CRL_LANGUAGE_EN, others[1], buf), others[1]);
	is_told(CRL_LANGUAGE_EN, "none", "none");
	is_told((enum crl_language)77, "none", "none");
}

/* Half of a text, or half of a character, is worse than English. */
static void what_would_be_cut_stays(void **state)
{
	static const char head[] = "cannot open ", tail[] = ": b", told[] = "no se puede abrir ";
	char english[2 * CRL_RETOLD_MAX], buf[CRL_RETOLD_MAX];
	size_t fits = CRL_RETOLD_MAX - 1 - strlen(told) - strlen(tail);

	(void)state;
	for (size_t len = fits - 1; len <= fits + 1; len++) {
		memcpy(english, head, strlen(head));
		memset(english + strlen(head), 'x', len);
		memcpy(english + strlen(head) + len, tail, sizeof(tail));
		if (len > fits) {
			assert_ptr_equal(crl_retell(&table, CRL_LANGUAGE_ES, english, buf), english);
			continue;
		}
		assert_ptr_equal(crl_retell(&table, CRL_LANGUAGE_ES, english, buf), buf);
		assert_int_equal(strlen(buf), strlen(told) + len + strlen(tail));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_put_in_where_the_language_has_it),
		cmocka_unit_test(what_is_none_of_them_stays),
		cmocka_unit_test(what_would_be_cut_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
