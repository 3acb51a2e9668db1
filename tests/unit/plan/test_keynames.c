// SPDX-License-Identifier: Apache-2.0
/*
 * Every key that a message blames is one of carrel.conf(5), by the name that it has there. Run in the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "policy/keys/keys.h"

/* A key, of a policy or beneath one of its lists; or of a rule or budget. */
static bool is_key(const char *key)
{
	static const struct {
		const char *prefix;
		enum crl_key_scope scope;
	} scopes[] = {
		{"", CRL_KEYS_POLICY},       {"root.bind.", CRL_KEYS_BIND}, {"root.writable_paths.", CRL_KEYS_WRITABLE},
		{"limits.io.", CRL_KEYS_IO}, {"rules.", CRL_KEYS_RULE},     {"budgets.", CRL_KEYS_BUDGET},
		{"", CRL_KEYS_TOP},          {"groups.", CRL_KEYS_CALLS},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(scopes); i++) {
		size_t len = strlen(scopes[i].prefix);

		if (strncmp(key, scopes[i].prefix, len) == 0 && crl_key_find(scopes[i].scope, key + len))
			return true;
	}
	return false;
}

/* What hands a key to a message. */
static bool hands_key(const char *line)
{
	static const char *const calls[] = {"check_",  "key =",     "tell(",        "say(",
					    "say_at(", "ask_path(", "crl_key_find("};

	for (size_t i = 0; i < CRL_ARRAY_LEN(calls); i++)
		if (strstr(line, calls[i]))
			return true;
	return false;
}

/* A literal that begins with "word.word": what is blamed. */
static size_t check_line(const char *file, const char *line)
{
	bool all = strstr(file, "policy/check.c"); /* a table of nothing else */
	size_t found = 0;

	for (const char *p = line; (p = strchr(p, '"')); p++) {
		size_t len = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_.");
		char key[80];

		if (len < 3 || !memchr(p + 1, '.', len))
			continue;
		/* At the head of a message, or handed to what makes one. */
		if (p[len + 1] != ':' && (p[len + 1] != '"' || !(all || hands_key(line))))
			continue;
		(void)snprintf(key, sizeof(key), "%.*s", (int)len, p + 1);
		if (!is_key(key))
			fail_msg("%s blames \"%s\", which is no key", file, key);
		found++;
	}
	return found;
}

static void test_keys_are_called_as_they_are(void **state)
{
	static const char *const folders[] = {"src/plan/*.c",  "src/plan/*/*.c",  "src/policy/*.c", "src/policy/*/*.c",
					      "src/apply/*.c", "src/apply/*/*.c", "helper/*.c",     "helper/*/*.c",
					      "src/ctl/*.c",   "src/ctl/*/*.c"};
	glob_t files;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(folders); i++)
		(void)glob(folders[i], i > 0 ? GLOB_APPEND : 0, NULL,
			   &files); /* GLOB_NOMATCH: a folder with rooms alone */
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f;
		char line[1024];

		if (strstr(files.gl_pathv[i], "cgroup") ||
		    strstr(files.gl_pathv[i], "usage")) /* the kernel's files are called so */
			continue;
		f = fopen(files.gl_pathv[i], "re");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f))
			found += check_line(files.gl_pathv[i], line);
		(void)fclose(f);
	}
	globfree(&files);
	assert_in_range(found, 80, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_are_called_as_they_are)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
