// SPDX-License-Identifier: Apache-2.0
/*
 * carrel.conf(5) and the table of keys name the same keys, and the page says of each its type, range, default and an
 * example that is right. Run in the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "policy/keys.h"
#include "policy/match.h"
#include "policy/source.h"
#include "policy/sysgroups.h"
#include "tests/unit/policy/policytext.h"

/* What stands before the keys of a scope in the man page. */
static const char *prefix_of(enum crl_key_scope scope)
{
	return scope == CRL_KEYS_BIND     ? "root.bind."
	       : scope == CRL_KEYS_IO     ? "limits.io."
	       : scope == CRL_KEYS_BUDGET ? "budgets."
	       : scope == CRL_KEYS_RULE   ? "rules."
	       : scope >= CRL_KEYS_CALLS  ? "groups."
					  : "";
}

/* Take the escapes of roff out of a text, in place. */
static char *plain(char *text)
{
	char *to = text;

	for (const char *p = text; *p;) {
		if (strncmp(p, "\\(dq", 4) == 0) {
			*to++ = '"';
			p += 4;
		} else if (strncmp(p, "\\&", 2) == 0) {
			p += 2;
		} else {
			*to++ = *p++;
		}
	}
	*to = '\0';
	return text;
}

/* What the man page says behind `.It Cm NAME`, to be freed; NULL when it has no such entry. */
static char *entry_of(const char *man, const char *name)
{
	char line[120];
	const char *p, *end;

	(void)snprintf(line, sizeof(line), "\n.It Cm %s\n", name);
	p = strstr(man, line);
	if (!p) {
		return NULL;
	}
	p += strlen(line);
	while (strncmp(p, ".It Cm ", 7) == 0) { /* twins share a text */
		p = strchr(p, '\n') + 1;
	}
	for (end = p; strncmp(end, "\n.It ", 5) != 0 && strncmp(end, "\n.El", 4) != 0; end++) {
		assert_true(*end != '\0');
	}
	return plain(strndup(p, (size_t)(end - p + 1)));
}

static void want(const struct crl_key *key, const char *text, const char *part)
{
	if (!strstr(text, part)) {
		fail_msg("carrel.conf(5), %s%s: does not say %s:\n%s", prefix_of(key->scope), key->path, part, text);
	}
}

static void check_type(const struct crl_key *key, const char *text)
{
	static const char *const word[] = {
		[CRL_KEY_BOOL] = "Bool",	 [CRL_KEY_UINT] = "Number",   [CRL_KEY_SIZE] = "Size",
		[CRL_KEY_PERCENT] = "Percentage", [CRL_KEY_DURATION] = "Duration", [CRL_KEY_PATH] = "Path",
	};

	if (crl_key_is_list(key)) {
		want(key, text, ".Em list");
	} else if (key->type < CRL_ARRAY_LEN(word) && word[key->type]) {
		want(key, text, word[key->type]);
	}
	/* The words of features are told once for all of them. */
	for (size_t i = 0; key->type == CRL_KEY_WORD && strncmp(key->path, "features.", 9) != 0 && key->words[i]; i++) {
		char quoted[40];

		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", key->words[i]);
		want(key, text, quoted);
	}
}

static void check_range(const struct crl_key *key, const char *text)
{
	char min[32] = "", max[32] = "";

	if (key->type == CRL_KEY_UINT) {
		/* Zero is a default that stands apart from the range. */
		bool apart = strcmp(key->path, "limits.cpu_weight") == 0;

		(void)snprintf(min, sizeof(min), "from %llu", (unsigned long long)(apart ? 1 : key->min));
		(void)snprintf(max, sizeof(max), "to %llu", (unsigned long long)key->max);
	} else if (key->type == CRL_KEY_SIZE && key->min > 0) {
		crl_format_size(key->min, min, sizeof(min));
	} else if (key->type == CRL_KEY_PERCENT) {
		crl_format_percent(key->min, min, sizeof(min));
	} else if (key->type == CRL_KEY_DURATION) {
		crl_format_duration(key->max, max, sizeof(max));
	}
	want(key, text, min);
	if (key->max != CRL_UNLIMITED) {
		want(key, text, max);
	}
}

static void check_default(const struct crl_key *key, const char *text)
{
	if (key->required || key->type == CRL_KEY_CONDITION) {
		bool told_above = key->scope >= CRL_KEYS_CALLS_TOP || key->type == CRL_KEY_CONDITION;

		want(key, text, told_above ? "" : "always needed");
		return;
	}
	want(key, text, "efault");
	if (key->type < CRL_KEY_NAME && key->def) {
		want(key, text, key->def);
	} else if (key->def && (strcmp(key->def, "[ ]") == 0 || strcmp(key->def, "( )") == 0)) {
		want(key, text, "Default: empty");
	}
}

