// SPDX-License-Identifier: Apache-2.0
/*
 * Every key that the mount planner blames is one of carrel.conf(5). Run in the source tree.
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

#include "policy/keys.h"

/* A literal that begins with "word.word": what is blamed. */
static size_t check_line(const char *file, const char *line)
{
	size_t found = 0;

	for (const char *p = line; (p = strchr(p, '"')); p++) {
		size_t len = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_.");
		char key[80];

		if (len < 3 || !memchr(p + 1, '.', len))
			continue;
		/* At the head of a message, or handed to what makes one. */
		if (p[len + 1] != ':' && (p[len + 1] != '"' || (!strstr(line, "check_") && !strstr(line, "key ="))))
			continue;
		(void)snprintf(key, sizeof(key), "%.*s", (int)len, p + 1);
		if (!crl_key_find(CRL_KEYS_POLICY, key))
			fail_msg("%s blames \"%s\", which is no key", file, key);
		found++;
	}
	return found;
}

static void test_keys_are_called_as_they_are(void **state)
{
	glob_t files;
	size_t found = 0;

	(void)state;
	assert_int_equal(glob("src/plan/mounts*.c", 0, NULL, &files), 0);
	assert_int_equal(glob("src/plan/home.c", GLOB_APPEND, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "re");
		char line[1024];

		assert_non_null(f);
		while (fgets(line, sizeof(line), f))
			found += check_line(files.gl_pathv[i], line);
		(void)fclose(f);
	}
	globfree(&files);
	assert_true(found >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_are_called_as_they_are)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
