// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

/* keeps: policy/check_user R1 */
static void test_needs_a_root_of_its_own(void **state)
{
	static const enum crl_own_user modes[] = {CRL_USER_OWN, CRL_USER_ROOT};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(modes); i++) {
		scoped(crl_policy) p = {0};
		struct crl_across across;
		struct crl_err err = {0};

		assert_int_equal(crl_policy_init(&p), 0);
		p.user_mode = modes[i];
		p.no_new_privs = false;
		assert_int_equal(crl_policy_check(&p, &across, &err), -EINVAL);
		assert_string_equal(across.key, "user.mode");
		p.root_mode = CRL_ROOT_OVERLAY;
		p.root_over = CRL_ROOT_OVER_TMPFS;
		assert_int_equal(crl_policy_check(&p, &across, &err), 0);
		p.root_over = CRL_ROOT_OVER_NOTHING;
		assert_int_equal(crl_policy_check(&p, &across, &err), -EINVAL);
		p.root_over = CRL_ROOT_OVER_TMPFS;
		p.root_mode = CRL_ROOT_IMAGE;
		assert_int_equal(crl_strdup_to(&p.root_path, "/srv/image"), 0);
		assert_int_equal(crl_policy_check(&p, &across, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_needs_a_root_of_its_own)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
