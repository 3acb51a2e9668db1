// SPDX-License-Identifier: Apache-2.0
/* base/mountinfo.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mountinfo.h"
#include "base/scope.h"

static void test_unescape(void **state)
{
	static const char *const kase[][2] = {
		{"/home/ana", "/home/ana"},
		{"/a\\040b\\011c\\012d", "/a b\tc\nd"},
		{"/back\\134slash", "/back\\slash"},
		{"\\377\\000x", "\377"},
		{"/a\\04", "/a\\04"},
		{"/a\\", "/a\\"},
		{"/a\\08x", "/a\\08x"},
		{"/a\\477", "/a\\477"},
		{"/a\\\\040", "/a\\ "},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		char field[64];

		(void)snprintf(field, sizeof(field), "%s", kase[i][0]);
		crl_mountinfo_unescape(field);
		assert_string_equal(field, kase[i][1]);
	}
}

static void test_near(void **state)
{
	(void)state;
	assert_true(crl_mountinfo_is_near("ext4") && crl_mountinfo_is_near("tmpfs") &&
		    crl_mountinfo_is_near("overlay"));
	assert_false(crl_mountinfo_is_near("nfs4") || crl_mountinfo_is_near("fuse.sshfs") ||
		     crl_mountinfo_is_near("autofs") || crl_mountinfo_is_near("ext") || crl_mountinfo_is_near(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unescape),
		cmocka_unit_test(test_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
