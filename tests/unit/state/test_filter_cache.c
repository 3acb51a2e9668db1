// SPDX-License-Identifier: Apache-2.0
/*
 * The cache of filters: what was put comes back whole; whatever is off in an entry is a miss.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/scope.h"
#include "plan/filter/filter.h"
#include "state/filter_cache.h"

#define KEY "base 6:@login\n"

static char path[] = "/tmp/carrel-cache-XXXXXX";
static int dir = -EBADF;
static struct crl_filter made, got;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	made.len = 500;
	for (uint32_t i = 0; i < made.len; i++)
		made.insn[i] = (struct sock_filter){.code = (uint16_t)i, .k = i * 7};
	return dir < 0 ? -1 : 0;
}

/* Count entries, or remove them. */
static size_t walk(bool remove, char ret_name[64])
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (ret_name)
			(void)snprintf(ret_name, 64, "%.63s", e->d_name);
		if (remove)
			assert_int_equal(unlinkat(dir, e->d_name, 0), 0);
	}
	(void)closedir(d);
	return n;
}

static int remove_dir(void **state)
{
	(void)state;
	(void)walk(true, NULL);
	drop_fd(&dir);
	return rmdir(path);
}

/* One good entry; its name and an open descriptor for damage. */
static int fresh(char name[64])
{
	int fd;

	(void)walk(true, NULL);
	assert_int_equal(crl_filter_cache_put(dir, KEY, &made, NULL), 0);
	assert_int_equal(walk(false, name), 1);
	assert_int_equal(crl_filter_cache_get(dir, KEY, &got), 0);
	fd = openat(dir, name, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void expect_miss(const char *why)
{
	got.len = 9;
	if (crl_filter_cache_get(dir, KEY, &got) != -ENOENT)
		fail_msg("no miss: %s", why);
	assert_int_equal(got.len, 0);
}

static void test_round_trip(void **state)
{
	char name[64];
	scoped_fd fd = fresh(name);
	mode_t mask = umask(0777);
	struct stat st;

	(void)state;
	assert_int_equal(got.len, made.len);
	assert_memory_equal(got.insn, made.insn, made.len * sizeof(made.insn[0]));
	made.insn[0].k = 99;
	assert_int_equal(crl_filter_cache_put(dir, KEY, &made, NULL), 0); /* replaces */
	(void)umask(mask);
	assert_int_equal(walk(false, name), 1);
	assert_int_equal(crl_filter_cache_get(dir, KEY, &got), 0);
	assert_int_equal(got.insn[0].k, 99);
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void test_largest(void **state)
{
	static struct crl_filter big = {.len = CRL_FILTER_MAX};
	static char key[CRL_FILTER_KEY_MAX + 1];

	(void)state;
	memset(key, 'k', CRL_FILTER_KEY_MAX);
	assert_int_equal(crl_filter_cache_put(dir, key, &big, NULL), -EINVAL);
	assert_int_equal(crl_filter_cache_get(dir, key, &got), -ENOENT);
	key[CRL_FILTER_KEY_MAX - 1] = '\0';
	assert_int_equal(crl_filter_cache_put(dir, key, &big, NULL), 0);
	assert_int_equal(crl_filter_cache_get(dir, key, &got), 0);
	assert_int_equal(got.len, CRL_FILTER_MAX);
	big.len = 0;
	assert_int_equal(crl_filter_cache_put(dir, KEY, &big, NULL), -EINVAL);
	big.len = CRL_FILTER_MAX + 1;
	assert_int_equal(crl_filter_cache_put(dir, KEY, &big, NULL), -EINVAL);
}

static void test_other_key(void **state)
{
	char name[64];
	scoped_fd fd = fresh(name);

	(void)state;
	assert_int_equal(crl_filter_cache_get(dir, "base 6:@logim\n", &got), -ENOENT);
	/* a digest collision: the right name with another key of the same length inside */
	assert_int_equal(crl_filter_cache_put(dir, "base 6:@logim\n", &made, NULL), 0);
	assert_int_equal(unlinkat(dir, name, 0), 0);
	{
		char other[64];

		assert_int_equal(walk(false, other), 1);
		assert_int_equal(renameat(dir, other, dir, name), 0);
	}
	expect_miss("another key");
}

static void test_every_byte_counts(void **state)
{
	char name[64];
	scoped_fd fd = fresh(name);
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		unsigned char byte, bad;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		bad = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &bad, 1, at), 1);
		expect_miss("one bit");
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(crl_filter_cache_get(dir, KEY, &got), 0);
	for (off_t size = st.st_size - 1; size >= 0; size -= 61) {
		assert_int_equal(ftruncate(fd, size), 0);
		expect_miss("cut");
	}
}

static void test_longer(void **state)
{
	char name[64];
	scoped_fd fd = fresh(name);
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, st.st_size + 8), 0);
	expect_miss("longer by one instruction");
	assert_int_equal(ftruncate(fd, st.st_size + 1), 0);
	expect_miss("longer by a byte");
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	expect_miss("a megabyte");
}

