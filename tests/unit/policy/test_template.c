// SPDX-License-Identifier: Apache-2.0
/* Templates in paths: hostile values stay one component, and no two of them come out the same. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/keys/keys.h"
#include "policy/template.h"
#include "tests/unit/policy/policytext.h"

static struct crl_login login;
static struct crl_facts facts = {.login = &login, .host = "Host.example.org", .group = "staff"};

static void set_user(const char *user)
{
	login = (struct crl_login){.uid = 1001, .gid = 100, .service = "sshd"};
	(void)snprintf(login.user, sizeof(login.user), "%s", user);
}

static void becomes(const char *text, const char *user, const char *want)
{
	scoped_free char *out = NULL;
	struct crl_err err = {0};

	set_user(user);
	if (crl_expand_path("root.hide", text, &facts, &out, &err) < 0)
		fail_msg("%s of %s: %s", text, user, err.text);
	assert_string_equal(out, want);
}

static void test_letters(void **state)
{
	(void)state;
	becomes("/a/%u", "cara", "/a/cara");
	becomes("/a/%U/b", "cara", "/a/1001/b");
	becomes("/a/%g", "cara", "/a/staff");
	becomes("/a/%h", "cara", "/a/Host");
	becomes("/a/%H", "cara", "/a/Host.example.org");
	becomes("/a/%s", "cara", "/a/sshd");
	becomes("/a/%%u%%", "cara", "/a/%u%");
	becomes("/%u-%s%u", "a", "/a-sshda");
	becomes("/plain", "cara", "/plain");
}

static void test_hostile_values_stay_one_component(void **state)
{
	(void)state;
	becomes("/a/%u/b", "../x", "/a/%2e.%2fx/b");
	becomes("/a/%u", "a/b", "/a/a%2fb");
	becomes("/a/%u", "/", "/a/%2f");
	becomes("/a/%u", ".", "/a/%2e");
	becomes("/a/%u", "..", "/a/%2e.");
	becomes("/a/.%u", ".", "/a/.%2e");
	becomes("/a/%u%u", ".", "/a/%2e%2e");
	becomes("/a/%u", "-x", "/a/-x");
	becomes("/a/%u", "%h", "/a/%25h");
	becomes("/a/%u", "%%", "/a/%25%25");
	becomes("/a/%u", "a\nb\033[2J\177", "/a/a%0ab%1b%5b2J%7f");
	becomes("/a/%u", "jos\303\251", "/a/jos%c3%a9");
	becomes("/a/%u", "DOM\\x y:,=\"", "/a/DOM%5cx%20y%3a%2c%3d%22");
	becomes("/a/%u", "a.b+c@d_E-9", "/a/a.b+c@d_E-9");
}

/* Each byte a user name can have, at the beginning and later: one component, and its own. */
static void test_every_byte(void **state)
{
	char seen[256][8] = {{0}};

	(void)state;
	for (int c = 1; c < 256; c++) {
		scoped_free char *out = NULL;
		char user[3] = {(char)c, 'x', '\0'};

		set_user(user);
		assert_int_equal(crl_expand_path("k", "/a/%u", &facts, &out, NULL), 0);
		assert_null(strchr(out + 3, '/'));
		assert_int_not_equal(out[3], '.');
		(void)snprintf(seen[c], sizeof(seen[c]), "%s", out + 3);
		for (int other = 1; other < c; other++)
			assert_string_not_equal(seen[c], seen[other]);
	}
}

static void refuses(const char *text, int code, const char *part)
{
	struct crl_err err = {0};
	char *out = NULL;
	int rc = crl_expand_path("root.hide", text, &facts, &out, &err);

	if (rc != -code || !strstr(err.text, part) || out)
		fail_msg("%s: %d %s, expected %d %s", text, rc, err.text, -code, part);
}

static void test_without_value(void **state)
{
	(void)state;
	set_user("cara");
	facts.group = "";
	refuses("/a/%g", EINVAL, "root.hide: \"/a/%g\": %g has no value");
	facts.group = NULL;
	refuses("/a/%g", EINVAL, "%g has no value");
	facts.group = "staff";
	facts.host = ".example.org";
	refuses("/a/.%h", EINVAL, "%h has no value");
	facts.host = "Host.example.org";
	login.service[0] = '\0';
	refuses("/a/%s", EINVAL, "%s has no value");
	refuses("/a/%x", EINVAL, "%x is no template");
	refuses("/a/%", EINVAL, "is no template");
}

