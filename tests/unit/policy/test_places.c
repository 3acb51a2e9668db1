// SPDX-License-Identifier: Apache-2.0
/* What of a room's root may be a user's: nothing that steers processes of root's, whoever names it. No root needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "policy/places.h"

/* One of them is worth nothing when its directory, or what is in it, can be somebody's. */
static void test_what_steers_is_no_users(void **state)
{
	char beneath[256];

	(void)state;
	assert_non_null(crl_own_steering[0].path);
	for (const struct crl_own_steering *s = crl_own_steering; s->path; s++) {
		assert_false(crl_own_may_be_users(s->path));
		(void)snprintf(beneath, sizeof(beneath), "%s/more", s->path);
		assert_false(crl_own_may_be_users(beneath));
		for (const struct crl_own_steering *t = s + 1; t->path; t++)
			assert_string_not_equal(s->path, t->path);
	}
}

static void test_what_may_be(void **state)
{
	static const char *const may[] = {"/etc", "/etc/profile.d", "/usr/local", "/usr/local/lib", "/opt", "/srv"};
	static const char *const never[] = {"/usr", "/usr/lib", "/lib64", "/var/lib", "/tmp", "/run/x", "/home/x"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(may); i++)
		assert_true(crl_own_may_be_users(may[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(never); i++)
		assert_false(crl_own_may_be_users(never[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_steers_is_no_users),
		cmocka_unit_test(test_what_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
