// SPDX-License-Identifier: Apache-2.0
/* src/store/verity.c: trees as veritysetup(8) makes them, and what each block is worth in them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/verity.h"

#define SALT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Blocks that differ from each other. */
static int make_data(size_t blocks)
{
	int fd = memfd_create("data", MFD_CLOEXEC);
	uint8_t block[CRL_VERITY_BLOCK];

	assert_true(fd >= 0);
	for (size_t i = 0; i < blocks; i++) {
		for (size_t j = 0; j < sizeof(block); j++)
			block[j] = (uint8_t)(i * 31 + j * 7 + i / 256);
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	}
	return fd;
}

static void root_of(int data, size_t blocks, char root[CRL_SHA256_TEXT], uint64_t *ret_tree)
{
	scoped_fd tree = memfd_create("tree", MFD_CLOEXEC);
	struct stat st;

	assert_int_equal(crl_verity_make(data, blocks * CRL_VERITY_BLOCK, SALT, tree, root), 0);
	assert_int_equal(fstat(tree, &st), 0);
	*ret_tree = (uint64_t)st.st_size / CRL_VERITY_BLOCK;
}

/* Made by: veritysetup format --no-superblock --salt=SALT DATA TREE, version 2.6.1 */
static void test_as_veritysetup(void **state)
{
	static const struct {
		size_t blocks, tree;
		const char *root;
	} known[] = {
		{2, 1, "10fa24c543642d2de21819b5e406efeaef9e993d6060dca3b559ee03e2182ae0"},
		{128, 1, "16eee2f3eebc329fbf961c98e850e44dc315cb3194d3cc8699f1824490f5cb4c"},
		{129, 3, "c38a372e0dc71dd3f68909cda214061b61cba8bb87c616df3243217cc1a51480"},
		{16385, 132, "1330fed720b38643396620a02a4b9ab40f995a1bb2a3d2487d18d27c529cca02"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++) {
		scoped_fd data = make_data(known[i].blocks);
		char root[CRL_SHA256_TEXT];
		uint64_t tree;

		root_of(data, known[i].blocks, root, &tree);
		assert_string_equal(root, known[i].root);
		assert_int_equal(tree, known[i].tree);
	}
}

static void test_each_block_counts(void **state)
{
	char root[CRL_SHA256_TEXT], other[CRL_SHA256_TEXT];
	scoped_fd data = make_data(130);
	uint64_t tree;

	(void)state;
	root_of(data, 130, root, &tree);
	for (size_t i = 0; i < 130; i += 43) {
		uint8_t was, is;

		assert_int_equal(pread(data, &was, 1, (off_t)(i * CRL_VERITY_BLOCK + 17)), 1);
		is = was ^ 1;
		assert_int_equal(pwrite(data, &is, 1, (off_t)(i * CRL_VERITY_BLOCK + 17)), 1);
		root_of(data, 130, other, &tree);
		assert_string_not_equal(root, other);
		assert_int_equal(pwrite(data, &was, 1, (off_t)(i * CRL_VERITY_BLOCK + 17)), 1);
	}
	root_of(data, 130, other, &tree);
	assert_string_equal(root, other);
}

static void test_what_fits(void **state)
{
	scoped_fd data = make_data(2), tree = memfd_create("tree", MFD_CLOEXEC);
	char root[CRL_SHA256_TEXT];

	(void)state;
	assert_false(crl_verity_fits(0));
	assert_false(crl_verity_fits(4096));
	assert_false(crl_verity_fits(8193));
	assert_false(crl_verity_fits(UINT64_MAX - 4095));
	assert_true(crl_verity_fits(8192));
	assert_int_equal(crl_verity_make(data, 4096, SALT, tree, root), -EINVAL);
	assert_int_equal(crl_verity_make(data, 8192, "salt", tree, root), -EINVAL);
	assert_int_equal(crl_verity_make(data, 3 * 4096, SALT, tree, root), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_veritysetup),
		cmocka_unit_test(test_each_block_counts),
		cmocka_unit_test(test_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
