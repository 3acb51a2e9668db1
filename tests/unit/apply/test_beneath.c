// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/mounts/beneath.h"
#include "tests/unit/scratch.h"

/* A name that anybody may have chosen leads into nothing that a server answers for, nor through it. */
/* keeps: apply/mounts/cached R1 */
static void test_far_is_not_entered(void **state)
{
	static const char *const far[] = {"/a/far", "/top"};
	static const struct {
		const char *path;
		int want;
	} kase[] = {
		{"/a/near/x", 0},         {"/a/far", -EXDEV},
		{"/a/far/below", -EXDEV}, {"//a///far/x", -EXDEV},
		{"/a/farther", 0},        {"/top/a/x", -EXDEV},
		{"/top", -EXDEV},         {"/a/near/../far/x", -EXDEV},
		{"/a/top", -ENOENT},      {"/a", 0},
	};
	scoped_fd root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(mkdir(at("a"), 0755) | mkdir(at("a/near"), 0755) | mkdir(at("a/far"), 0755) |
				 mkdir(at("top"), 0755) | mkdir(at("a/farther"), 0755),
			 0);
	write_file("a/near/x", "");
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		scoped_fd fd = -EBADF;

		print_message("%s\n", kase[i].path);
		assert_int_equal(crl_beneath_find_near(root, kase[i].path, far, CRL_ARRAY_LEN(far), &fd), kase[i].want);
		assert_int_equal(fd >= 0, kase[i].want == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_far_is_not_entered)};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
