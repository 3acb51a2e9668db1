// SPDX-License-Identifier: Apache-2.0
/* Who may have something run outside of rooms: only whom no rule can ever isolate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/rules/bare.h"
#include "tests/unit/policy/policytext.h"

/* What the shipped admin and shared say, as far as it counts here. */
#define POLICIES \
	"policies = { free = { namespaces = [ ]; network = { mode = \"host\"; }; capabilities = { trim = false; }; " \
	"no_new_privs = false; seccomp = { base = \"\"; }; root = { hide = [ ]; run = [ ]; }; on_close = \"keep\"; " \
	"features = { limits = \"off\"; cgroup = \"off\"; time = \"off\"; seccomp = \"off\"; }; }; " \
	"room = { }; };"

static int look_up(void *arg, const char *name, uint32_t *ret_gid)
{
	(void)arg;
	*ret_gid = 10;
	return strcmp(name, "wheel") == 0 ? 0 : strcmp(name, "silent") == 0 ? -ETIMEDOUT : -ENOENT;
}

static int judge(const char *rules, const char *policies, enum crl_bare *ret, int *ret_line)
{
	struct crl_login login = {.uid = 1000, .gid = 1000, .ngroups = 2, .groups = {1000, 10}};
	const struct crl_match m = {.login = &login, .lookup = look_up};
	const struct crl_rule *rule = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	char text[4096];
	int rc;

	strcpy(login.user, "ann");
	(void)snprintf(text, sizeof(text), "rules = ( %s );\n%s", rules, policies);
	if (config_from_text(text, &c, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	rc = crl_bare_judge(c, &m, ret, &rule, &err);
	*ret_line = rule ? rule->line : 0;
	if (rc < 0) {
		assert_int_equal(err.code, -rc);
		print_message("%s\n", err.text);
	}
	crl_config_free(c);
	return rc;
}

static void is(const char *rules, enum crl_bare want)
{
	enum crl_bare got = CRL_BARE_NO_RULE;
	int line;

	assert_int_equal(judge(rules, POLICIES, &got, &line), 0);
	if (got != want)
		fail_msg("%s: %d, not %d", rules, (int)got, (int)want);
	assert_int_equal(line > 0, want == CRL_BARE_ISOLATED);
}

static void test_rules(void **state)
{
	(void)state;
	is("{ policy = \"room\"; }", CRL_BARE_ISOLATED);
	is("{ policy = \"free\"; }", CRL_BARE_MAY);
	is("", CRL_BARE_NO_RULE);
	is("{ user = \"bob\"; policy = \"room\"; }", CRL_BARE_NO_RULE);
	is("{ user = \"bob\"; policy = \"room\"; }, { policy = \"free\"; }", CRL_BARE_MAY);
	is("{ group = \"wheel\"; policy = \"free\"; }, { policy = \"room\"; }", CRL_BARE_MAY);
	is("{ group = \"none\"; policy = \"free\"; }, { policy = \"room\"; }", CRL_BARE_ISOLATED);
	is("{ not_user = \"ann\"; policy = \"room\"; }, { uid = 1000; policy = \"free\"; }", CRL_BARE_MAY);
	is("{ uid = \"1000-1999\"; not_group = \"wheel\"; policy = \"room\"; }, { policy = \"free\"; }", CRL_BARE_MAY);
}

/* A rule that depends on the login is one that may hold, and may not. */
static void test_conditions_of_a_login(void **state)
{
	static const char *const passing[] = {
		"service = \"cron\"",     "not_service = \"sshd\"",
		"rhost = \"local\"",      "not_rhost = \"192.0.2.0/24\"",
		"tty = \"tty1\"",         "not_tty = \"ssh\"",
		"time = \"08:00-18:00\"", "not_time = \"Mon-Fri 08:00-18:00\"",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(passing); i++) {
		(void)snprintf(text, sizeof(text), "{ %s; policy = \"room\"; }, { policy = \"free\"; }", passing[i]);
		is(text, CRL_BARE_ISOLATED);
		(void)snprintf(text, sizeof(text), "{ %s; policy = \"free\"; }, { policy = \"room\"; }", passing[i]);
		is(text, CRL_BARE_ISOLATED);
		(void)snprintf(text, sizeof(text), "{ %s; policy = \"free\"; }, { policy = \"free\"; }", passing[i]);
		is(text, CRL_BARE_MAY);
		(void)snprintf(text, sizeof(text), "{ %s; policy = \"free\"; }", passing[i]);
		is(text, CRL_BARE_NO_RULE);
		(void)snprintf(text, sizeof(text), "{ %s; user = \"bob\"; policy = \"room\"; }, { policy = \"free\"; }",
			       passing[i]);
		is(text, CRL_BARE_MAY);
	}
}

/* Whatever a policy keeps from a login, a process of the host's would have. */
static void test_what_isolates(void **state)
{
	static const char *const less[] = {
		"namespaces = [ \"uts\" ]; hostname = \"x\";",
		"no_new_privs = true;",
		"capabilities = { trim = true; };",
		"seccomp = { base = \"@login\"; }; features = { seccomp = \"require\"; };",
		("limits = { budget = \"b\"; tasks = 100; }; "
		 "features = { limits = \"require\"; cgroup = \"require\"; };"),
	};
	char policies[4096], text[512];
	enum crl_bare got;
	int line;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(less); i++) {
		(void)snprintf(policies, sizeof(policies),
			       "%.*s less = { inherit = \"free\"; %s }; };\nbudgets = { b = { tasks = 9; }; };",
			       (int)strlen(POLICIES) - 3, POLICIES, less[i]);
		(void)snprintf(text, sizeof(text), "{ policy = \"less\"; }");
		assert_int_equal(judge(text, policies, &got, &line), 0);
		if (got != CRL_BARE_ISOLATED)
			fail_msg("%s", less[i]);
	}
	/* The user's slice holds what the host starts for him as well, unless carrel's cgroups are elsewhere. */
	(void)snprintf(policies, sizeof(policies),
		       "%.*s less = { inherit = \"free\"; limits = { tasks = 100; }; "
		       "features = { limits = \"require\"; cgroup = \"require\"; }; }; };",
		       (int)strlen(POLICIES) - 3, POLICIES);
	assert_int_equal(judge("{ policy = \"less\"; }", policies, &got, &line), 0);
	assert_int_equal(got, CRL_BARE_MAY);
	(void)strcat(policies, " cgroup = { manager = \"cgroupfs\"; };");
	assert_int_equal(judge("{ policy = \"less\"; }", policies, &got, &line), 0);
	assert_int_equal(got, CRL_BARE_ISOLATED);
}

static void test_errors(void **state)
{
	enum crl_bare got;
	int line;

	(void)state;
	assert_int_equal(judge("{ group = \"silent\"; policy = \"free\"; }", POLICIES, &got, &line), -ETIMEDOUT);
	assert_true(judge("{ policy = \"nowhere\"; }", POLICIES, &got, &line) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_conditions_of_a_login),
		cmocka_unit_test(test_what_isolates),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
