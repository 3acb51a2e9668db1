// SPDX-License-Identifier: Apache-2.0
/* seccomp.profiles: which program has which profile, and what is refused of that. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "policy/policy.h"
#include "tests/unit/policy/policytext.h"

#define BASH "{ program = \"/bin/bash\"; profile = \"b\"; }"
#define DASH "{ program = \"/bin/dash\"; profile = \"d\"; }"

/* policies = { p = { @parent }; q = { inherit = "p"; @child }; }, with a line for each. Returns that of q. */
static int load(const char *parent, const char *child, struct crl_policy *ret, struct crl_err *err)
{
	scoped_free char *text = NULL;

	assert_true(asprintf(&text, "policies = {\np = { seccomp = {\n%s\n}; };\nq = { inherit = \"p\"; %s };\n};",
			     parent, child) > 0);
	return policy_from_text(text, "q", ret, err);
}

static void test_taken(void **state)
{
	scoped(crl_policy) none = {0};
	scoped(crl_policy) p = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(load("", "", &none, &err), 0);
	assert_int_equal(none.profiles_len, 0);
	assert_false(crl_policy_has_last_stage(&none));
	/* What _add brings may be there, and is there once. */
	assert_int_equal(
		load("profiles = ( " BASH " );", "seccomp = { profiles_add = ( " BASH ", " DASH " ); };", &p, &err), 0);
	assert_int_equal(p.profiles_len, 2);
	assert_string_equal(p.profiles[0].program, "/bin/bash");
	assert_string_equal(p.profiles[0].profile, "b");
	assert_string_equal(p.profiles[1].program, "/bin/dash");
	assert_string_equal(p.profiles[1].profile, "d");
	assert_true(crl_policy_has_last_stage(&p));
}

static void test_inherited(void **state)
{
	scoped(crl_policy) p = {0};
	scoped(crl_policy) q = {0};
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(load("profiles = ( " BASH " );", "seccomp = { profiles = ( " DASH " ); };", &p, &err), 0);
	assert_int_equal(p.profiles_len, 1);
	assert_string_equal(p.profiles[0].profile, "d");
	assert_int_equal(load("profiles = ( " BASH " );", "seccomp = { profiles = ( ); };", &q, &err), 0);
	assert_int_equal(q.profiles_len, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *said, *text;
		int line;
	} kase[] = {
		{"profiles = ( { program = \"python3\"; profile = \"b\"; } );",
		 "seccomp.profiles.program: found \"python3\", expected ", 3},
		{"profiles = (\n" DASH ",\n" BASH ",\n" BASH " );",
		 "each program once (/bin/bash has the profile \"b\" as well)", 6},
		{"profiles = (\n" BASH ",\n{ program = \"/bin/bash\"; profile = \"c\"; } );", "each program once", 5},
		{"profiles = (\n{ program = \"/bin/bash\"; } );", "seccomp.profiles.profile: missing", 4},
		{"profiles = (\n{ profile = \"b\"; } );", "seccomp.profiles.program: missing", 4},
		{"profiles = (\n{ program = \"/bin/bash\"; profile = \"../b\"; } );", "found \"../b\"", 4},
		{"profiles = (\n{ program = \"/\"; profile = \"b\"; } );", "expected a path below", 4},
		{"profiles = (\n{ program = \"/bin/bash\"; profil = \"b\"; } );", "unknown key \"profil\"", 4},
		{"profiles = [ \"/bin/bash\" ];", "expected a list of groups", 3},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		scoped(crl_policy) p = {0};
		struct crl_err err = {0};

		if (load(kase[i].said, "", &p, &err) != -EINVAL || !strstr(err.text, kase[i].text) ||
		    err.line != kase[i].line)
			fail_msg("%s: line %d: %s", kase[i].said, err.line, err.text);
	}
}

/* What goes with none of the parent's, or of the others. */
static void test_together(void **state)
{
	scoped(crl_policy) p = {0};
	scoped(crl_policy) q = {0};
	scoped(crl_policy) r = {0};
	scoped(crl_policy) s = {0};
	char many[1000] = "profiles = ( ", path[600], *at = many + strlen(many);
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(load("profiles = ( " BASH " );",
			      "seccomp = { profiles_add = ( { program = \"/bin/bash\"; profile = \"c\"; } ); };", &p,
			      &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "each program once (/bin/bash has the profile \"b\" as well)"));
	assert_int_equal(err.line, 5);
	for (size_t i = 0; i <= CRL_PROFILES_MAX; i++)
		at += sprintf(at, "{ program = \"/bin/%zu\"; profile = \"b\"; }%s", i,
			      i < CRL_PROFILES_MAX ? ", " : " );");
	assert_int_equal(load(many, "", &q, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at most 8"));
	(void)snprintf(path, sizeof(path), "profiles = ( { program = \"/%0520d\"; profile = \"b\"; } );", 0);
	assert_int_equal(load(path, "", &r, &err), -EINVAL);
	assert_non_null(strstr(err.text, "less than 512 bytes"));
	assert_int_equal(load("profiles = ( " BASH " );",
			      "namespaces = [ \"net\" ]; root = { hide = [ ]; run = [ ]; };", &s, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "seccomp.profiles: has no effect without the namespace \"mount\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
