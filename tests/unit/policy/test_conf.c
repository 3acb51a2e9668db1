// SPDX-License-Identifier: Apache-2.0
/*
 * What is shipped: conf/ loads, every policy of it evaluates, and carrel.conf names every key of a policy. Run in the
 * source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "base/path.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/file/text.h"
#include "policy/filter/sysgroups.h"
#include "policy/keys/keys.h"
#include "tests/unit/policy/policytext.h"

static void parse(const char *path, struct crl_source **ret)
{
	scoped_free char *text = read_file(path);
	struct crl_err err = {0};

	if (crl_source_parse(path, text, strlen(text), ret, &err) < 0)
		fail_msg("%s:%d: %s", err.file, err.line, err.text);
}

static void evaluate(const char *text, const char *name, struct crl_policy *ret)
{
	struct crl_err err = {0};

	if (policy_from_text(text, name, ret, &err) < 0)
		fail_msg("%s: %s:%d: %s", name, err.file, err.line, err.text);
}

static void test_main_file(void **state)
{
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	parse("conf/carrel.conf", &s);
	assert_int_equal(crl_config_from_source(s, &c, &err), 0);
	/* Nobody is without a rule, and nobody gets more than the baseline but those who may become root anyway. */
	assert_int_equal(crl_config_rules(c)->len, 2);
	for (size_t i = 0; i < CRL_COND_COUNT; i++) {
		assert_int_equal(crl_config_rules(c)->item[0].is[i].len, i == CRL_COND_GROUP ? 2 : 0);
		assert_int_equal(crl_config_rules(c)->item[1].is[i].len, 0);
		assert_int_equal(crl_config_rules(c)->item[1].is_not[i].len, 0);
	}
	assert_true(crl_strv_has(&crl_config_rules(c)->item[0].is[CRL_COND_GROUP], "sudo"));
	assert_true(crl_strv_has(&crl_config_rules(c)->item[0].is[CRL_COND_GROUP], "wheel"));
	assert_string_equal(crl_config_rules(c)->item[0].policy, "admin");
	assert_string_equal(crl_config_rules(c)->item[1].policy, "shared");
	crl_config_free(c);
}

static void test_shipped_policies(void **state)
{
	scoped_free char *all = shipped_policies();

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		scoped(crl_policy) p = {0};

		evaluate(all, shipped_names[i], &p);
		if (strcmp(shipped_names[i], "admin") == 0)
			continue;
		/* What threat-model.md promises of all but admin. */
		assert_true(p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT));
		assert_true(p.namespaces & CRL_NS_BIT(CRL_NS_PID));
		assert_true(p.trim_caps);
		assert_int_equal(p.cap_bounding, 0);
		assert_true(p.no_new_privs || crl_policy_owns_users(&p));
		assert_string_equal(p.seccomp.base, "@login");
		assert_int_equal(p.need[CRL_FEATURE_SECCOMP], CRL_NEED_REQUIRE);
		assert_true(crl_strv_has(&p.hide, "/home"));
	}
}

/* Every commented example of carrel.conf must be right, too. */
static void test_examples(void **state)
{
	scoped_free char *text = read_file("conf/carrel.conf");
	scoped_free char *all = shipped_policies();
	scoped_free char *whole = NULL;
	scoped(crl_policy) p = {0};
	char *from = strstr(text, "\t// student = {");
	char *to;

	(void)state;
	assert_non_null(from);
	to = strstr(from, "// };");
	assert_non_null(to);
	to[5] = '\0';
	for (char *c = from; (c = strstr(c, "\t// ")) || (c = strstr(from, "\t//\t"));)
		memcpy(c, "    ", 4);
	*strrchr(all, '}') = '\0';
	assert_true(asprintf(&whole, "%s%s };\n", all, from) > 0);
	evaluate(whole, "student", &p);
	assert_int_equal(p.share, CRL_SHARE_USER);
	assert_true(crl_strv_has(&p.hide, "/srv/exams"));
}

