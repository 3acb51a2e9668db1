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
#include "policy/file/source.h"
#include "policy/filter/sysgroups.h"
#include "policy/keys/keys.h"
#include "policy/rules/match.h"
#include "tests/unit/policy/policytext.h"

/* What stands before the keys of a scope in the man page. */
static const char *prefix_of(enum crl_key_scope scope)
{
	return scope == CRL_KEYS_BIND       ? "root.bind."
	       : scope == CRL_KEYS_WRITABLE ? "root.writable_paths."
	       : scope == CRL_KEYS_IO       ? "limits.io."
	       : scope == CRL_KEYS_PUBLISH  ? "network.publish."
	       : scope == CRL_KEYS_BUDGET   ? "budgets."
	       : scope == CRL_KEYS_ANSWERS  ? "seccomp.answers."
	       : scope == CRL_KEYS_PROFILE  ? "seccomp.profiles."
	       : scope == CRL_KEYS_RULE     ? "rules."
	       : scope >= CRL_KEYS_CALLS    ? "groups."
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
	if (!p)
		return NULL;
	p += strlen(line);
	while (strncmp(p, ".It Cm ", 7) == 0) /* twins share a text */
		p = strchr(p, '\n') + 1;
	for (end = p; strncmp(end, "\n.It ", 5) != 0 && strncmp(end, "\n.El", 4) != 0; end++)
		assert_true(*end != '\0');
	return plain(strndup(p, (size_t)(end - p + 1)));
}

/* A key in one of its scopes. */
struct place {
	const struct crl_key *key;
	enum crl_key_scope scope;
	const char *path;
};

static void want(const struct place *at, const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("carrel.conf(5), %s%s: does not say %s:\n%s", prefix_of(at->scope), at->path, part, text);
}

static void check_type(const struct place *at, const char *text)
{
	const struct crl_key *key = at->key;

	if (at->scope == CRL_KEYS_POLICY && crl_key_is_list(key))
		want(at, text, ".Em list");
	else if (key->type->name)
		want(at, text, key->type->name);
	/* The words of features are told once for all of them. */
	for (size_t i = 0; key->type == &crl_type_word && strncmp(key->path, "features.", 9) != 0 && key->words[i];
	     i++) {
		char quoted[40];

		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", key->words[i]);
		want(at, text, quoted);
	}
}

static void check_range(const struct place *at, const char *text)
{
	const struct crl_key *key = at->key;
	char min[32] = "", max[32] = "";

	if (key->type == &crl_type_uint) {
		/* Zero is a default that stands apart from the range. */
		bool apart = strcmp(key->path, "limits.cpu_weight") == 0;

		(void)snprintf(min, sizeof(min), "from %llu", (unsigned long long)(apart ? 1 : key->min));
		(void)snprintf(max, sizeof(max), "to %llu", (unsigned long long)key->max);
	} else if (key->type == &crl_type_size && key->min > 0) {
		crl_format_size(key->min, min, sizeof(min));
	} else if (key->type == &crl_type_percent) {
		crl_format_percent(key->min, min, sizeof(min));
	} else if (key->type == &crl_type_duration) {
		crl_format_duration(key->max, max, sizeof(max));
	}
	want(at, text, min);
	if (key->max != CRL_UNLIMITED)
		want(at, text, max);
}

static bool is_number_or_word(const struct crl_key_type *type)
{
	return type == &crl_type_bool || type == &crl_type_uint || type == &crl_type_size ||
	       type == &crl_type_percent || type == &crl_type_duration || type == &crl_type_word;
}

static void check_default(const struct place *at, const char *text)
{
	const struct crl_key *key = at->key;

	if (key->required || key->type == &crl_type_condition) {
		bool told_above = at->scope >= CRL_KEYS_CALLS_TOP || key->type == &crl_type_condition;

		want(at, text, told_above ? "" : "always needed");
		return;
	}
	want(at, text, "efault");
	if (is_number_or_word(key->type) && key->def)
		want(at, text, key->def);
	else if (key->def && (strcmp(key->def, "[ ]") == 0 || strcmp(key->def, "( )") == 0))
		want(at, text, "Default: empty");
}

