// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "door/exempt.h"

static void test_group(void **state)
{
	char longest[CRL_GROUP_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[CRL_GROUP_MAX] = '\0';
	assert_string_equal(crl_exempt_group(NULL), CRL_BREAK_GLASS);
	assert_string_equal(crl_exempt_group(""), CRL_BREAK_GLASS);
	assert_string_equal(crl_exempt_group(longest), CRL_BREAK_GLASS);
	longest[CRL_GROUP_MAX - 1] = '\0';
	assert_string_equal(crl_exempt_group(longest), longest);
	assert_null(crl_exempt_group_fault("wheel"));
}

static void test_who(void **state)
{
	struct crl_login *root = calloc(1, sizeof(*root)), *user = calloc(1, sizeof(*user));

	(void)state;
	assert_non_null(root);
	assert_non_null(user);
	user->uid = 1000;
	user->gid = 1000;
	user->ngroups = 2;
	user->groups[0] = 1000;
	user->groups[1] = 0; /* group root, which every host has */
	assert_true(crl_exempt_is_root(root));
	assert_false(crl_exempt_is_root(user));
	assert_int_equal(crl_exempt_breaks_glass(user, "root"), 1);
	user->ngroups = 1;
	assert_int_equal(crl_exempt_breaks_glass(user, "root"), 0);
	assert_int_equal(crl_exempt_breaks_glass(user, "no-such-group-here"), 0);
	free(root);
	free(user);
}

/* Root's own plain file; anything else of that name is told and switches nothing. */
static void test_off(void **state)
{
	char dir[] = "/tmp/carrel-exempt-XXXXXX", config[64], off[64], path[PATH_MAX];
	struct crl_err why = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(config, sizeof(config), "%s/carrel.conf", dir);
	(void)snprintf(off, sizeof(off), "%s/off", dir);
	assert_false(crl_exempt_is_off(config, path, sizeof(path), &why));
	assert_int_equal(why.code, 0);
	assert_int_equal(symlink("/dev/null", off), 0);
	assert_false(crl_exempt_is_off(config, path, sizeof(path), &why));
	assert_int_equal(why.code, EPERM);
	assert_int_equal(unlink(off), 0);
	assert_int_equal(mknod(off, S_IFREG | 0600, 0), 0);
	why.code = 0;
	if (getuid() == 0) {
		assert_true(crl_exempt_is_off(config, path, sizeof(path), &why));
		assert_int_equal(why.code, 0);
		assert_string_equal(path, off);
	}
	assert_int_equal(chmod(off, 0622), 0);
	assert_false(crl_exempt_is_off(config, path, sizeof(path), &why));
	assert_int_equal(why.code, EPERM);
	assert_int_equal(unlink(off), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
