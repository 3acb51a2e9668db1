// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "policy/rules/match.h"

static int lookups;

static int look_up(void *arg, const char *name, uint32_t *ret_gid)
{
	(void)arg;
	lookups++;
	if (strcmp(name, "wheel") == 0) {
		*ret_gid = 10;
		return 0;
	}
	if (strcmp(name, "others") == 0) {
		*ret_gid = 99;
		return 0;
	}
	return strcmp(name, "silent") == 0 ? -ETIMEDOUT : -ENOENT;
}

static int asked;

static int ask(void *arg, const char *text, struct crl_err *err)
{
	(void)arg;
	asked++;
	if (strstr(text, "hangs"))
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_RULE, "command: no answer");
	return strstr(text, "yes") != NULL;
}

static struct crl_login someone(void)
{
	struct crl_login login = {.uid = 1000, .gid = 1000, .ngroups = 2, .groups = {1000, 10}};

	strcpy(login.user, "ann");
	strcpy(login.service, "sshd");
	return login;
}

#define TEXT(...) \
	{ \
		.item = (char *[]){__VA_ARGS__}, .len = CRL_ARRAY_LEN(((char *[]){__VA_ARGS__})) \
	}
#define IS(kind, ...) .is[CRL_COND_##kind] = TEXT(__VA_ARGS__)
#define NOT(kind, ...) .is_not[CRL_COND_##kind] = TEXT(__VA_ARGS__)
static char ann[] = "ann", bob[] = "bob", sshd[] = "sshd", cron[] = "cron", wheel[] = "wheel", others[] = "others",
	    silent[] = "silent", unknown[] = "nobody-knows", low[] = "0-999", net[] = "192.0.2.0/24";
#define USER IS(USER, ann)
#define SSHD IS(SERVICE, sshd)
#define POLICY(name) .policy = (char[]){name}, .file = "f", .line = 7

static int match(struct crl_rule *item, size_t len, const char **ret, struct crl_err *err)
{
	struct crl_rules rules = {item, len};
	struct crl_login login = someone();
	const struct crl_rule *found = NULL;
	int rc;

	lookups = 0;
	asked = 0;
	rc = crl_rules_match(&rules, &(struct crl_match){.login = &login, .lookup = look_up, .ask = ask}, &found, err);
	*ret = found ? found->policy : NULL;
	return rc;
}

static void expect(struct crl_rule *item, size_t len, const char *policy)
{
	const char *found = NULL;

	assert_int_equal(match(item, len, &found, NULL), 0);
	assert_string_equal(found, policy);
}

static void test_first_match(void **state)
{
	struct crl_rule rules[] = {
		{IS(USER, bob), POLICY("bob")},
		{IS(SERVICE, cron), USER, POLICY("cron")},
		{IS(GROUP, unknown), POLICY("unknown")},
		{IS(GROUP, others), POLICY("others")},
		{USER, SSHD, IS(GROUP, wheel), POLICY("first")},
		{POLICY("last")},
	};

	(void)state;
	expect(rules, CRL_ARRAY_LEN(rules), "first");
	assert_int_equal(lookups, 3);
	rules[4].is[CRL_COND_SERVICE] = rules[1].is[CRL_COND_SERVICE];
	expect(rules, CRL_ARRAY_LEN(rules), "last");
}

/* A name service that does not answer must not turn into "not in the group". */
static void test_silence_is_an_error(void **state)
{
	struct crl_rule rules[] = {{IS(GROUP, silent), POLICY("a")}, {POLICY("b")}};
	struct crl_err err = {0};
	const char *found = NULL;

	(void)state;
	assert_int_equal(match(rules, 2, &found, &err), -ETIMEDOUT);
	assert_null(found);
	assert_int_equal(err.stage, CRL_STAGE_RULE);
	assert_int_equal(err.line, 7);
	assert_string_equal(err.file, "f");
	/* Not asked when another condition fails already, or when an earlier rule matches. */
	rules[0].is[CRL_COND_USER] = (struct crl_strv)TEXT(bob);
	expect(rules, 2, "b");
	assert_int_equal(lookups, 0);
	rules[0] = (struct crl_rule){USER, POLICY("c")};
	rules[1] = (struct crl_rule){IS(GROUP, silent), POLICY("a")};
	expect(rules, 2, "c");
}

