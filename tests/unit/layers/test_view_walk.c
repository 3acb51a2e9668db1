// SPDX-License-Identifier: Apache-2.0
/* layers/view_walk.c, with room for so few names that a directory is read again and again. */
#define KEEP_MAX 7u
#include "layers/view_walk.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"

static void make_names(int dir, unsigned int first, unsigned int step, unsigned int end)
{
	for (unsigned int i = first; i < end; i += step) {
		char name[16];
		scoped_fd fd = -EBADF;

		(void)snprintf(name, sizeof(name), "n%03u", i);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
	}
}

static struct crl_layers layers = {.len = 3, .top = 1, .marks = CRL_MARKS_OWN};

static int make(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	for (size_t i = 0; i < 3; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "%zu", i);
		if (mkdir(at(name), 0755) < 0)
			return -1;
		layers.fd[i] = open(at(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (layers.fd[i] < 0)
			return -1;
	}
	make_names(layers.fd[0], 0, 5, 100);
	make_names(layers.fd[1], 0, 3, 100);
	make_names(layers.fd[2], 0, 2, 100);
	return mknodat(layers.fd[0], "n001", S_IFCHR, makedev(0, 0));
}

/* Each once, in order, and said to be where it is youngest. Returns how many. */
static unsigned int count(size_t parts)
{
	scoped(crl_view_dir) root = {0};
	scoped(crl_view_walk) walk = {0};
	struct crl_view_entry e;
	const char *name;
	char last[16] = "";
	unsigned int n = 0;
	int rc;

	assert_int_equal(crl_view_open(&layers, &root), 0);
	assert_int_equal(crl_view_walk_begin(&root, parts, &walk), 0);
	for (; (rc = crl_view_walk_next(&walk, &name, &e)) == 1; n++) {
		unsigned int number = (unsigned int)atoi(name + 1);

		assert_true(strcmp(last, name) < 0);
		assert_true(strlen(name) < sizeof(last));
		strcpy(last, name);
		assert_int_equal(e.kind, number == 1 ? CRL_VIEW_WHITEOUT : CRL_VIEW_FILE);
		assert_int_equal(e.layer, number == 1 || number % 5 == 0 ? 0 : number % 3 == 0 ? 1 : 2);
		/* keeps: layers/view_walk R1 */
		assert_true(walk.names->len <= KEEP_MAX && walk.names->room <= 64);
	}
	assert_int_equal(rc, 0);
	return n;
}

static void test_order(void **state)
{
	(void)state;
	unsigned int all = 0, two = 0;

	for (unsigned int i = 0; i < 100; i++) {
		two += i % 5 == 0 || i % 3 == 0 || i == 1;
		all += i % 5 == 0 || i % 3 == 0 || i % 2 == 0 || i == 1;
	}
	assert_int_equal(count(1), 21);
	assert_int_equal(count(2), two);
	assert_int_equal(count(3), all);
	assert_int_equal(count(99), all);
	assert_int_equal(count(0), 0);
}

static void test_vanished(void **state)
{
	(void)state;
	scoped(crl_view_dir) root = {0};
	scoped(crl_view_walk) walk = {0};
	struct crl_view_entry e;
	const char *name;

	assert_int_equal(crl_view_open(&layers, &root), 0);
	assert_int_equal(crl_view_walk_begin(&root, 1, &walk), 0);
	assert_int_equal(crl_view_walk_next(&walk, &name, &e), 1);
	assert_string_equal(name, "n000");
	assert_int_equal(unlinkat(layers.fd[0], "n001", 0), 0);
	assert_int_equal(unlinkat(layers.fd[0], "n005", 0), 0);
	assert_int_equal(crl_view_walk_next(&walk, &name, &e), 1);
	assert_string_equal(name, "n010");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_vanished),
	};

	return cmocka_run_group_tests(tests, make, scratch_remove);
}
