// SPDX-License-Identifier: Apache-2.0
/*
 * docs/migration.md names keys that there are, and what it says to write is right. Run in the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/keys/keys.h"
#include "tests/unit/policy/policytext.h"

static bool is_in(const char *name, const char *prefix, enum crl_key_scope scope)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 && crl_key_find(scope, name + len);
}

static void check_key(const char *name)
{
	if (!is_in(name, "", CRL_KEYS_POLICY) && !is_in(name, "rules.", CRL_KEYS_RULE) &&
	    !is_in(name, "budgets.", CRL_KEYS_BUDGET) && !is_in(name, "", CRL_KEYS_TOP))
		fail_msg("docs/migration.md: there is no key %s", name);
}

/* As settings of a policy, or as a rule. */
static void check_text(const char *text, const char *shipped)
{
	scoped_free char *whole = NULL;
	struct crl_policy policy;
	struct crl_err err = {0};

	assert_true((text[0] == '{' ? asprintf(&whole, "rules = ( %s ); %s", text, shipped)
				    : asprintf(&whole, "%s", shipped)) > 0);
	if (text[0] != '{') {
		char *end = strrchr(whole, '}');
		scoped_free char *more = NULL;

		*end = '\0';
		assert_true(asprintf(&more, "%s migrated = { inherit = \"shared\"; %s }; };", whole, text) > 0);
		free(whole);
		whole = take_ptr(more);
	}
	if (policy_from_text(whole, text[0] == '{' ? "shared" : "migrated", &policy, &err) < 0)
		fail_msg("docs/migration.md: %s: %s", text, err.text);
	crl_policy_done(&policy);
}

/* All between backticks in a row's last cell. Returns how many. */
static size_t check_cell(const char *cell, const char *shipped)
{
	size_t found = 0;

	for (const char *p = cell, *end; (p = strchr(p, '`')); p = end + 1, found++) {
		scoped_free char *text = NULL;

		end = strchr(++p, '`');
		if (!end) {
			fail_msg("docs/migration.md: a ` is not closed: %s", cell);
			break;
		}
		text = strndup(p, (size_t)(end - p));
		if (strchr(text, '='))
			check_text(text, shipped);
		else
			check_key(text);
	}
	return found;
}

static void every_row(void **state)
{
	scoped_free char *doc = read_file("docs/migration.md");
	scoped_free char *shipped = shipped_policies();
	size_t rows = 0, found = 0;
	char *rest = NULL;

	(void)state;
	for (char *line = strtok_r(doc, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *end = line + strlen(line) - 1, *cell;

		if (line[0] != '|' || line[2] == '-')
			continue;
		assert_int_equal(*end, '|');
		*end = '\0';
		cell = strrchr(line, '|');
		assert_ptr_not_equal(cell, line);
		rows++;
		found += check_cell(cell, shipped);
	}
	assert_true(rows > 80);
	assert_true(found > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