static void test_lists_and_negation(void **state)
{
	struct crl_rule rules[] = {
		{IS(USER, bob, ann), NOT(GROUP, others, wheel), POLICY("not in wheel")},
		{IS(SERVICE, cron, sshd), NOT(UID, low), NOT(RHOST, net), IS(GROUP, unknown, wheel), POLICY("yes")},
	};
	struct crl_login login = someone();
	struct crl_match m = {.login = &login, .lookup = look_up};
	struct crl_mismatch why;

	(void)state;
	expect(rules, 2, "yes");
	assert_int_equal(crl_rule_matches(&rules[0], &m, &why, NULL), 0);
	assert_int_equal(why.kind, CRL_COND_GROUP);
	assert_true(why.negated);
	strcpy(login.rhost, "192.0.2.9");
	assert_int_equal(crl_rule_matches(&rules[1], &m, &why, NULL), 0);
	assert_int_equal(why.kind, CRL_COND_RHOST);
	strcpy(login.service, "su");
	assert_int_equal(crl_rule_matches(&rules[1], &m, &why, NULL), 0);
	assert_int_equal(why.kind, CRL_COND_SERVICE);
	assert_false(why.negated);
	/* A silent name service does not fulfil a negation either. */
	rules[0].is_not[CRL_COND_GROUP] = (struct crl_strv)TEXT(silent);
	assert_int_equal(crl_rule_matches(&rules[0], &m, &why, NULL), -ETIMEDOUT);
}

static void test_no_match(void **state)
{
	struct crl_rule rules[] = {{IS(USER, bob), POLICY("a")}};
	struct crl_err err = {0};
	const char *found = NULL;

	(void)state;
	assert_int_equal(match(rules, 1, &found, &err), -EACCES);
	assert_int_equal(err.stage, CRL_STAGE_RULE);
	assert_int_equal(match(rules, 0, &found, &err), -EACCES);
}

static void test_commands(void **state)
{
	static char yes[] = "/x yes", no[] = "/x no", hangs[] = "/x hangs";
	struct crl_rule one[] = {{IS(COMMAND, yes), USER, POLICY("a")}};
	struct crl_rule two[] = {{IS(COMMAND, no), POLICY("a")}, {NOT(COMMAND, no), IS(COMMAND, no, yes), POLICY("b")}};
	struct crl_rule last[] = {{IS(COMMAND, yes), IS(USER, bob), POLICY("a")},
				  {IS(COMMAND, yes), IS(GROUP, others), POLICY("b")},
				  {POLICY("c")}};
	struct crl_rule refused[] = {{IS(COMMAND, no, hangs), POLICY("a")}, {POLICY("b")}};
	const struct crl_rules rules = {refused, 2};
	const struct crl_rule *found = NULL;
	const struct crl_login login = someone();
	struct crl_err err = {0};
	const char *policy;

	(void)state;
	assert_int_equal(match(one, 1, &policy, &err), 0);
	assert_string_equal(policy, "a");
	assert_int_equal(match(two, 2, &policy, &err), 0);
	assert_string_equal(policy, "b");
	assert_int_equal(match(last, 3, &policy, &err), 0);
	assert_string_equal(policy, "c");
	assert_int_equal(asked, 0); /* what costs most comes last */
	assert_int_equal(match(refused, 2, &policy, &err), -ETIMEDOUT); /* never "no" */
	assert_null(policy);
	assert_int_equal(err.stage, CRL_STAGE_RULE);
	assert_int_equal(err.line, 7);
	/* Who cannot ask does not guess. */
	assert_int_equal(crl_rules_match(&rules, &(struct crl_match){.login = &login, .lookup = look_up}, &found, &err),
			 -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_first_match),
		cmocka_unit_test(test_silence_is_an_error),
		cmocka_unit_test(test_lists_and_negation),
		cmocka_unit_test(test_no_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
