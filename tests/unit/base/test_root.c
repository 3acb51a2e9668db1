// SPDX-License-Identifier: Apache-2.0
/* Who is root, and what counts as root's. In an order: what is told once holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/root.h"

static void test_root(void **state)
{
	const struct stat roots = {.st_uid = 0, .st_dev = 1}, nobodys = {.st_uid = 65534, .st_dev = 1},
			  users = {.st_uid = 1001, .st_dev = 1}, filled = {.st_uid = 0, .st_dev = 2};

	(void)state;
	assert_true(crl_hostroot_owns(&roots));
	assert_false(crl_hostroot_owns(&nobodys) || crl_hostroot_owns(&users));
	assert_false(crl_hostroot_is_alone());
	crl_hostroot_is(65534);
	assert_true(crl_hostroot_is_alone());
	assert_true(crl_hostroot_owns(&nobodys));
	assert_false(crl_hostroot_owns(&roots) || crl_hostroot_owns(&users) || crl_hostroot_owns(&filled));
	crl_hostroot_adopt(2);
	assert_true(crl_hostroot_owns(&filled));
	assert_false(crl_hostroot_owns(&roots));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_root)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
