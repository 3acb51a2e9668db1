// SPDX-License-Identifier: Apache-2.0
/* Records of changes: what a worker sends comes back whole, and nothing else is taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "ctl/home/change.h"

/* As change.c has it: the test is of the bytes. */
struct record {
	uint32_t kind, what, mode, mode_before;
	uint64_t size, size_before;
	int32_t error;
	uint32_t path_len, has_from;
	uint32_t padding;
	char text[64];
};

static const struct record added = {
	.kind = CRL_DIFF_ADDED, .mode = S_IFREG | 0600, .size = 17, .path_len = 3, .text = "a/b"};

/* @text  how many bytes of the text come with it */
static int take(const struct record *r, size_t text, struct ctl_change *ret)
{
	return ctl_change_take((const char *)r, offsetof(struct record, text) + text, ret);
}

static void whole_ones_are_taken(void **state)
{
	struct record r = added;
	struct ctl_change c;

	(void)state;
	assert_int_equal(take(&r, 3, &c), 0);
	assert_string_equal(c.path, "a/b");
	assert_null(c.from);
	assert_int_equal(c.size, 17);
	r.kind = CRL_DIFF_RENAMED;
	r.has_from = 1;
	memcpy(r.text, "a/b\0old", 8);
	assert_int_equal(take(&r, 7, &c), 0);
	assert_string_equal(c.from, "old");
}

/* keeps: ctl/home/change R1 */
static void others_are_not(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} wrong[] = {
		{offsetof(struct record, kind), CRL_DIFF_KIND_COUNT},
		{offsetof(struct record, kind), UINT32_MAX},
		{offsetof(struct record, what), 1u << 20},
		{offsetof(struct record, error), 5},
		{offsetof(struct record, error), 0x80000000u},
		{offsetof(struct record, path_len), 0},
		{offsetof(struct record, path_len), 2},
		{offsetof(struct record, path_len), 4},
		{offsetof(struct record, path_len), UINT32_MAX},
		{offsetof(struct record, has_from), 1},
		{offsetof(struct record, has_from), 2},
	};
	struct ctl_change c = {.path = "untouched"};
	struct record r = added;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		r = added;
		memcpy((char *)&r + wrong[i].at, &wrong[i].value, sizeof(wrong[i].value));
		if (take(&r, 3, &c) != -EBADMSG)
			fail_msg("taken: value %u at byte %zu", wrong[i].value, wrong[i].at);
	}
	r = added;
	assert_int_equal(take(&r, 0, &c), -EBADMSG);
	assert_int_equal(ctl_change_take((const char *)&r, 4, &c), -EBADMSG);
	r.text[1] = '\0'; /* a NUL in the path */
	assert_int_equal(take(&r, 3, &c), -EBADMSG);
	r = added;
	r.has_from = 1;
	memcpy(r.text, "a/b\0o\0d", 8); /* and in the other */
	assert_int_equal(take(&r, 7, &c), -EBADMSG);
	assert_int_equal(take(&r, 4, &c), -EBADMSG);
	assert_string_equal(c.path, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ones_are_taken),
		cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
