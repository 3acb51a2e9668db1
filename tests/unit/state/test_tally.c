// SPDX-License-Identifier: Apache-2.0
/* What was seen, and what is being learned. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "state/learn/learning.h"
#include "state/learn/tally.h"
#include "tests/unit/scratch.h"

static int scratch_open(void)
{
	return open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct crl_seen seen(const char *program, int nr, uint64_t value, uint64_t count)
{
	struct crl_seen s = {.arch = 0xc000003e, .nr = nr, .value = value, .count = count};

	(void)snprintf(s.program, sizeof(s.program), "%s", program);
	return s;
}

static void add(struct crl_tally *t, const char *program, int nr, uint64_t count)
{
	const struct crl_seen s = seen(program, nr, CRL_NO_VALUE, count);

	crl_tally_add(t, &s);
}

static uint64_t count_of(const struct crl_tally *t, const char *program, int nr)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->item[i].nr == nr && strcmp(t->item[i].program, program) == 0)
			return t->item[i].count;
	return 0;
}

static void test_union(void **state)
{
	scoped(crl_tally) t = {0};

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	add(&t, "git", 41, 2);
	add(&t, "sh", 41, 1);
	add(&t, "git", 41, UINT64_MAX - 1);
	assert_int_equal(t.len, 2);
	assert_true(count_of(&t, "git", 41) == UINT64_MAX);
	crl_tally_clear(&t);
	assert_int_equal(count_of(&t, "sh", 41), 0);
	add(&t, "sh", 41, 1);
	assert_int_equal(t.len, 1);
}

/* keeps: state/learn/tally R1 */
static void test_bounded(void **state)
{
	scoped(crl_tally) t = {0};
	char name[16];

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		add(&t, name, 200 + i % 300, 1);
	}
	assert_true(t.len <= CRL_TALLY_MAX);
	assert_false(t.lost);
	for (int nr = 200; nr < 500; nr++)
		assert_true(count_of(&t, "*", nr) > 0);
	for (int nr = 500; nr < 3000; nr++)
		add(&t, "more", nr, 1);
	assert_true(t.lost);
}

static void test_text_reads_back(void **state)
{
	scoped(crl_tally) t = {0}, back = {0};
	scoped_free char *text = NULL;
	const struct crl_seen s = seen("a b\033\\", 16, 0x5412, 7);
	size_t len;

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	assert_int_equal(crl_tally_begin(&back), 0);
	crl_tally_add(&t, &s);
	add(&t, "x", -100, 1);
	t.lost = true;
	assert_int_equal(crl_tally_print(&t, &text, &len), 0);
	assert_int_equal(crl_tally_parse(text, len, &back), 0);
	assert_int_equal(back.len, 2);
	assert_true(back.lost);
	assert_memory_equal(&t.item[0], &back.item[0], sizeof(t.item[0]));
	assert_memory_equal(&t.item[1], &back.item[1], sizeof(t.item[0]));
}

static void test_broken_texts(void **state)
{
	static const char *const bad[] = {
		"",
		"carrel-seen 1 0 1",
		"carrel-seen 1 0 2\n",
		"carrel-seen 1 4097 1\n",
		"carrel-seen 1 1 1\n",
		"carrel-seen 1 1 1\nc000003e 1 - 0 p\n",
		"carrel-seen 1 1 1\nc000003e 1 - 1 \n",
		"carrel-seen 1 1 1\nc000003e 1 - 1 p q\n",
		"carrel-seen 1 1 1\nc000003e 1 xyz 1 p\n",
		"carrel-seen 1 1 1\nc000003e 1 - 1 \\x4\n",
		"carrel-seen 1 1 1\nc000003e 1 - 1 sixteen-bytes-xx\n",
		"carrel-seen 1 0 1\nmore\n",
	};
	scoped(crl_tally) t = {0};
	char text[128];

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		(void)snprintf(text, sizeof(text), "%s", bad[i]);
		assert_int_equal(crl_tally_parse(text, strlen(bad[i]), &t), -EBADMSG);
		assert_int_equal(t.len, 0);
	}
}

