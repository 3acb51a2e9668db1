// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan/ids.h"

#define EACH CRL_IDS_EACH

static void test_subids(void **state)
{
	static const char text[] = "root:100000:65536\n"
				   "ana:165536:65536\n"
				   "1002:300000:131072\n"
				   "bad\nbad:1\nbad:1:\nbad:x:1\nbad:1:0\nbad:4294967294:2\nbad:-1:5\n"
				   "eve:500000:1000\n"
				   "ana:700000:65536"; /* a second one, and no newline */
	scoped(crl_subid_ranges) others = {.len = 0};
	struct crl_subid_range r;
	bool small;

	(void)state;
	assert_int_equal(crl_subids_read(text, &(struct crl_subid_owner){"ana", 1001}, &r, &small, &others), 0);
	assert_int_equal(r.first, 165536);
	assert_int_equal(r.count, EACH);
	assert_false(small);
	assert_int_equal(others.len, 4); /* root, 1002, bad's last id, eve */
	assert_int_equal(crl_subids_read(text, &(struct crl_subid_owner){"ben", 1002}, &r, &small, &others),
			 0); /* by number; cut */
	assert_int_equal(r.first, 300000);
	assert_int_equal(r.count, EACH);
	assert_int_equal(crl_subids_read(text, &(struct crl_subid_owner){"eve", 7}, &r, &small, &others), 0);
	assert_int_equal(r.count, 0);
	assert_true(small);
	assert_int_equal(crl_subids_read(text, &(struct crl_subid_owner){"bad", 8}, &r, &small, &others), 0);
	assert_int_equal(r.count, 0);
	assert_true(small);
	assert_int_equal(crl_subids_read("", &(struct crl_subid_owner){"ana", 1001}, &r, &small, &others), 0);
	assert_int_equal(r.count, 0);
}

/* What newuidmap and the host's libraries take for a line counts, however it is written. keeps: plan/ids R1 */
static void test_odd_lines(void **state)
{
	static char text[2000];
	scoped(crl_subid_ranges) others = {.len = 0};
	scoped(crl_subid_ranges) taken = {.len = 0};
	struct crl_subid_range r;
	bool small;

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "eve:0x186a0:65536\nbob: 200000:65536\nbig:300000:4294967295\n%0600d:400000:65536\n", 7);
	assert_int_equal(crl_subids_read(text, &(struct crl_subid_owner){"ana", 1001}, &r, &small, &others), 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(others.len, 4);
	assert_int_equal(others.item[0].first, 100000);
	assert_int_equal(others.item[1].first, 200000);
	assert_true(crl_subid_ranges_meet(&others, &(struct crl_subid_range){UINT32_MAX - 1, 1}));
	assert_int_equal(others.item[3].first, 400000);
	(void)snprintf(text, sizeof(text), "long:x:100500:5:%0600d:/:\nodd:x:0100501:5::/:\n", 7);
	assert_int_equal(crl_subids_read_accounts(text, &taken), 0);
	assert_int_equal(taken.len, 2);
	assert_int_equal(taken.item[0].first, 100500);
	assert_int_equal(taken.item[1].first, 100501);
}

static void test_meet(void **state)
{
	scoped(crl_subid_ranges) r = {.len = 0};

	(void)state;
	assert_int_equal(crl_subid_ranges_add(&r, 100, 50), 0);
	assert_int_equal(crl_subid_ranges_add(&r, UINT32_MAX - 10, 9), 0);
	assert_true(crl_subid_ranges_meet(&r, &(struct crl_subid_range){149, 1}));
	assert_true(crl_subid_ranges_meet(&r, &(struct crl_subid_range){90, 11}));
	assert_true(crl_subid_ranges_meet(&r, &(struct crl_subid_range){0, 4000}));
	assert_false(crl_subid_ranges_meet(&r, &(struct crl_subid_range){150, 10}));
	assert_false(crl_subid_ranges_meet(&r, &(struct crl_subid_range){90, 10}));
	assert_false(crl_subid_ranges_meet(&r, &(struct crl_subid_range){100, 0}));
	assert_true(crl_subid_ranges_meet(&r, &(struct crl_subid_range){UINT32_MAX - 5, 5}));
}

/* keeps: plan/ids R1 */
static void test_allot(void **state)
{
	const struct crl_subid_range pool = {1000000, 4 * EACH + 17};
	scoped(crl_subid_ranges) taken = {.len = 0};
	struct crl_subid_range r[4], none;

	(void)state;
	for (size_t i = 0; i < 4; i++) { /* all of one slot, by their uids */
		assert_int_equal(crl_subids_allot(1002 + 4 * (uint32_t)i, &pool, &taken, &r[i]), 0);
		assert_int_equal(r[i].count, EACH);
		assert_in_range(r[i].first, pool.first, pool.first + 3 * EACH);
		assert_false(crl_subid_ranges_meet(&taken, &r[i]));
		assert_int_equal(crl_subid_ranges_add(&taken, r[i].first, r[i].count), 0);
	}
	assert_int_equal(r[0].first, pool.first + 1002 % 4 * EACH);
	assert_int_equal(crl_subids_allot(5, &pool, &taken, &none), -ENOSPC);
	crl_subid_ranges_done(&taken);
	/* One account in it, at either end, and it is passed over. */
	for (size_t i = 0; i < 2; i++) {
		scoped(crl_subid_ranges) one = {.len = 0};

		assert_int_equal(crl_subid_ranges_add(&one, pool.first + (uint32_t)i * (EACH - 1), 1), 0);
		assert_int_equal(crl_subids_allot(4, &pool, &one, &none), 0);
		assert_int_equal(none.first, pool.first + EACH);
	}
	assert_int_equal(crl_subids_allot(UINT32_MAX - 1, &pool, &taken, &none), 0);
}

