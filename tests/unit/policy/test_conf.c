// SPDX-License-Identifier: Apache-2.0
/*
 * What is shipped: conf/ loads and every policy of it evaluates; the man page, the table of keys and conf/
 * name the same keys. Run in the source tree (CARREL_SRC names it from elsewhere).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/path.h"
#include "policy/keys.h"
#include "policy/load.h"
#include "policy/source.h"
#include "policy/sysgroups.h"
#include "policy/text.h"

static const char *const shipped[] = {"shared", "strict", "sftp-only", "dev", "hpc", "admin"};

static char *read_file(const char *path)
{
	const char *src = getenv("CARREL_SRC");
	scoped_free char *full = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	assert_true(asprintf(&full, "%s/%s", src ? src : ".", path) > 0);
	f = fopen(full, "re");
	if (!f) {
		fail_msg("%s: %s", full, strerror(errno));
		return NULL;
	}
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	(void)fclose(f);
	return text;
}

static void parse(const char *path, struct crl_source **ret)
{
	scoped_free char *text = read_file(path);
	struct crl_err err = {0};

	if (crl_source_parse(path, text, strlen(text), ret, &err) < 0) {
		fail_msg("%s:%d: %s", err.file, err.line, err.text);
	}
}

static void evaluate(const char *text, const char *name, struct crl_policy *ret)
{
	scoped_free char *copy = strdup(text);
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	int rc = crl_source_parse("shipped", copy, strlen(copy), &s, &err);

	if (rc == 0) {
		rc = crl_config_from_source(s, &c, &err);
	}
	if (rc == 0) {
		rc = crl_config_policy(c, name, ret, &err);
	}
	crl_config_free(c);
	if (rc < 0) {
		fail_msg("%s: %s:%d: %s", name, err.file, err.line, err.text);
	}
}

/* All shipped policies as the definitions of one file, so that the test needs no root-owned source tree. */
static char *all_policies(void)
{
	char *all = strdup("policies = {\n");

	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped); i++) {
		scoped_free char *path = NULL;
		scoped_free char *text = NULL;
		scoped_free char *before = all;
		char *start;
		char *end;

		assert_true(asprintf(&path, "conf/policies/%s.conf", shipped[i]) > 0);
		text = read_file(path);
		start = strstr(text, "policies = {");
		end = strrchr(text, '}');
		assert_non_null(start);
		assert_non_null(end);
		*end = '\0';
		assert_true(asprintf(&all, "%s%s", before, start + strlen("policies = {")) > 0);
	}
	all = realloc(all, strlen(all) + 4);
	return strcat(all, "};\n");
}

static void test_main_file(void **state)
{
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	(void)state;
	parse("conf/carrel.conf", &s);
	assert_int_equal(crl_config_from_source(s, &c, &err), 0);
	/* Nobody is without a rule, and nobody gets more than the baseline. */
	assert_int_equal(crl_config_rules(c)->len, 1);
	for (size_t i = 0; i < CRL_COND_COUNT; i++) {
		assert_int_equal(crl_config_rules(c)->item[0].is[i].len, 0);
		assert_int_equal(crl_config_rules(c)->item[0].not[i].len, 0);
	}
	assert_string_equal(crl_config_rules(c)->item[0].policy, "shared");
	crl_config_free(c);
}

static void test_shipped_policies(void **state)
{
	scoped_free char *all = all_policies();

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped); i++) {
		scoped(crl_policy) p = {0};

		evaluate(all, shipped[i], &p);
		if (strcmp(shipped[i], "admin") == 0) {
			continue;
		}
		/* What threat-model.md promises of all but admin. */
		assert_true(p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT));
		assert_true(p.namespaces & CRL_NS_BIT(CRL_NS_PID));
		assert_true(p.trim_caps);
		assert_int_equal(p.cap_bounding, 0);
		assert_true(p.no_new_privs);
		assert_string_equal(p.seccomp.base, "@login");
		assert_int_equal(p.need[CRL_FEATURE_SECCOMP], CRL_NEED_REQUIRE);
		assert_true(crl_strv_has(&p.hide, "/home"));
	}
}

