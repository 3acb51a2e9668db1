// SPDX-License-Identifier: Apache-2.0
/* What holds for every row of the table of keys: its field is of its type's size, and a truth is told both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/filter/sysgroups.h"
#include "policy/keys/keys.h"
#include "policy/keys/weaker.h"
#include "tests/unit/policy/policytext.h"

static void test_fields_fit(void **state)
{
	static const size_t object[] = {
		[CRL_KEYS_POLICY] = sizeof(struct crl_policy),   [CRL_KEYS_TOP] = sizeof(struct crl_top),
		[CRL_KEYS_RULE] = sizeof(struct crl_rule),       [CRL_KEYS_BUDGET] = sizeof(struct crl_limits),
		[CRL_KEYS_BIND] = sizeof(struct crl_bind),       [CRL_KEYS_WRITABLE] = sizeof(struct crl_writable),
		[CRL_KEYS_IO] = sizeof(struct crl_io_limit),     [CRL_KEYS_CALLS_TOP] = sizeof(struct crl_top),
		[CRL_KEYS_CALLS] = sizeof(struct crl_sysgroup),  [CRL_KEYS_ANSWERS] = sizeof(struct crl_answers),
		[CRL_KEYS_PROFILE] = sizeof(struct crl_profile), [CRL_KEYS_PUBLISH] = sizeof(struct crl_publish),
	};

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];

		if (key->type->size != 0 && key->type->size != key->size)
			fail_msg("%s: its field has %zu bytes, its type %zu", key->path, key->size, key->type->size);
		if (key->offset + key->size > object[key->scope])
			fail_msg("%s: its field is not in the object of its scope", key->path);
		if (key->in_budgets && key->offset - offsetof(struct crl_policy, limits) >= sizeof(struct crl_limits))
			fail_msg("%s: its field is not in the limits", key->path);
		for (size_t j = 0; j < i; j++)
			if (key->size > 0 && crl_keys[j].size > 0 && crl_keys[j].scope == key->scope &&
			    crl_keys[j].offset == key->offset)
				fail_msg("%s and %s have one field", crl_keys[j].path, key->path);
	}
}

/* The value of a key in a policy that says only that one. */
static void load(const struct crl_key *key, const char *value, struct crl_policy *ret, char **ret_text)
{
	char text[400] = "policies = { p = { ";
	const char *name = key->path;
	struct crl_err err = {0};
	size_t len = strlen(text);
	int groups = 0;

	for (const char *dot; (dot = strchr(name, '.')); name = dot + 1, groups++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s = { ", (int)(dot - name), name);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s = %s;", name, value);
	for (; groups > 0; groups--)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " };");
	(void)snprintf(text + len, sizeof(text) - len, " }; };");
	/* Contradictions between keys are another test's. */
	if (policy_from_text(text, "p", ret, &err) < 0 && !strstr(err.text, "policy \"p\""))
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(crl_policy_value(ret, key, ret_text), 0);
}

static bool is_weaker(const char *path, const struct crl_policy *p, const struct crl_policy *q)
{
	const char *found;

	for (size_t i = 0; (found = crl_policy_weaker(p, q, &i));)
		if (strcmp(found, path) == 0)
			return true;
	return false;
}

static void test_truths_both_ways(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		scoped(crl_policy) yes = {0};
		scoped(crl_policy) no = {0};
		scoped_free char *yes_text = NULL;
		scoped_free char *no_text = NULL;

		if (key->scope != CRL_KEYS_POLICY || key->type != &crl_type_bool)
			continue;
		load(key, "true", &yes, &yes_text);
		load(key, "false", &no, &no_text);
		assert_string_equal(yes_text, "true");
		assert_string_equal(no_text, "false");
		if (is_weaker(key->path, &yes, &no) != (key->weaker == CRL_WEAKER_MORE) ||
		    is_weaker(key->path, &no, &yes) != (key->weaker == CRL_WEAKER_LESS))
			fail_msg("%s: weaker is not what its row says", key->path);
		found++;
	}
	assert_true(found > 5);
}

/* Budgets have the rows of limits, and each of them starts with nothing limited. */
static void test_limits_of_budgets(void **state)
{
	struct crl_limits limits;
	struct crl_policy *p = calloc(1, sizeof(*p));

	(void)state;
	assert_non_null(p);
	assert_int_equal(crl_limits_init(&limits), 0);
	assert_false(crl_limits_any(&limits));
	assert_int_equal(crl_policy_init(p), 0);
	assert_memory_equal(&limits, &p->limits, sizeof(limits));
	assert_ptr_equal(crl_key_find(CRL_KEYS_BUDGET, "memory"), crl_key_find(CRL_KEYS_POLICY, "limits.memory"));
	assert_null(crl_key_find(CRL_KEYS_BUDGET, "rooms"));
	assert_null(crl_key_find(CRL_KEYS_BUDGET, "limits.memory"));
	crl_policy_done(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_fit),
		cmocka_unit_test(test_truths_both_ways),
		cmocka_unit_test(test_limits_of_budgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