static void test_accounts(void **state)
{
	scoped(crl_subid_ranges) taken = {.len = 0};

	(void)state;
	assert_int_equal(crl_subids_read_accounts("root:x:0:0:root:/root:/bin/sh\n\n+::\nuser:x:1000:1000::/:\n"
						  "wheel:x:10\nodd:x:abc:\nlast:x:42:a,b",
						  &taken),
			 0);
	assert_int_equal(taken.len, 4);
	assert_int_equal(taken.item[1].first, 1000);
	assert_int_equal(taken.item[3].first, 42);
}

/* keeps: plan/ids R2 */
static void test_record(void **state)
{
	const struct crl_subid_owner ana = {"ana", 4000000000u}, one = {"one", 1}, anew = {"anabel", 4000000000u},
				     spaced = {"DOM\\ana b", 1000};
	const struct crl_subid_range r = {1879113728, EACH};
	scoped(crl_subid_ranges) others = {.len = 0};
	char line[CRL_IDS_RECORD_LINE], text[600];
	struct crl_subid_range got;

	(void)state;
	crl_subids_record_line(&ana, &r, line);
	assert_string_equal(line, "4000000000 1879113728 ana\n");
	(void)snprintf(text, sizeof(text), CRL_IDS_RECORD "1000 200000\n%s", line);
	assert_int_equal(crl_subids_read_record(text, &ana, &got, &others), 0);
	assert_int_equal(got.first, r.first);
	assert_int_equal(got.count, EACH);
	assert_int_equal(others.len, 1);
	assert_int_equal(others.item[0].first, 200000);
	/* Somebody else has the number: nothing is theirs, and nobody's is free. */
	assert_int_equal(crl_subids_read_record(text, &anew, &got, &others), 0);
	assert_int_equal(got.count, 0);
	assert_int_equal(others.len, 3);
	assert_int_equal(others.item[2].first, r.first);
	/* A line without a name is of whoever has the number. */
	assert_int_equal(crl_subids_read_record(text, &spaced, &got, &others), 0);
	assert_int_equal(got.first, 200000);
	crl_subids_record_line(&spaced, &r, line);
	(void)snprintf(text, sizeof(text), CRL_IDS_RECORD "%s", line);
	assert_int_equal(crl_subids_read_record(text, &spaced, &got, &others), 0);
	assert_int_equal(got.first, r.first);
	assert_int_equal(crl_subids_read_record(CRL_IDS_RECORD, &one, &got, &others), 0);
	assert_int_equal(got.count, 0);
	assert_int_equal(crl_subids_read_record("", &one, &got, &others), -EBADMSG);
	assert_int_equal(crl_subids_read_record(CRL_IDS_RECORD "1\n", &one, &got, &others), -EBADMSG);
	assert_int_equal(crl_subids_read_record(CRL_IDS_RECORD "1 x\n", &one, &got, &others), -EBADMSG);
	assert_int_equal(crl_subids_read_record(CRL_IDS_RECORD "1 0\n", &one, &got, &others), -EBADMSG);
	assert_int_equal(crl_subids_read_record(CRL_IDS_RECORD "1 4294967295\n", &one, &got, &others), -EBADMSG);
}

static void expect_map(enum crl_own_user mode, uint32_t id, const char *want)
{
	const struct crl_subid_range r = {100000, EACH};
	char text[CRL_ID_MAP_TEXT];
	struct crl_subid_map m;

	crl_subid_map_make(mode, id, &r, &m);
	assert_int_equal(crl_subid_map_print(&m, text), strlen(want));
	assert_string_equal(text, want);
	for (uint32_t inside = 0, out, in; inside < EACH; inside += 997) {
		assert_true(crl_subid_map_out(&m, inside, &out));
		assert_true(crl_subid_map_in(&m, out, &in));
		assert_int_equal(in, inside);
	}
	assert_true(crl_subid_map_in(&m, id, &(uint32_t){0}));
	assert_false(crl_subid_map_in(&m, 99999, &(uint32_t){0}));
	assert_false(crl_subid_map_in(&m, 200000, &(uint32_t){0}));
}

static void test_maps(void **state)
{
	const struct crl_subid_range r = {100000, EACH};
	struct crl_subid_map m;
	uint32_t out;

	(void)state;
	expect_map(CRL_USER_OWN, 1000, "0 100000 1000\n1000 1000 1\n1001 101001 64535\n");
	expect_map(CRL_USER_OWN, 70000, "0 100000 65536\n70000 70000 1\n");
	expect_map(CRL_USER_OWN, 65535, "0 100000 65535\n65535 65535 1\n");
	expect_map(CRL_USER_OWN, 1, "0 100000 1\n1 1 1\n2 100002 65534\n");
	expect_map(CRL_USER_ROOT, 1000, "0 1000 1\n1 100001 65535\n");
	expect_map(CRL_USER_ROOT, 4294967293u, "0 4294967293 1\n1 100001 65535\n");
	crl_subid_map_make(CRL_USER_OWN, 1000, &r, &m);
	assert_true(crl_subid_map_out(&m, 0, &out));
	assert_int_equal(out, 100000);
	assert_true(crl_subid_map_out(&m, 1000, &out));
	assert_int_equal(out, 1000);
	assert_true(crl_subid_map_out(&m, 65534, &out));
	assert_int_equal(out, 165534);
	assert_false(crl_subid_map_out(&m, 65536, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subids), cmocka_unit_test(test_odd_lines), cmocka_unit_test(test_meet),
		cmocka_unit_test(test_allot),  cmocka_unit_test(test_accounts),  cmocka_unit_test(test_record),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
