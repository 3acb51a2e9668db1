// SPDX-License-Identifier: Apache-2.0
/* helper/steward/pace.c: what users can have the steward do, counted, by a clock of the test's. */
#include "helper/steward/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define LOOK_MS 5

/* Somebody renames all the time, and @rooms are concerned each time. Returns how many looks there were until @end_ms. */
static int64_t count_looks(int64_t end_ms, int rooms)
{
	struct crl_pace p = {0};
	int64_t now = HOUR_MS, looks = 0;

	for (int64_t end = now + end_ms; now < end;) {
		for (int i = 0; i < rooms && now < end; i++, looks++) {
			now = crl_pace_due(&p, now) + LOOK_MS;
			crl_pace_spend(&p, now, LOOK_MS);
		}
	}
	return looks;
}

/* keeps: helper/steward/pace R1 */
static void test_a_loop_gets_a_tenth(void **state)
{
	const int64_t all = HOUR_MS / LOOK_MS, most = all / CRL_PACE_REST + CRL_PACE_SAVED_MS / CRL_PACE_REST / LOOK_MS;

	(void)state;
	for (int rooms = 1; rooms <= 1000; rooms *= 10) {
		int64_t looks = count_looks(HOUR_MS, rooms);

		assert_in_range(looks, most - most / 50, most + 1);
	}
}

static void test_one_change_is_seen_in_a_thousand_rooms_at_once(void **state)
{
	struct crl_pace p = {0};
	int64_t now = HOUR_MS;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(crl_pace_due(&p, now), now);
		now += LOOK_MS;
		crl_pace_spend(&p, now, LOOK_MS);
	}
}

static void test_what_is_not_used_is_not_saved_for_ever(void **state)
{
	struct crl_pace p = {0};

	(void)state;
	crl_pace_spend(&p, 100 * HOUR_MS, CRL_PACE_SAVED_MS / CRL_PACE_REST);
	assert_int_equal(crl_pace_due(&p, 0), 100 * HOUR_MS);
}

static void test_the_shortest_look_costs(void **state)
{
	struct crl_pace p = {.paid_ms = HOUR_MS};

	(void)state;
	crl_pace_spend(&p, HOUR_MS, 0);
	assert_int_equal(crl_pace_due(&p, HOUR_MS), HOUR_MS + CRL_PACE_REST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_loop_gets_a_tenth),
		cmocka_unit_test(test_one_change_is_seen_in_a_thousand_rooms_at_once),
		cmocka_unit_test(test_what_is_not_used_is_not_saved_for_ever),
		cmocka_unit_test(test_the_shortest_look_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