/* What its group has to have besides. */
static const char *company(const struct crl_key *key)
{
	switch (key->scope) {
	case CRL_KEYS_RULE:
		return strcmp(key->path, "policy") == 0 ? "" : " policy = \"x\";";
	case CRL_KEYS_BIND:
		return strcmp(key->path, "source") == 0	  ? " target = \"/t\";"
		       : strcmp(key->path, "target") == 0 ? " source = \"/s\";"
							  : " source = \"/s\"; target = \"/t\";";
	case CRL_KEYS_IO:
		return strcmp(key->path, "path") == 0 ? "" : " path = \"/\";";
	case CRL_KEYS_CALLS:
		return strcmp(key->path, "name") == 0	  ? " answer = \"eperm\"; calls = [ ];"
		       : strcmp(key->path, "answer") == 0 ? " name = \"@x\"; calls = [ ];"
							  : " name = \"@x\"; answer = \"eperm\";";
	case CRL_KEYS_TOP:
	case CRL_KEYS_POLICY:
	case CRL_KEYS_BUDGET:
	case CRL_KEYS_CALLS_TOP:
		break;
	}
	return "";
}

union object {
	struct crl_top top;
	struct crl_rule rule;
	struct crl_policy policy;
	struct crl_limits limits;
	struct crl_bind bind;
	struct crl_io_limit io;
	struct crl_sysgroup group;
};

static void object_done(enum crl_key_scope scope, union object *o)
{
	switch (scope) {
	case CRL_KEYS_RULE:
		for (size_t i = 0; i < CRL_COND_COUNT; i++) {
			crl_strv_done(&o->rule.is[i]);
			crl_strv_done(&o->rule.not[i]);
		}
		free(o->rule.policy);
		break;
	case CRL_KEYS_POLICY:
		crl_policy_done(&o->policy);
		break;
	case CRL_KEYS_BUDGET:
		crl_limits_done(&o->limits);
		break;
	case CRL_KEYS_BIND:
		crl_bind_done(&o->bind);
		break;
	case CRL_KEYS_IO:
		crl_io_limit_done(&o->io);
		break;
	case CRL_KEYS_CALLS:
		free(o->group.name);
		crl_strv_done(&o->group.calls);
		break;
	case CRL_KEYS_TOP:
	case CRL_KEYS_CALLS_TOP:
		free(o->top.data_dir);
		free(o->top.cgroup_root);
		break;
	}
}

/* The example is there, has the key, and is right. */
static void check_example(const struct crl_key *key, const char *text)
{
	const char *from = strstr(text, "Example");
	const char *dot = strrchr(key->path, '.');
	scoped_free char *line = NULL;
	scoped_free char *whole = NULL;
	union object object = {.top = {0}};
	struct crl_source *s = NULL;
	struct crl_err err = {0};
	struct crl_keys_ctx ctx = {.scope = key->scope, .object = &object, .err = &err, .prefix = "", .shown = ""};
	int rc;

	from = from ? strstr(from, "\n.Ql ") : NULL;
	if (!from) {
		fail_msg("carrel.conf(5), %s%s: has no example", prefix_of(key->scope), key->path);
		return;
	}
	from += strlen("\n.Ql ");
	from += *from == '"';
	line = strndup(from, strcspn(from, "\n"));
	if (line[strlen(line) - 1] == '"') {
		line[strlen(line) - 1] = '\0';
	}
	assert_true(asprintf(&whole, "%s%s", line, company(key)) > 0);
	if (key->scope == CRL_KEYS_POLICY) {
		assert_int_equal(crl_policy_init(&object.policy), 0);
	}
	rc = crl_source_parse("example", whole, strlen(whole), &s, &err);
	ctx.file = "example";
	rc = rc < 0 ? rc : crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	if (rc == 0 && key->scope == CRL_KEYS_POLICY) {
		rc = crl_policy_check(&object.policy, &from, &err);
	}
	if (rc < 0) {
		fail_msg("carrel.conf(5), %s%s: its example %s: %s", prefix_of(key->scope), key->path, line, err.text);
	}
	if (key->type != CRL_KEY_CONDITION) {
		want(key, line, dot ? dot + 1 : key->path);
	}
	object_done(key->scope, &object);
	crl_source_free(s);
}

static void test_man_page_has_every_key(void **state)
{
	scoped_free char *man = read_file("docs/man/carrel.conf.5");

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		scoped_free char *text = NULL;
		char name[100];

		if (key->type == CRL_KEY_GROUP) {
			continue;
		}
		(void)snprintf(name, sizeof(name), "%s%s", prefix_of(key->scope), key->path);
		text = entry_of(man, name);
		if (!text) {
			fail_msg("carrel.conf(5) has no \".It Cm %s\"", name);
		}
		if (strncmp(text, "As\n", 3) != 0) {
			check_type(key, text);
			check_range(key, text);
			check_default(key, text);
		}
		check_example(key, text);
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
		cmocka_unit_test(test_man_page_has_every_key),
		cmocka_unit_test(test_man_page_has_no_other_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
