// SPDX-License-Identifier: Apache-2.0
/* Names of errors, against those of a C library that has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errname.h"

static void test_all(void **state)
{
	(void)state;
	for (int e = 1; e < 4096; e++) {
		const char *want = strerrorname_np(e);

		if (!want)
			assert_null(crl_errname(e));
		else if (e <= EHWPOISON || crl_errname(e)) /* glibc 2.43 knows younger ones */
			assert_string_equal(crl_errname(e), want);
	}
	assert_null(crl_errname(0));
	assert_null(crl_errname(-EPERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests_name("base/errname", tests, NULL, NULL);
}
