// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "apply/home/copytree.h"
#include "apply/mounts/beneath.h"

struct fixture {
	char dir[64];
	int from;
	int to;
	struct crl_err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int base;

	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/carrel-copytree-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	base = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(base, "from", 0700);
	mkdirat(base, "to", 0700);
	f->from = openat(base, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->to = openat(base, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(base);
	*state = f;
	return f->from < 0 || f->to < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	close(f->from);
	close(f->to);
	free(*state);
	return system(command);
}

static void put(int dir, const char *name, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int copy(struct fixture *f)
{
	return crl_copy_tree(f->from, f->to, getuid(), getgid(), &f->err);
}

static void test_kinds(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	put(f->from, "suid", 06755);
	put(f->from, ".hidden", 0600);
	assert_int_equal(mkdirat(f->from, "d", 0750), 0);
	put(f->from, "d/x", 0640);
	assert_int_equal(symlinkat("/etc/passwd", f->from, "link"), 0);
	assert_int_equal(copy(f), 0);
	assert_int_equal(fstatat(f->to, "suid", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(fstatat(f->to, "d/x", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fstatat(f->to, ".hidden", &st, 0), 0);
	assert_int_equal(fstatat(f->to, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_special(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkfifoat(f->from, "fifo", 0600), 0);
	assert_int_equal(copy(f), -EINVAL);
	assert_int_equal(f->err.stage, CRL_STAGE_HOME);
	assert_non_null(strstr(f->err.text, "fifo"));
}

static void test_depth(void **state)
{
	struct fixture *f = *state;
	char path[256] = "d";

	for (int i = 0; i < CRL_TREE_DEPTH_MAX; i++) {
		assert_int_equal(mkdirat(f->from, path, 0700), 0);
		strcat(path, "/d");
	}
	assert_int_equal(copy(f), -E2BIG);
}

static void test_bytes(void **state)
{
	struct fixture *f = *state;
	int fd = openat(f->from, "big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, (off_t)CRL_TREE_BYTES_MAX + 1), 0);
	close(fd);
	assert_int_equal(copy(f), -E2BIG);
}

static void test_entries(void **state)
{
	struct fixture *f = *state;
	char name[32];

	for (int i = 0; i <= CRL_TREE_ENTRIES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "l%d", i);
		assert_int_equal(symlinkat("x", f->from, name), 0);
	}
	assert_int_equal(copy(f), -E2BIG);
}

/* The lookup that everything else rests on. */
static void test_beneath(void **state)
{
	struct fixture *f = *state;
	bool root = getuid() == 0;
	int fd = -EBADF;

	assert_int_equal(mkdirat(f->from, "d", 0755), 0);
	put(f->from, "d/x", 0644);
	assert_int_equal(symlinkat("d", f->from, "rel"), 0);
	assert_int_equal(symlinkat("/d", f->from, "abs"), 0);
	assert_int_equal(symlinkat("../../../../../d", f->from, "up"), 0);
	assert_int_equal(symlinkat("loop", f->from, "loop"), 0);
	assert_int_equal(crl_beneath_find(f->from, "/d/x", false, &fd), 0);
	drop_fd(&fd);
	assert_int_equal(crl_beneath_find(f->from, "/rel/x", false, &fd), -ELOOP);
	assert_int_equal(crl_beneath_find(f->from, "/rel", false, &fd), -ELOOP);
	assert_int_equal(crl_beneath_find(f->from, "/../from", false, &fd), -EXDEV);
	assert_int_equal(crl_beneath_find_dir(f->from, "/d/x", false, &fd), -ENOTDIR);
	assert_int_equal(crl_beneath_find(f->from, "/loop", true, &fd), -ELOOP);
	for (const char *const *name = (const char *const[]){"/rel/x", "/abs/x", "/up/x", NULL}; *name && root;
	     name++) {
		assert_int_equal(crl_beneath_find(f->from, *name, true, &fd), 0);
		drop_fd(&fd);
	}
	if (!root)
		return;
	assert_int_equal(fchownat(f->from, "rel", 54321, 54321, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(crl_beneath_find(f->from, "/rel/x", true, &fd), -ELOOP); /* a user's link */
	assert_int_equal(fchmod(f->from, 0777), 0);
	assert_int_equal(crl_beneath_find(f->from, "/abs/x", true, &fd), -ELOOP); /* where anyone may have put it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_special, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_beneath, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