static void test_files_are_merged(void **state)
{
	scoped(crl_tally) t = {0}, all = {0};
	int dir = scratch_open();

	(void)state;
	assert_int_equal(crl_tally_begin(&t), 0);
	add(&t, "git", 41, 2);
	assert_int_equal(crl_tally_read(dir, "p", &all), -ENOENT);
	assert_int_equal(crl_tally_merge(dir, "p", &t, true), 0);
	add(&t, "sh", 42, 1);
	assert_int_equal(crl_tally_merge(dir, "p", &t, false), 0);
	assert_int_equal(crl_tally_read(dir, "p", &all), 0);
	assert_int_equal(count_of(&all, "git", 41), 4);
	assert_int_equal(count_of(&all, "sh", 42), 1);
	assert_int_equal(crl_tally_merge(dir, "../p", &t, false), -EINVAL);
	assert_int_equal(crl_tally_forget(dir, "p"), 0);
	crl_tally_done(&all);
	assert_int_equal(crl_tally_read(dir, "p", &all), -ENOENT);
	(void)close(dir);
}

static struct crl_learning record(void)
{
	struct crl_learning l = {.begun_ms = 1000, .until_ms = 5000, .user = "-"};

	(void)snprintf(l.boot, sizeof(l.boot), "%s", "6d2b6c64-0000-0000-0000-000000000001");
	return l;
}

/* keeps: state/learn/learning R1 */
static void test_time(void **state)
{
	struct crl_learning l = record();
	struct crl_trial_now now = {.ms = 1000};

	(void)state;
	(void)snprintf(now.boot, sizeof(now.boot), "%s", l.boot);
	assert_true(crl_learning_is_on(&l, &now, "ana"));
	now.ms = 999;
	assert_false(crl_learning_is_on(&l, &now, "ana"));
	now.ms = 5000;
	assert_false(crl_learning_is_on(&l, &now, "ana"));
	now.ms = 4999;
	(void)snprintf(l.user, sizeof(l.user), "bob");
	assert_false(crl_learning_is_on(&l, &now, "ana"));
	assert_true(crl_learning_is_on(&l, &now, "bob"));
	assert_true(crl_learning_is_on(&l, &now, NULL));
	now.boot[0] = '0';
	assert_false(crl_learning_is_on(&l, &now, "bob"));
}

static void test_records(void **state)
{
	static const char *const bad[] = {
		"",
		"carrel-learning 1\n",
		"carrel-learning 1\nboot=x\nbegun=5\nuntil=4\nwall=1\nuser=-\n",
		"carrel-learning 1\nboot=x\nbegun=1\nuntil=99999999999999\nwall=1\nuser=-\n",
		"carrel-learning 1\nboot=x\nbegun=1\nuntil=4\nwall=1\nuser=\n",
		"carrel-learning 1\nboot=x\nbegun=1\nuntil=4\nwall=1\nuser=-\nmore\n",
		"carrel-learning 1\nboot=x\nbegun=1\nuntil=4\nwall=1\nuser=-",
	};
	static const char good[] = "carrel-learning 1\nboot=x\nbegun=1\nuntil=4\nwall=9\nuser=ana\n";
	struct crl_learning l;
	int dir = scratch_open();

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(crl_learning_parse(bad[i], strlen(bad[i]), &l), -EBADMSG);
	assert_int_equal(crl_learning_parse(good, strlen(good), &l), 0);
	assert_int_equal(l.until_wall, 9);
	assert_int_equal(crl_learning_begin(dir, "p", "ana", 60), 0);
	assert_true(crl_learning_goes_on(dir, "p"));
	assert_false(crl_learning_goes_on(dir, "q"));
	assert_int_equal(crl_learning_end(dir, "p"), 1);
	assert_int_equal(crl_learning_end(dir, "p"), 0);
	assert_false(crl_learning_goes_on(dir, "p"));
	(void)close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_text_reads_back),
		cmocka_unit_test(test_broken_texts),
		cmocka_unit_test(test_files_are_merged),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
