// SPDX-License-Identifier: Apache-2.0
/* Every key has its answer to "which value is weaker?", and each answer is tried both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/keys/keys.h"
#include "policy/keys/weaker.h"
#include "tests/unit/policy/policytext.h"

#define OWNED "root = { mode = \"image\"; path = \"/i\"; over = \"tmpfs\"; "
#define HOST "namespaces = [ \"mount\", \"pid\" ]; network = { mode = \"host\"; "
#define KEPT "home = { mode = \"overlay\"; size = \"1M\"; upper = \"persistent\"; "

static void load(const char *body, struct crl_policy *ret)
{
	scoped_free char *text = NULL;
	struct crl_err err = {0};

	assert_true(asprintf(&text,
			     "budgets = { b = { tasks = 9; }; c = { tasks = 9; }; }; policies = { p = { %s }; };",
			     body) > 0);
	/* Contradictions between keys are another test's. */
	if (policy_from_text(text, "p", ret, &err) < 0 && !strstr(err.text, "policy \"p\""))
		fail_msg("%s: %s", body, err.text);
}

static void test_every_key_is_classed(void **state)
{
	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];

		if (!crl_key_is_setting(key))
			continue;
		if (key->weaker == CRL_WEAKER_UNSAID)
			fail_msg("%s: its row does not say which value is weaker", key->path);
		if (key->weaker != CRL_WEAKER_NONE && !key->exceeds && !key->type->exceeds)
			fail_msg("%s: nobody can say which value is more", key->path);
	}
}

static bool is_weaker(const char *path, const struct crl_policy *p, const struct crl_policy *q)
{
	const char *found;

	for (size_t i = 0; (found = crl_policy_weaker(p, q, &i));)
		if (strcmp(found, path) == 0)
			return true;
	return false;
}