/* keeps: state/filter_cache R1 */
static void test_owner_mode_kind(void **state)
{
	char name[64];
	scoped_fd fd = fresh(name);

	(void)state;
	assert_int_equal(fchmod(fd, 0620), 0);
	expect_miss("group may write");
	assert_int_equal(fchmod(fd, 0604), 0);
	expect_miss("others may read");
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(linkat(dir, name, dir, "second", 0), 0);
	expect_miss("two names");
	assert_int_equal(unlinkat(dir, "second", 0), 0);
	assert_int_equal(crl_filter_cache_get(dir, KEY, &got), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 1, (gid_t)-1), 0);
		expect_miss("another owner");
		assert_int_equal(fchown(fd, 0, (gid_t)-1), 0);
	}
	assert_int_equal(renameat(dir, name, dir, "moved"), 0);
	assert_int_equal(symlinkat("moved", dir, name), 0);
	expect_miss("symbolic link");
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(mkfifoat(dir, name, 0600), 0);
	expect_miss("FIFO, without waiting");
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(mkdirat(dir, name, 0600), 0);
	expect_miss("directory");
	assert_int_equal(unlinkat(dir, name, AT_REMOVEDIR), 0);
}

/* keeps: state/filter_cache R2 */
static void test_bounded(void **state)
{
	char key[32];
	size_t most = 0;

	(void)state;
	(void)walk(true, NULL);
	assert_int_equal(close(openat(dir, "1-2.3.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	for (int i = 0; i < 600; i++) {
		size_t n;

		(void)snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(crl_filter_cache_put(dir, key, &made, NULL), 0);
		assert_int_equal(crl_filter_cache_get(dir, key, &got), 0);
		n = walk(false, NULL);
		most = n > most ? n : most;
	}
	assert_in_range(most, 200, 256);
	assert_int_equal(faccessat(dir, "1-2.3.new", F_OK, 0), -1); /* what a crash left is gone too */
}

static void test_put_fails(void **state)
{
	struct crl_err err = {0};
	scoped_fd file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char name[64];
	scoped_fd fd = fresh(name);

	(void)state;
	assert_true(crl_filter_cache_put(file, KEY, &made, &err) < 0);
	assert_int_equal(err.stage, CRL_STAGE_STATE);
	/* something that cannot be replaced: nothing is left beside it */
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(mkdirat(dir, name, 0700), 0);
	assert_int_equal(crl_filter_cache_put(dir, KEY, &made, &err), -EISDIR);
	assert_int_equal(walk(false, NULL), 1);
	assert_int_equal(unlinkat(dir, name, AT_REMOVEDIR), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_largest),
		cmocka_unit_test(test_other_key),  cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_longer),     cmocka_unit_test(test_owner_mode_kind),
		cmocka_unit_test(test_bounded),    cmocka_unit_test(test_put_fails),
	};

	return cmocka_run_group_tests_name("state/filter_cache", tests, make_dir, remove_dir);
}
