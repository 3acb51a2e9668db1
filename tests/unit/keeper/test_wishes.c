// SPDX-License-Identifier: Apache-2.0
/* Wishes for a home: their text, what counts of several, and files that a user could have put there instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "helper/keeper/wishes.h"
#include "tests/unit/scratch.h"

static struct keeper_wishes w;
static int scratch_fd = -EBADF;

static bool has(enum crl_wish_ask what)
{
	for (size_t i = 0; i < w.len; i++)
		if (w.wish[i].what == what)
			return true;
	return false;
}

static int parse(const char *text)
{
	memset(&w, 0xff, sizeof(w));
	return keeper_wishes_parse(text, strlen(text), &w);
}

static void test_text(void **state)
{
	static const char *const text = "carrel-wishes 1\nsnapshot one\nsnapshot two\ndiscard\n";
	char back[KEEPER_WISHES_SIZE];

	(void)state;
	assert_int_equal(parse(text), 0);
	assert_int_equal(w.len, 3);
	assert_int_equal(w.wish[1].what, CRL_WISH_SNAPSHOT);
	assert_string_equal(w.wish[1].name, "two");
	assert_true(has(CRL_WISH_DISCARD));
	assert_false(has(CRL_WISH_KEEP));
	keeper_wishes_print(&w, back);
	assert_string_equal(back, text);
	assert_int_equal(parse("carrel-wishes 1\n"), 0);
	assert_int_equal(w.len, 0);
}

static void test_nonsense(void **state)
{
	static const char *const bad[] = {"",
					  "carrel-wishes 1",
					  "carrel-wishes 2\n",
					  "carrel-wishes 1\ndiscard",
					  "carrel-wishes 1\n\n",
					  "carrel-wishes 1\ndiff\n",
					  "carrel-wishes 1\nsnapshots\n",
					  "carrel-wishes 1\nsnapshot \n",
					  "carrel-wishes 1\nsnapshot ../../x\n",
					  "carrel-wishes 1\nsnapshot a b\n",
					  "carrel-wishes 1\nsnapshot a\nsnapshot a\n",
					  "carrel-wishes 1\ndiscard now\n",
					  "carrel-wishes 1\nkeep\r\n",
					  " carrel-wishes 1\n"};
	char many[KEEPER_WISHES_SIZE + 32] = "carrel-wishes 1\n";

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		assert_int_equal(parse(bad[i]), -EBADMSG);
		assert_int_equal(w.len, 0);
	}
	assert_int_equal(keeper_wishes_parse("carrel-wishes 1\nkeep\n\0discard\n", 29, &w), -EBADMSG);
	for (int i = 0; i <= KEEPER_WISHES_MAX; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "snapshot s%d\n", i);
	assert_int_equal(parse(many), -EBADMSG);
	memset(many, 'x', sizeof(many) - 1);
	assert_int_equal(parse(many), -EBADMSG);
}

static void test_last_counts(void **state)
{
	(void)state;
	w.len = 0;
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_DISCARD, ""), 0);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, "one"), 0);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_DISCARD, ""), 0);
	assert_int_equal(w.len, 2);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_KEEP, ""), 0);
	assert_int_equal(w.len, 2); /* the snapshot, keep */
	assert_int_equal(w.wish[0].what, CRL_WISH_SNAPSHOT);
	assert_false(has(CRL_WISH_DISCARD));
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, "one"), -EEXIST);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_DISCARD, ""), 0);
	assert_false(has(CRL_WISH_KEEP));
	for (int i = 0; w.len < KEEPER_WISHES_MAX; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, name), 0);
	}
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, "more"), -EUSERS);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_KEEP, ""), 0); /* in the place of "discard" */
	assert_int_equal(w.len, KEEPER_WISHES_MAX);
}

static void test_file(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 0);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, "one"), 0);
	assert_int_equal(keeper_wishes_write(scratch_fd, &w), 0);
	w.len = 0;
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 1);
	keeper_wishes_drop(&w, 0);
	assert_int_equal(keeper_wishes_write(scratch_fd, &w), 0);
	assert_int_equal(fstatat(scratch_fd, KEEPER_WISHES_FILE, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_size, KEEPER_WISHES_SIZE); /* written over, so that a full home has room for a wish */
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 0);
	write_file(KEEPER_WISHES_FILE, "carrel-wishes 1\ndiscord\n");
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 0);
}

/* Nothing there makes a keeper wait or leads it away. */
static void test_file_of_another_kind(void **state)
{
	struct stat st;

	(void)state;
	(void)alarm(30);
	(void)unlinkat(scratch_fd, KEEPER_WISHES_FILE, 0);
	assert_int_equal(mkfifoat(scratch_fd, KEEPER_WISHES_FILE, 0600), 0);
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 0);
	assert_int_equal(unlinkat(scratch_fd, KEEPER_WISHES_FILE, 0), 0);
	write_file(KEEPER_WISHES_FILE, "carrel-wishes 1\ndiscard\n");
	assert_int_equal(renameat(scratch_fd, KEEPER_WISHES_FILE, scratch_fd, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", scratch_fd, KEEPER_WISHES_FILE), 0);
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_int_equal(w.len, 0);
	assert_int_equal(keeper_wishes_add(&w, CRL_WISH_KEEP, ""), 0);
	assert_int_equal(keeper_wishes_write(scratch_fd, &w), 0); /* in place of the link */
	assert_int_equal(fstatat(scratch_fd, "elsewhere", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_size, strlen("carrel-wishes 1\ndiscard\n"));
	assert_int_equal(keeper_wishes_read(scratch_fd, &w), 0);
	assert_true(has(CRL_WISH_KEEP));
	(void)alarm(0);
}

static void test_lock(void **state)
{
	scoped_fd one = -EBADF, two = -EBADF;

	(void)state;
	assert_int_equal(keeper_wishes_lock(scratch_fd, &one), 0);
	assert_int_equal(keeper_wishes_lock(scratch_fd, &two), -EAGAIN);
	drop_fd(&one);
	assert_int_equal(keeper_wishes_lock(scratch_fd, &two), 0);
}

static int open_scratch(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	scratch_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch_fd >= 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_last_counts),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_of_another_kind),
		cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests(tests, open_scratch, scratch_remove);
}