static void test_both_ways(void **state)
{
	static const struct {
		const char *path, *strong, *weak;
	} kase[] = {
		{"share", "", "share = \"user\";"},
		{"on_close", "linger = \"1h\"; share = \"user\";",
		 "share = \"user\"; linger = \"1h\"; on_close = \"keep\";"},
		{"linger", "share = \"user\";", "share = \"user\"; linger = \"1h\";"},
		{"namespaces", "", "namespaces = [ \"mount\", \"pid\", \"net\" ];"},
		{"root.over", "root = { mode = \"overlay\"; over = \"tmpfs\"; };",
		 "root = { mode = \"overlay\"; over = \"persistent\"; size = \"1M\"; };"},
		{"root.size", "root = { mode = \"overlay\"; over = \"tmpfs\"; size = \"1M\"; };",
		 "root = { mode = \"overlay\"; over = \"tmpfs\"; size = \"2M\"; };"},
		{"root.quota", "root = { mode = \"overlay\"; over = \"persistent\"; size = \"1M\"; };",
		 "root = { mode = \"overlay\"; over = \"persistent\"; quota = \"none\"; };"},
		{"root.own", "root = { mode = \"overlay\"; over = \"tmpfs\"; };",
		 "root = { mode = \"overlay\"; over = \"tmpfs\"; own = [ \"/opt\" ]; };"},
		{"root.hide", "", "root = { hide = [ \"/home\" ]; };"},
		{"root.read_only", "root = { read_only = [ \"/a\" ]; };", ""},
		{"root.writable_paths", "", "root = { writable_paths = [ \"/a\" ]; };"},
		{"root.bind", "root = { bind = ( { source = \"/a\"; target = \"/b\"; } ); };",
		 "root = { bind = ( { source = \"/a\"; target = \"/b\"; writable = true; } ); };"},
		{"root.devices", "", "root = { devices = [ \"/dev/fuse\" ]; };"},
		{"root.devices_required", "", "root = { devices_required = [ \"/dev/fuse\" ]; };"},
		{"root.run", "", "root = { run_add = [ \"/run/x\" ]; };"},
		{"root.sockets", "", "root = { sockets_add = [ \"/srv/app\" ]; };"},
		{"tmp.size", "", "tmp = { size = \"1G\"; };"},
		{"ptys", "", "ptys = 65;"},
		{"home.mode", "home = { mode = \"tmpfs\"; size = \"1M\"; };", ""},
		{"home.upper", "home = { mode = \"overlay\"; size = \"1M\"; };",
		 "home = { mode = \"overlay\"; size = \"1M\"; upper = \"persistent\"; };"},
		{"home.size", "home = { mode = \"tmpfs\"; size = \"1M\"; };",
		 "home = { mode = \"tmpfs\"; size = \"2M\"; };"},
		{"home.inodes", KEPT "inodes = 64; };", KEPT "inodes = 65; };"},
		{"home.quota", KEPT "};", "home = { mode = \"overlay\"; upper = \"persistent\"; quota = \"none\"; };"},
		{"home.at_end", KEPT "at_end = \"ask\"; };", KEPT "at_end = \"commit\"; };"},
		{"home.snapshots", KEPT "snapshots = 0; };", KEPT "};"},
		{"network.mode", "", "namespaces = [ \"mount\", \"pid\" ]; network = { mode = \"host\"; };"},
		{"network.allow", "network = { mode = \"nat\"; };",
		 "network = { mode = \"nat\"; allow = [ \"host\" ]; };"},
		{"network.deny", "network = { mode = \"nat\"; deny = [ \"any\" ]; };",
		 "network = { mode = \"nat\"; };"},
		{"network.listen", HOST "listen = [ ]; };", HOST "};"},
		{"network.loopback", HOST "loopback = \"own\"; };", HOST "};"},
		{"network.forwards", "network = { forwards = \"none\"; };", ""},
		{"network.publish", "network = { mode = \"nat\"; publish = ( { port = 80; } ); };",
		 "network = { mode = \"nat\"; publish = ( { port = 80; to = 80; }, { port = 81; } ); };"},
		{"limits.budget", "limits = { budget = \"b\"; };", ""},
		{"limits.cpu", "limits = { cpu = \"100%\"; };", ""},
		{"limits.cpu_weight", "limits = { cpu_weight = 99; };", ""},
		{"limits.memory", "limits = { memory = \"8M\"; };", "limits = { memory = \"9M\"; };"},
		{"limits.memory_high", "limits = { memory_high = \"8M\"; };", ""},
		{"limits.swap", "limits = { swap = \"0\"; };", ""},
		{"limits.tasks", "limits = { tasks = 9; };", "limits = { tasks = 10; };"},
		{"limits.rooms", "limits = { rooms = 9; };", ""},
		{"limits.network.egress",
		 "network = { mode = \"nat\"; }; limits = { network = { egress = \"1M\"; }; };",
		 "network = { mode = \"nat\"; }; limits = { network = { egress = \"2M\"; }; };"},
		{"limits.network.ingress",
		 "network = { mode = \"nat\"; }; limits = { network = { ingress = \"1M\"; }; };",
		 "network = { mode = \"nat\"; };"},
		{"limits.oom_score_adj", "limits = { oom_score_adj = 9; };", ""},
		{"limits.io", "limits = { io = ( { path = \"/\"; read = \"1M\"; } ); };",
		 "limits = { io = ( { path = \"/\"; read = \"2M\"; } ); };"},
		{"capabilities.bounding", "", "capabilities = { bounding = [ \"chown\" ]; };"},
		{"capabilities.inheritable", "capabilities = { bounding = [ \"chown\" ]; };",
		 "capabilities = { bounding = [ \"chown\" ]; inheritable = [ \"chown\" ]; };"},
		{"capabilities.ambient", "capabilities = { bounding = [ \"chown\" ]; };",
		 "capabilities = { bounding = [ \"chown\" ]; ambient = [ \"chown\" ]; };"},
		{"user.mode", OWNED "}; no_new_privs = false;",
		 OWNED "}; no_new_privs = false; user = { mode = \"own\"; };"},
		{"user.show", "", "user = { show = [ \"/opt\" ]; };"},
		{"user.namespaces", "user = { namespaces = 4; };", "user = { namespaces = 5; };"},
		{"errands", "errands = [ \"passwd\" ];", "errands = [ \"passwd\", \"at\" ];"},
		{"seccomp.base", "", "seccomp = { base = \"\"; };"},
		{"seccomp.allow", "", "seccomp = { allow = [ \"@debug\" ]; };"},
		{"seccomp.deny", "seccomp = { deny = [ \"@debug\" ]; };", ""},
		{"seccomp.families", "", "seccomp = { families_add = [ \"ib\" ]; };"},
		{"seccomp.args.clone", "seccomp = { args = { clone = [ \"!CLONE_NEWUSER\" ]; }; };", ""},
		{"seccomp.args.fcntl", "seccomp = { args = { fcntl = [ \"!F_SETLEASE\", \"!1030\" ]; }; };", ""},
		{"seccomp.args.ioctl", "seccomp = { args = { ioctl = [ \"TCGETS\", \"0x5413\" ]; }; };", ""},
		{"seccomp.args.keyctl", "seccomp = { args = { keyctl = [ \"KEYCTL_READ\" ]; }; };", ""},
		{"seccomp.args.personality", "seccomp = { args = { personality = [ \"!READ_IMPLIES_EXEC\" ]; }; };",
		 ""},
		{"seccomp.args.prctl", "seccomp = { args = { prctl = [ \"!PR_SET_MM\" ]; }; };", ""},
		{"seccomp.args.setsockopt",
		 "seccomp = { args = { setsockopt = [ \"!SOL_SOCKET\", \"!SOL_TCP:TCP_ULP\" ]; }; };", ""},
		{"seccomp.args.socket",
		 "seccomp = { args = { socket = [ \"SOCK_STREAM\", \"AF_NETLINK:SOCK_RAW\" ]; }; };", ""},
		{"seccomp.answers", "", "seccomp = { answers = ( { calls = [ \"ptrace\" ]; answer = \"log\"; } ); };"},
		{"seccomp.mode", "", "seccomp = { mode = \"log\"; };"},
		{"seccomp.profiles", "seccomp = { profiles = ( { program = \"/bin/x\"; profile = \"x\"; } ); };", ""},
		{"shell.seccomp.base", "shell = { seccomp = { base = \"@login\"; }; };", ""},
		{"shell.seccomp.allow", "", "shell = { seccomp = { allow = [ \"@debug\" ]; }; };"},
		{"shell.seccomp.deny", "shell = { seccomp = { deny = [ \"@debug\" ]; }; };", ""},
		{"shell.seccomp.families", "", "shell = { seccomp = { families_add = [ \"ib\" ]; }; };"},
		{"shell.seccomp.args.clone", "shell = { seccomp = { args = { clone = [ \"!CLONE_NEWUSER\" ]; }; }; };",
		 ""},
		{"shell.seccomp.args.fcntl",
		 "shell = { seccomp = { args = { fcntl = [ \"!F_SETLEASE\", \"!1030\" ]; }; }; };", ""},
		{"shell.seccomp.args.ioctl",
		 "shell = { seccomp = { args = { ioctl = [ \"TCGETS\", \"0x5413\" ]; }; }; };", ""},
		{"shell.seccomp.args.keyctl", "shell = { seccomp = { args = { keyctl = [ \"KEYCTL_READ\" ]; }; }; };",
		 ""},
		{"shell.seccomp.args.personality",
		 "shell = { seccomp = { args = { personality = [ \"!READ_IMPLIES_EXEC\" ]; }; }; };", ""},
		{"shell.seccomp.args.prctl", "shell = { seccomp = { args = { prctl = [ \"!PR_SET_MM\" ]; }; }; };", ""},
		{"shell.seccomp.args.setsockopt",
		 "shell = { seccomp = { args = { setsockopt = [ \"!SOL_SOCKET\", \"!SOL_TCP:TCP_ULP\" ]; }; }; };", ""},
		{"shell.seccomp.args.socket",
		 "shell = { seccomp = { args = { socket = [ \"SOCK_STREAM\", \"AF_NETLINK:SOCK_RAW\" ]; }; }; };", ""},
		{"shell.seccomp.answers", "",
		 "shell = { seccomp = { answers = ( { calls = [ \"ptrace\" ]; answer = \"log\"; } ); }; };"},
		{"features.limits", "", "features = { limits = \"prefer\"; };"},
		{"features.time", "", "features = { time = \"prefer\"; };"},
		{"features.cgroup", "", "features = { cgroup = \"prefer\"; };"},
		{"features.seccomp", "", "features = { seccomp = \"off\"; };"},
		{"features.accounting", "", "features = { accounting = \"off\"; };"},
		{"features.hostname", "", "features = { hostname = \"off\"; };"},
		{"features.landlock", "", "features = { landlock = \"off\"; };"},
		{"features.network_filter", "", "features = { network_filter = \"prefer\"; };"},
	};
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		scoped(crl_policy) strong = {0};
		scoped(crl_policy) weak = {0};
		const char *path = crl_keys[i].path;

		/* Of truths there are two values, which test_keys tries. */
		if (!crl_key_is_setting(&crl_keys[i]) || crl_keys[i].weaker == CRL_WEAKER_NONE ||
		    crl_keys[i].type == &crl_type_bool)
			continue;
		assert_true(tried < CRL_ARRAY_LEN(kase));
		assert_string_equal(kase[tried].path, path);
		load(kase[tried].strong, &strong);
		load(kase[tried].weak, &weak);
		if (!is_weaker(path, &weak, &strong) || is_weaker(path, &strong, &weak) ||
		    is_weaker(path, &strong, &strong))
			fail_msg("%s", path);
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
	assert_true(is_weaker("root.bind", &some, &none));
	assert_false(is_weaker("root.bind", &none, &some));
	assert_true(is_weaker("limits.io", &none, &some));
	assert_false(is_weaker("limits.io", &some, &none));
}

static void test_values_that_stand_apart(void **state)
{
	static const struct {
		const char *path, *one, *other;
	} kase[] = {
		/* Neither is the real home. */
		{"home.mode", "home = { mode = \"overlay\"; size = \"1M\"; };",
		 "home = { mode = \"tmpfs\"; size = \"1M\"; };"},
		/* 0 is the size of no home at all. */
		{"home.size", "home = { mode = \"tmpfs\"; size = \"1M\"; };", ""},
		/* 0 is the kernel's weight, which is 100. */
		{"limits.cpu_weight", "limits = { cpu_weight = 100; };", ""},
		/* Another budget. */
		{"limits.budget", "limits = { budget = \"b\"; };", "limits = { budget = \"c\"; };"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		scoped(crl_policy) one = {0};
		scoped(crl_policy) other = {0};

		load(kase[i].one, &one);
		load(kase[i].other, &other);
		if (is_weaker(kase[i].path, &one, &other) || is_weaker(kase[i].path, &other, &one))
			fail_msg("%s", kase[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_is_classed),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_binds_and_devices),
		cmocka_unit_test(test_values_that_stand_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