/* The block that begins with the line `// NAME = {`, without its comment marks, to be freed. */
static char *commented_block(const char *name)
{
	scoped_free char *text = read_file("conf/carrel.conf");
	char *from, *to, *out;
	char line[80];

	(void)snprintf(line, sizeof(line), "\n// %s = {\n", name);
	from = strstr(text, line);
	assert_non_null(from);
	to = strstr(from, "\n// };");
	assert_non_null(to);
	to[strlen("\n// };")] = '\0';
	out = strdup(from);
	for (char *p = out; (p = strstr(p, "\n//"));)
		p[1] = p[2] = ' ';
	return out;
}

/* The list of all keys in carrel.conf is what an empty policy gets, to the letter. */
static void test_all_defaults(void **state)
{
	scoped_free char *block = commented_block("default");
	scoped_free char *whole = NULL;
	scoped_free char *told = NULL;
	scoped_free char *empty = NULL;
	scoped(crl_policy) p = {0};
	scoped(crl_policy) q = {0};

	(void)state;
	assert_true(asprintf(&whole, "policies = { %s empty = { }; };", block) > 0);
	evaluate(whole, "default", &p);
	evaluate(whole, "empty", &q);
	assert_int_equal(crl_policy_dump(&p, &told), 0);
	assert_int_equal(crl_policy_dump(&q, &empty), 0);
	assert_string_equal(told, empty);
	for (size_t i = 0; i < crl_keys_len; i++) {
		const char *name = crl_keys[i].path, *from = block;
		char text[80];

		if (crl_keys[i].scope != CRL_KEYS_POLICY && crl_keys[i].scope != CRL_KEYS_BIND &&
		    crl_keys[i].scope != CRL_KEYS_IO)
			continue;
		for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) {
			(void)snprintf(text, sizeof(text), "\t%.*s = {", (int)(dot - name), name);
			from = strstr(from, text);
			assert_non_null(from);
		}
		(void)snprintf(text, sizeof(text), "%s = ", name);
		from = strstr(from, text);
		if (!from || !strchr(" \t", from[-1]))
			fail_msg("conf/carrel.conf does not name %s", crl_keys[i].path);
	}
}

/* All else that is commented out is right, too, and with it no key of the other groups is missing. */
static void test_all_examples(void **state)
{
	scoped_free char *text = read_file("conf/carrel.conf");
	scoped_free char *copy = NULL;
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	*strstr(text, "// Every key of a policy") = '\0';
	for (char *p = text; (p = strstr(p, "\n\t// {"));)
		p[2] = p[3] = ' ';
	for (char *p = text; (p = strstr(p, "\n// "));) {
		size_t len = strspn(p + 4, "abcdefghijklmnopqrstuvwxyz_");

		if (strncmp(p + 4 + len, " = ", 3) == 0)
			p[1] = p[2] = ' ';
		p += 4;
	}
	copy = strdup(text);
	if (crl_source_parse("conf/carrel.conf", text, strlen(text), &s, &err) < 0 ||
	    crl_config_from_source(s, &c, &err) < 0)
		fail_msg("%s:%d: %s", err.file, err.line, err.text);
	crl_config_free(c);
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		const char *name = strncmp(key->path, "not_", 4) == 0 ? key->path + 4 : key->path;
		char part[80];

		name = strchr(name, '.') ? strchr(name, '.') + 1 : name;
		(void)snprintf(part, sizeof(part), "%s = ", name);
		if ((key->scope == CRL_KEYS_TOP || key->scope == CRL_KEYS_RULE) && !strstr(copy, part))
			fail_msg("conf/carrel.conf does not name %s", key->path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_file),    cmocka_unit_test(test_shipped_policies),
		cmocka_unit_test(test_examples),     cmocka_unit_test(test_all_defaults),
		cmocka_unit_test(test_all_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