/* Every commented example of carrel.conf must be right, too. */
static void test_examples(void **state)
{
	scoped_free char *text = read_file("conf/carrel.conf");
	scoped_free char *all = all_policies();
	scoped_free char *whole = NULL;
	scoped(crl_policy) p = {0};
	char *from = strstr(text, "\t// student = {");
	char *to;

	(void)state;
	assert_non_null(from);
	to = strstr(from, "// };");
	assert_non_null(to);
	to[5] = '\0';
	for (char *c = from; (c = strstr(c, "\t// ")) || (c = strstr(from, "\t//\t"));) {
		memcpy(c, "    ", 4);
	}
	*strrchr(all, '}') = '\0';
	assert_true(asprintf(&whole, "%s%s };\n", all, from) > 0);
	evaluate(whole, "student", &p);
	assert_int_equal(p.share, CRL_SHARE_USER);
	assert_true(crl_strv_has(&p.hide, "/srv/exams"));
}

/* Whether the man page has an entry `.It Cm NAME`. */
static bool has_entry(const char *man, const char *name)
{
	char line[120];

	(void)snprintf(line, sizeof(line), "\n.It Cm %s\n", name);
	return strstr(man, line) != NULL;
}

static void test_man_page_has_every_key(void **state)
{
	scoped_free char *man = read_file("docs/man/carrel.conf.5");

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		char name[100];

		(void)snprintf(name, sizeof(name), "%s%s",
			       key->scope == CRL_KEYS_BIND    ? "root.bind."
			       : key->scope == CRL_KEYS_IO    ? "limits.io."
			       : key->scope == CRL_KEYS_BUDGET ? "budgets."
			       : key->scope == CRL_KEYS_RULE  ? "rules."
			       : key->scope >= CRL_KEYS_CALLS ? "groups."
							      : "",
			       key->path);
		if (key->type != CRL_KEY_GROUP && !has_entry(man, name)) {
			fail_msg("carrel.conf(5) has no \".It Cm %s\"", name);
		}
	}
}

static bool table_has(const char *name, size_t len)
{
	static const struct {
		const char *prefix;
		enum crl_key_scope scope;
	} scopes[] = {
		{"root.bind.", CRL_KEYS_BIND}, {"limits.io.", CRL_KEYS_IO}, {"rules.", CRL_KEYS_RULE},
		{"budgets.", CRL_KEYS_BUDGET},
		{"groups.", CRL_KEYS_CALLS},   {"", CRL_KEYS_POLICY},       {"", CRL_KEYS_TOP},
		{"", CRL_KEYS_CALLS_TOP},
	};
	char text[100];

	(void)snprintf(text, sizeof(text), "%.*s", (int)len, name);
	for (size_t i = 0; i < CRL_ARRAY_LEN(scopes); i++) {
		size_t skip = strlen(scopes[i].prefix);

		if (strncmp(text, scopes[i].prefix, skip) == 0 &&
		    crl_key_find(scopes[i].scope, text + skip)) {
			return true;
		}
	}
	return false;
}

static void test_man_page_has_no_other_key(void **state)
{
	scoped_free char *man = read_file("docs/man/carrel.conf.5");
	size_t found = 0;

	(void)state;
	for (const char *p = man; (p = strstr(p, "\n.It Cm ")); found++) {
		size_t len;

		p += strlen("\n.It Cm ");
		len = strcspn(p, "\n");
		if (!table_has(p, len)) {
			fail_msg("carrel.conf(5) has \".It Cm %.*s\", and no such key is", (int)len, p);
		}
	}
	assert_true(found > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_file),
		cmocka_unit_test(test_shipped_policies),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_man_page_has_every_key),
		cmocka_unit_test(test_man_page_has_no_other_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