/* What its group has to have besides. */
static const char *company(const struct place *at)
{
	switch (at->scope) {
	case CRL_KEYS_RULE:
		return strcmp(at->path, "policy") == 0 ? "" : " policy = \"x\";";
	case CRL_KEYS_BIND:
		return strcmp(at->path, "source") == 0   ? " target = \"/t\";"
		       : strcmp(at->path, "target") == 0 ? " source = \"/s\";"
							 : " source = \"/s\"; target = \"/t\";";
	case CRL_KEYS_IO:
		return strcmp(at->path, "path") == 0 ? "" : " path = \"/\";";
	case CRL_KEYS_WRITABLE:
		return strcmp(at->path, "path") == 0 ? "" : " path = \"/w\";";
	case CRL_KEYS_ANSWERS:
		return strcmp(at->path, "calls") == 0 ? " answer = \"EPERM\";" : " calls = [ ];";
	case CRL_KEYS_PROFILE:
		return strcmp(at->path, "program") == 0 ? " profile = \"x\";" : " program = \"/x\";";
	case CRL_KEYS_CALLS:
		return strcmp(at->path, "name") == 0     ? " answer = \"eperm\"; calls = [ ];"
		       : strcmp(at->path, "answer") == 0 ? " name = \"@x\"; calls = [ ];"
							 : " name = \"@x\"; answer = \"eperm\";";
	case CRL_KEYS_PUBLISH:
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
	struct crl_writable writable;
	struct crl_answers answers;
	struct crl_profile profile;
	struct crl_publish publish;
	struct crl_sysgroup group;
};

static void object_done(enum crl_key_scope scope, union object *o)
{
	switch (scope) {
	case CRL_KEYS_RULE:
		for (size_t i = 0; i < CRL_COND_COUNT; i++) {
			crl_strv_done(&o->rule.is[i]);
			crl_strv_done(&o->rule.is_not[i]);
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
	case CRL_KEYS_ANSWERS:
		crl_answers_done(&o->answers);
		break;
	case CRL_KEYS_PROFILE:
		crl_profile_done(&o->profile);
		break;
	case CRL_KEYS_PUBLISH:
		break;
	case CRL_KEYS_WRITABLE:
		free(o->writable.path);
		break;
	case CRL_KEYS_CALLS:
		free(o->group.name);
		crl_strv_done(&o->group.calls);
		break;
	case CRL_KEYS_TOP:
	case CRL_KEYS_CALLS_TOP:
		crl_top_done(&o->top);
		break;
	}
}

/* The example is there, has the key, and is right. */
static void check_example(const struct place *at, const char *text)
{
	const char *from = strstr(text, "Example");
	const char *dot = strrchr(at->path, '.');
	scoped_free char *line = NULL;
	scoped_free char *whole = NULL;
	union object object = {.top = {0}};
	struct crl_across across;
	struct crl_source *s = NULL;
	struct crl_err err = {0};
	struct crl_keys_ctx ctx = {.scope = at->scope, .object = &object, .err = &err, .prefix = "", .shown = ""};
	int rc;

	from = from ? strstr(from, "\n.Ql ") : NULL;
	if (!from) {
		fail_msg("carrel.conf(5), %s%s: has no example", prefix_of(at->scope), at->path);
		return;
	}
	from += strlen("\n.Ql ");
	from += *from == '"';
	line = strndup(from, strcspn(from, "\n"));
	if (line[strlen(line) - 1] == '"')
		line[strlen(line) - 1] = '\0';
	assert_true(asprintf(&whole, "%s%s", line, company(at)) > 0);
	if (at->scope == CRL_KEYS_POLICY)
		assert_int_equal(crl_policy_init(&object.policy), 0);
	rc = crl_source_parse("example", whole, strlen(whole), &s, &err);
	ctx.file = "example";
	rc = rc < 0 ? rc : crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	if (rc == 0 && at->scope == CRL_KEYS_POLICY)
		rc = crl_policy_check(&object.policy, &across, &err);
	if (rc < 0)
		fail_msg("carrel.conf(5), %s%s: its example %s: %s", prefix_of(at->scope), at->path, line, err.text);
	if (at->key->type != &crl_type_condition)
		want(at, line, dot ? dot + 1 : at->path);
	object_done(at->scope, &object);
	crl_source_free(s);
}

static void check_entry(const char *man, const struct place *at)
{
	scoped_free char *text = NULL;
	char name[100];

	(void)snprintf(name, sizeof(name), "%s%s", prefix_of(at->scope), at->path);
	text = entry_of(man, name);
	if (!text)
		fail_msg("carrel.conf(5) has no \".It Cm %s\"", name);
	if (strncmp(text, "As\n", 3) != 0) {
		check_type(at, text);
		check_range(at, text);
		check_default(at, text);
	}
	check_example(at, text);
}

static void test_man_page_has_every_key(void **state)
{
	scoped_free char *man = read_file("docs/man/carrel.conf.5");

	(void)state;
	for (size_t i = 0; i < crl_keys_len; i++) {
		for (enum crl_key_scope scope = 0; scope <= CRL_KEYS_CALLS; scope++) {
			struct place at = {
				.key = &crl_keys[i], .scope = scope, .path = crl_key_path_in(&crl_keys[i], scope)};

			if (at.path && at.key->type != &crl_type_group)
				check_entry(man, &at);
		}
	}
}

static bool table_has(const char *name, size_t len)
{
	static const struct {
		const char *prefix;
		enum crl_key_scope scope;
	} scopes[] = {
		{"root.bind.", CRL_KEYS_BIND},
		{"root.writable_paths.", CRL_KEYS_WRITABLE},
		{"limits.io.", CRL_KEYS_IO},
		{"network.publish.", CRL_KEYS_PUBLISH},
		{"rules.", CRL_KEYS_RULE},
		{"seccomp.answers.", CRL_KEYS_ANSWERS},
		{"seccomp.profiles.", CRL_KEYS_PROFILE},
		{"budgets.", CRL_KEYS_BUDGET},
		{"groups.", CRL_KEYS_CALLS},
		{"", CRL_KEYS_POLICY},
		{"", CRL_KEYS_TOP},
		{"", CRL_KEYS_CALLS_TOP},
	};
	char text[100];

	(void)snprintf(text, sizeof(text), "%.*s", (int)len, name);
	for (size_t i = 0; i < CRL_ARRAY_LEN(scopes); i++) {
		size_t skip = strlen(scopes[i].prefix);

		if (strncmp(text, scopes[i].prefix, skip) == 0 && crl_key_find(scopes[i].scope, text + skip))
			return true;
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
		if (!table_has(p, len))
			fail_msg("carrel.conf(5) has \".It Cm %.*s\", and no such key is", (int)len, p);
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
