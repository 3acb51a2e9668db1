// SPDX-License-Identifier: Apache-2.0
/* Every key has its answer to "which value is weaker?", and each answer is tried both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/keys.h"
#include "policy/weaker.h"
#include "tests/unit/policy/policytext.h"

static void load(const char *body, struct crl_policy *ret)
{
	scoped_free char *text = NULL;
	struct crl_err err = {0};

	assert_true(asprintf(&text, "budgets = { b = { tasks = 9; }; }; policies = { p = { %s }; };", body) > 0);
	/* Contradictions between keys are another test's. */
	if (policy_from_text(text, "p", ret, &err) < 0 && !strstr(err.text, "policy \"p\"")) {
		fail_msg("%s: %s", body, err.text);
	}
}

static void test_every_key_is_classed(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		if (crl_keys[i].scope == CRL_KEYS_POLICY && crl_keys[i].type != CRL_KEY_GROUP) {
			assert_true(n < crl_weaknesses_len);
			assert_string_equal(crl_weaknesses[n].path, crl_keys[i].path);
			n++;
		}
	}
	assert_int_equal(n, crl_weaknesses_len);
}

static void test_both_ways(void **state)
{
	static const struct {
		const char *path, *strong, *weak;
	} kase[] = {
		{"share", "",
		 "share = \"user\";"},
		{"on_close", "linger = \"1h\"; share = \"user\";",
		 "share = \"user\"; linger = \"1h\"; on_close = \"keep\";"},
		{"linger", "share = \"user\";",
		 "share = \"user\"; linger = \"1h\";"},
		{"namespaces", "",
		 "namespaces = [ \"mount\", \"pid\", \"net\" ];"},
		{"root.hide", "",
		 "root = { hide = [ \"/home\" ]; };"},
		{"root.read_only", "root = { read_only = [ \"/a\" ]; };",
		 ""},
		{"root.writable_paths", "",
		 "root = { writable_paths = [ \"/a\" ]; };"},
		{"root.bind", "root = { bind = ( { source = \"/a\"; target = \"/b\"; } ); };",
		 "root = { bind = ( { source = \"/a\"; target = \"/b\"; writable = true; } ); };"},
		{"root.run", "",
		 "root = { run_add = [ \"/run/x\" ]; };"},
		{"root.sockets", "",
		 "root = { sockets_add = [ \"/srv/app\" ]; };"},
		{"tmp.size", "",
		 "tmp = { size = \"1G\"; };"},
		{"ptys", "",
		 "ptys = 65;"},
		{"home.mode", "home = { mode = \"tmpfs\"; size = \"1M\"; };",
		 ""},
		{"home.size", "home = { mode = \"tmpfs\"; size = \"1M\"; };",
		 "home = { mode = \"tmpfs\"; size = \"2M\"; };"},
		{"network.mode", "",
		 "namespaces = [ \"mount\", \"pid\" ]; network = { mode = \"host\"; };"},
		{"limits.budget", "limits = { budget = \"b\"; };",
		 ""},
		{"limits.cpu", "limits = { cpu = \"100%\"; };",
		 ""},
		{"limits.cpu_weight", "limits = { cpu_weight = 99; };",
		 ""},
		{"limits.memory", "limits = { memory = \"8M\"; };",
		 "limits = { memory = \"9M\"; };"},
		{"limits.memory_high", "limits = { memory_high = \"8M\"; };",
		 ""},
		{"limits.swap", "limits = { swap = \"0\"; };",
		 ""},
		{"limits.tasks", "limits = { tasks = 9; };",
		 "limits = { tasks = 10; };"},
		{"limits.rooms", "limits = { rooms = 9; };",
		 ""},
		{"limits.oom_score_adj", "limits = { oom_score_adj = 9; };",
		 ""},
		{"limits.io", "limits = { io = ( { path = \"/\"; read = \"1M\"; } ); };",
		 "limits = { io = ( { path = \"/\"; read = \"2M\"; } ); };"},
		{"capabilities.trim", "",
		 "capabilities = { trim = false; };"},
		{"capabilities.bounding", "",
		 "capabilities = { bounding = [ \"chown\" ]; };"},
		{"capabilities.inheritable", "capabilities = { bounding = [ \"chown\" ]; };",
		 "capabilities = { bounding = [ \"chown\" ]; inheritable = [ \"chown\" ]; };"},
		{"no_new_privs", "",
		 "no_new_privs = false;"},
		{"seccomp.base", "",
		 "seccomp = { base = \"\"; };"},
		{"seccomp.allow", "",
		 "seccomp = { allow = [ \"@debug\" ]; };"},
		{"seccomp.deny", "seccomp = { deny = [ \"@debug\" ]; };",
		 ""},
		{"seccomp.families", "",
		 "seccomp = { families_add = [ \"ib\" ]; };"},
		{"seccomp.compat", "seccomp = { compat = false; };",
		 ""},
		{"seccomp.log", "seccomp = { log = true; };",
		 ""},
		{"features.limits", "",
		 "features = { limits = \"prefer\"; };"},
		{"features.time", "",
		 "features = { time = \"prefer\"; };"},
		{"features.cgroup", "",
		 "features = { cgroup = \"prefer\"; };"},
		{"features.seccomp", "",
		 "features = { seccomp = \"off\"; };"},
		{"features.accounting", "",
		 "features = { accounting = \"off\"; };"},
	};
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < crl_weaknesses_len; i++) {
		scoped(crl_policy) strong = {0};
		scoped(crl_policy) weak = {0};

		if (!crl_weaknesses[i].is_weaker) {
			continue;
		}
		assert_true(tried < CRL_ARRAY_LEN(kase));
		assert_string_equal(kase[tried].path, crl_weaknesses[i].path);
		load(kase[tried].strong, &strong);
		load(kase[tried].weak, &weak);
		if (!crl_weaknesses[i].is_weaker(&weak, &strong) || crl_weaknesses[i].is_weaker(&strong, &weak) ||
		    crl_weaknesses[i].is_weaker(&strong, &strong)) {
			fail_msg("%s", kase[tried].path);
		}
		tried++;
	}
	assert_int_equal(tried, CRL_ARRAY_LEN(kase));
}

static void test_binds_and_devices(void **state)
{
	scoped(crl_policy) none = {0};
	scoped(crl_policy) some = {0};

	(void)state;
	load("", &none);
	load("root = { bind = ( { source = \"/a\"; target = \"/b\"; } ); }; "
	     "limits = { io = ( { path = \"/\"; read = \"2M\"; } ); };",
	     &some);
	for (size_t i = 0; i < crl_weaknesses_len; i++) {
		if (strcmp(crl_weaknesses[i].path, "root.bind") == 0) {
			assert_true(crl_weaknesses[i].is_weaker(&some, &none));
			assert_false(crl_weaknesses[i].is_weaker(&none, &some));
		}
		if (strcmp(crl_weaknesses[i].path, "limits.io") == 0) {
			assert_true(crl_weaknesses[i].is_weaker(&none, &some));
			assert_false(crl_weaknesses[i].is_weaker(&some, &none));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_is_classed),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_binds_and_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