static void test_too_long(void **state)
{
	char text[PATH_MAX];
	char user[CRL_USER_MAX];
	scoped_free char *out = NULL;

	(void)state;
	memset(user, '\n', sizeof(user) - 1);
	user[85] = '\0';
	set_user(user);
	assert_int_equal(crl_expand_path("k", "/%u", &facts, &out, NULL), 0);
	assert_int_equal(strlen(out), 1 + NAME_MAX);
	refuses("/%ux", ENAMETOOLONG, "too long");
	user[85] = '\n';
	user[86] = '\0';
	set_user(user);
	refuses("/%u", ENAMETOOLONG, "too long");
	/* Components that would do, and a path that would not. */
	text[0] = '\0';
	for (size_t i = 0; i < 20; i++)
		(void)strcat(text, "/%u");
	user[80] = '\0';
	set_user(user);
	refuses(text, ENAMETOOLONG, "too long");
}

static void load(const char *body, struct crl_policy *ret)
{
	scoped_free char *text = NULL;
	struct crl_err err = {0};

	assert_true(asprintf(&text, "policies = { p = { %s }; };", body) > 0);
	if (policy_from_text(text, "p", ret, &err) < 0)
		fail_msg("%s: %s", body, err.text);
}

/* Every key of the table that says it takes templates is expanded; crl_policy_uses() sees each of them. */
static void test_every_key(void **state)
{
	static const char *const bodies[] = {
		"hostname = \"x%g\";",
		"root = { mode = \"image\"; path = \"/i/%g\"; };",
		"root = { hide = [ \"/i/%g\" ]; };",
		"root = { mode = \"overlay\"; over = \"tmpfs\"; own = [ \"/i/%g\" ]; };",
		"root = { read_only = [ \"/i\", \"/i/%g\" ]; };",
		"root = { writable_paths = [ \"/i/%g\" ]; };",
		"root = { writable_paths = ( { path = \"/i/%g\"; optional = true; } ); };",
		"root = { run = [ \"/run/%g\" ]; };",
		"root = { sockets = [ \"/i/%g\" ]; };",
		"root = { bind = ( { source = \"/i/%g\"; target = \"/t\"; } ); };",
		"root = { bind = ( { source = \"/i\"; target = \"/t/%g\"; } ); };",
		"home = { mode = \"overlay\"; size = \"1M\"; lower = [ \"/i\", \"/i/%g\" ]; };",
		"home = { mode = \"tmpfs\"; size = \"1M\"; skeleton = \"/i/%g\"; };",
		"network = { mode = \"join\"; name = \"i-%g\"; };",
		"shell = { path = \"/i/%g\"; };",
	};
	size_t keys = 1; /* hostname, whose type says it */

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++)
		keys += crl_keys[i].letters == CRL_LETTERS_LOGIN;
	assert_int_equal(keys, CRL_ARRAY_LEN(bodies));
	set_user("cara");
	for (size_t i = 0; i < CRL_ARRAY_LEN(bodies); i++) {
		scoped(crl_policy) p = {0};
		scoped_free char *dump = NULL;

		load(bodies[i], &p);
		assert_true(crl_policy_uses(&p, 'g'));
		assert_false(crl_policy_uses(&p, 'h'));
		assert_int_equal(crl_expand_policy(&p, &facts, NULL), 0);
		assert_false(crl_policy_uses(&p, 'g'));
		assert_int_equal(crl_policy_dump(&p, &dump), 0);
		if (strstr(dump, "%g") || !strstr(dump, "staff"))
			fail_msg("%s is not expanded:\n%s", bodies[i], dump);
	}
}

static void test_limits_alone(void **state)
{
	struct crl_login user = {.uid = 1001, .user = "cara"};
	const struct crl_facts few = {.login = &user, .host = "host"};
	scoped(crl_policy) p = {0};

	(void)state;
	load("root = { hide = [ \"/%s\" ]; }; limits = { io = ( { path = \"/home/%u\"; read = \"1M\"; } ); };", &p);
	assert_int_equal(crl_expand_limits(&p.limits, &few, NULL), 0);
	assert_string_equal(p.limits.io[0].path, "/home/cara");
	assert_string_equal(p.hide.item[0], "/%s");
}

/* What no policy may say, a user's name must not say either. */
static void test_checked_again(void **state)
{
	static const char *const bodies[][2] = {
		{"root = { bind = ( { source = \"/s\"; target = \"/%u\"; } ); };", "carrel mounts itself"},
		{"root = { hide = [ \"/srv/%u\" ]; writable_paths = [ \"/srv/proc\" ]; };", "root.hide has too"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bodies); i++) {
		scoped(crl_policy) p = {0};
		struct crl_err err = {0};

		load(bodies[i][0], &p);
		set_user("proc");
		assert_int_equal(crl_expand_policy(&p, &facts, &err), -EINVAL);
		assert_non_null(strstr(err.text, bodies[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),      cmocka_unit_test(test_hostile_values_stay_one_component),
		cmocka_unit_test(test_every_byte),   cmocka_unit_test(test_without_value),
		cmocka_unit_test(test_too_long),     cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_limits_alone), cmocka_unit_test(test_checked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
