// SPDX-License-Identifier: Apache-2.0
/* Files with the same bytes, with and without holes. */
#include "layers/same.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define TB ((off_t)1 << 40)

static int file(off_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static void put(int fd, off_t at, const char *text)
{
	assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
}

static void test_bytes(void **state)
{
	(void)state;
	scoped_fd a = file(0), b = file(0);

	assert_int_equal(crl_same_bytes(a, b), 1);
	put(a, 0, "one");
	assert_int_equal(crl_same_bytes(a, b), 0);
	put(b, 0, "one");
	assert_int_equal(crl_same_bytes(a, b), 1);
	put(b, 1, "N");
	assert_int_equal(crl_same_bytes(a, b), 0);
	put(b, 1, "n");
	put(a, 200000, "x");
	put(b, 200000, "x");
	assert_int_equal(crl_same_bytes(a, b), 1);
	put(a, 131071, "y"); /* the last byte of a chunk */
	assert_int_equal(crl_same_bytes(a, b), 0);
	put(b, 131071, "y");
	assert_int_equal(crl_same_bytes(a, b), 1);
	assert_int_equal(ftruncate(b, 200002), 0);
	assert_int_equal(crl_same_bytes(a, b), 0);
	assert_int_equal(crl_same_bytes(b, a), 0);
}

/* Hours, if holes were read. */
static void test_holes(void **state)
{
	(void)state;
	scoped_fd a = file(TB), b = file(TB);

	assert_int_equal(crl_same_bytes(a, b), 1);
	put(a, TB / 2 + 5, "x");
	assert_int_equal(crl_same_bytes(a, b), 0);
	assert_int_equal(crl_same_bytes(b, a), 0);
	put(b, TB / 2 + 5, "x");
	assert_int_equal(crl_same_bytes(a, b), 1);
	assert_int_equal(pwrite(b, "", 1, 70000), 1); /* data that are as the other's hole */
	assert_int_equal(crl_same_bytes(a, b), 1);
	put(b, TB - 1, "z");
	assert_int_equal(crl_same_bytes(a, b), 0);
	assert_int_equal(ftruncate(b, TB - 1), 0);
	assert_int_equal(crl_same_bytes(a, b), 0);
}

static void test_errors(void **state)
{
	(void)state;
	scoped_fd a = file(0);

	assert_int_equal(crl_same_bytes(a, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
