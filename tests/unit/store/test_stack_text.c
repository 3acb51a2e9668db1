// SPDX-License-Identifier: Apache-2.0
/* The texts of stacks and snapshots: what is written is read, and nothing else is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/stack_text.h"

static void fill(struct crl_stack *s, size_t len)
{
	s->len = len;
	for (size_t i = 0; i < len; i++)
		s->layer[i] = CRL_LAYER_MAX - (uint32_t)i;
}

static void test_stack_back(void **state)
{
	(void)state;
	for (size_t len = 0; len <= CRL_STACK_MAX; len++) {
		char text[CRL_STACK_TEXT_MAX];
		struct crl_stack s, back;
		int n;

		fill(&s, len);
		n = crl_stack_format(&s, text, sizeof(text));
		assert_true(n > 0);
		assert_int_equal(crl_stack_parse(text, (size_t)n, &back), 0);
		assert_int_equal(back.len, len);
		assert_memory_equal(back.layer, s.layer, len * sizeof(s.layer[0]));
		assert_int_equal(crl_stack_format(&s, text, (size_t)n), -EOVERFLOW);
	}
}

static void test_stack_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"stack=1\nend\n",
		"stack=2\nlayers=-\nend\n",
		"stack=1\nlayers=\nend\n",
		"stack=1\nlayers=0\nend\n",
		"stack=1\nlayers=01\nend\n",
		"stack=1\nlayers=1 1\nend\n",
		"stack=1\nlayers=2  1\nend\n",
		"stack=1\nlayers=2 1 \nend\n",
		"stack=1\nlayers= 2\nend\n",
		"stack=1\nlayers=2 -\nend\n",
		"stack=1\nlayers=../1\nend\n",
		"stack=1\nlayers=100000000\nend\n",
		"stack=1\nlayers=2 1\nend",
		"stack=1\nlayers=2 1\nend\nmore\n",
		"stack=1\nlayers=1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
		"32 33 34 35 "
		"36 37 38 39 40 41 42 43 44 45 46 47 48 49\nend\n",
	};
	struct crl_stack s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(crl_stack_parse(bad[i], strlen(bad[i]), &s), -EBADMSG);
	assert_int_equal(crl_stack_parse("stack=1\nlayers=-\nend\n\0x", 23, &s), -EBADMSG);
}

static void test_snapshots_back(void **state)
{
	static struct crl_snapshots s, back;
	static char text[CRL_SNAPSHOTS_TEXT_MAX];
	int n;

	(void)state;
	for (s.len = 0; s.len < CRL_SNAPSHOTS_MAX; s.len++) {
		struct crl_snapshot *item = &s.item[s.len];

		memset(item->name, 'x', sizeof(item->name) - 1);
		(void)snprintf(item->name, 4, "%03zu", s.len);
		item->name[3] = '-';
		item->when = INT64_MAX;
		fill(&item->stack, CRL_STACK_MAX);
	}
	n = crl_snapshots_format(&s, text, sizeof(text));
	assert_true(n > 0);
	assert_int_equal(crl_snapshots_parse(text, (size_t)n, &back), 0);
	assert_int_equal(back.len, s.len);
	assert_string_equal(back.item[40].name, s.item[40].name);
	assert_true(back.item[40].when == INT64_MAX && back.item[40].stack.len == CRL_STACK_MAX);
	assert_ptr_equal(crl_snapshots_find(&back, s.item[7].name), &back.item[7]);
	assert_null(crl_snapshots_find(&back, "none"));
}

static void test_snapshots_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"snapshots=1\n",
		"snapshots=1\nsnapshot=a 1 1\n",
		"snapshots=1\nsnapshot=a 1\nend\n",
		"snapshots=1\nsnapshot=a 1 \nend\n",
		"snapshots=1\nsnapshot=a\nend\n",
		"snapshots=1\nsnapshot=a -1 1\nend\n",
		"snapshots=1\nsnapshot=.a 1 1\nend\n",
		"snapshots=1\nsnapshot=a/b 1 1\nend\n",
		"snapshots=1\nsnapshot= 1 1\nend\n",
		"snapshots=1\nsnapshot=a 1 1\nsnapshot=a 2 2\nend\n",
		"snapshots=1\nsnapshot=a 1 1 1\nend\n",
		"snapshots=1\nstack=a 1 1\nend\n",
	};
	static struct crl_snapshots s;
	static char text[CRL_SNAPSHOTS_TEXT_MAX];
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(crl_snapshots_parse(bad[i], strlen(bad[i]), &s), -EBADMSG);
		assert_int_equal(s.len, 0);
	}
	at = (size_t)snprintf(text, sizeof(text), "snapshots=1\n");
	for (int i = 0; i <= CRL_SNAPSHOTS_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "snapshot=s%d 1 -\n", i);
	(void)snprintf(text + at, sizeof(text) - at, "end\n");
	assert_int_equal(crl_snapshots_parse(text, strlen(text), &s), -EBADMSG);
}

static void test_names(void **state)
{
	char name[CRL_SNAPSHOT_NAME_MAX + 1];

	(void)state;
	assert_true(crl_snapshot_name_is_valid("a") && crl_snapshot_name_is_valid("2026-01-01_x.y"));
	assert_false(crl_snapshot_name_is_valid("") || crl_snapshot_name_is_valid(".") ||
		     crl_snapshot_name_is_valid("-a") || crl_snapshot_name_is_valid("a b") ||
		     crl_snapshot_name_is_valid("a/b") || crl_snapshot_name_is_valid("\xc3\xa4"));
	memset(name, 'a', sizeof(name));
	name[CRL_SNAPSHOT_NAME_MAX] = '\0';
	assert_false(crl_snapshot_name_is_valid(name));
	name[CRL_SNAPSHOT_NAME_MAX - 1] = '\0';
	assert_true(crl_snapshot_name_is_valid(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack_back),     cmocka_unit_test(test_stack_strict),
		cmocka_unit_test(test_snapshots_back), cmocka_unit_test(test_snapshots_strict),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
