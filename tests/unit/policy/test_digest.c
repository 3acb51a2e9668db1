// SPDX-License-Identifier: Apache-2.0
/* What has changed since a room was made is named, all of it and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/file/digest.h"
#include "policy/keys/keys.h"
#include "tests/unit/policy/policytext.h"

static void load(const char *body, struct crl_config **ret)
{
	scoped_free char *text = NULL;
	struct crl_err err = {0};

	assert_true(asprintf(&text, "policies = { p = { %s }; };", body) > 0);
	if (config_from_text(text, ret, &err) < 0)
		fail_msg("%s: %s", body, err.text);
}

static void join(void *arg, const char *path)
{
	char *all = arg;

	(void)strcat(all, path); /* shorter than the table of keys, which @all holds */
	(void)strcat(all, " ");
}

static void changes(const char *before, const char *after, char *ret)
{
	struct crl_config *old = NULL, *now = NULL;
	char digests[CRL_DIGESTS_MAX];
	struct crl_err err = {0};

	load(before, &old);
	load(after, &now);
	if (crl_policy_digests(old, "p", digests, &err) < 0)
		fail_msg("%s: %s", before, err.text);
	ret[0] = '\0';
	assert_int_equal(crl_policy_changes(now, "p", &(struct crl_changes_to){digests, join, ret}, &err), 0);
	crl_config_free(old);
	crl_config_free(now);
}

static void test_changes_are_named(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} kase[] = {
		{"", "", ""},
		{"hostname = \"a\";", "hostname = \"a\";", ""},
		{"hostname = \"a\";", "hostname = \"b\";", "hostname "},
		{"hostname = \"%u\";", "", "hostname "},
		{"root = { hide = [ \"/a\", \"/b\" ]; };", "root = { hide = [ \"/b\", \"/a\" ]; };", "root.hide "},
		{"limits = { tasks = 9; };", "limits = { tasks = 8; }; ptys = 9;", "ptys limits.tasks "},
		/* The same value under another key is another setting. */
		{"limits = { memory = \"9M\"; };", "limits = { memory_high = \"9M\"; };",
		 "limits.memory limits.memory_high "},
		/* What is not set has no value, and that is one, too. */
		{"home = { mode = \"overlay\"; size = \"9M\"; lower = \"/srv\"; };",
		 "home = { mode = \"overlay\"; size = \"9M\"; };", "home.lower "},
		{"home = { mode = \"overlay\"; size = \"9M\"; lower = \"/srv\"; };",
		 "home = { mode = \"overlay\"; size = \"9M\"; lower = [ \"/srv\" ]; };", ""},
		{"home = { mode = \"overlay\"; size = \"9M\"; lower = [ \"/a\", \"/b\" ]; };",
		 "home = { mode = \"overlay\"; size = \"9M\"; lower = [ \"/b\", \"/a\" ]; };", "home.lower "},
		{"home = { mode = \"overlay\"; size = \"9M\"; };",
		 "home = { mode = \"overlay\"; size = \"9M\"; upper = \"persistent\"; };", "home.upper "},
	};
	char got[8192];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		changes(kase[i].before, kase[i].after, got);
		assert_string_equal(got, kase[i].want);
	}
}

static void test_every_setting_has_its_digest(void **state)
{
	struct crl_config *c = NULL;
	char digests[CRL_DIGESTS_MAX];
	struct crl_err err = {0};
	size_t keys = 0;

	(void)state;
	load("", &c);
	assert_int_equal(crl_policy_digests(c, "p", digests, &err), 0);
	for (size_t i = 0; i < crl_keys_len; i++)
		keys += crl_key_is_setting(&crl_keys[i]);
	assert_int_equal(strlen(digests), keys * 9 - 1);
	crl_config_free(c);
}

static void test_wrong_questions(void **state)
{
	struct crl_config *c = NULL;
	char digests[CRL_DIGESTS_MAX], got[8192] = "";
	struct crl_changes_to to = {.digests = "", .each = join, .arg = got};
	struct crl_err err = {0};

	(void)state;
	load("", &c);
	assert_true(crl_policy_digests(c, "no-such", digests, &err) < 0);
	assert_true(crl_policy_changes(c, "no-such", &to, &err) < 0);
	assert_int_equal(crl_policy_changes(c, "p", &to, &err), 0); /* nothing on record: all may have */
	assert_non_null(strstr(got, "share "));
	assert_non_null(strstr(got, "features.accounting "));
	crl_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_are_named),
		cmocka_unit_test(test_every_setting_has_its_digest),
		cmocka_unit_test(test_wrong_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
