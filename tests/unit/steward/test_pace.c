// SPDX-License-Identifier: Apache-2.0
/* helper/steward/pace.c: what users can have the steward do, counted, by a clock of the test's. */
#include "helper/steward/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)
#define LOOK_MS 5
#define LATER_MS 2000 /* after an event, as in follow.c */
#define ROOMS 300 /* more than get their turn in that time */

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

struct room {
	int64_t when_ms;
	int64_t looks;
};

/* Whoever was looked at is the first of the list again when something happens: as follow.c has it. */
static void look_at_next(struct crl_pace *p, struct room **list, int rooms, int64_t *now)
{
	int next = 0;
	struct room *r;

	for (int i = 1; i < rooms; i++)
		if (crl_pace_is_before(crl_pace_due(p, list[i]->when_ms), list[i]->when_ms,
				       crl_pace_due(p, list[next]->when_ms), list[next]->when_ms))
			next = i;
	r = list[next];
	if (*now < crl_pace_due(p, r->when_ms))
		*now = crl_pace_due(p, r->when_ms);
	*now += LOOK_MS;
	crl_pace_spend(p, *now, LOOK_MS);
	r->looks++;
	r->when_ms = *now + LATER_MS;
	for (; next > 0; next--)
		list[next] = list[next - 1];
	list[0] = r;
}

/* keeps: helper/steward/pace R2 */
static void test_no_room_is_left_out(void **state)
{
	static struct room room[ROOMS];
	static struct room *list[ROOMS];
	struct crl_pace p = {0};
	int64_t now = HOUR_MS;

	(void)state;
	for (int i = 0; i < ROOMS; i++) {
		room[i] = (struct room){.when_ms = now};
		list[i] = &room[i];
	}
	while (now < 2 * HOUR_MS)
		look_at_next(&p, list, ROOMS, &now);
	for (int i = 1; i < ROOMS; i++)
		assert_in_range(room[i].looks, room[0].looks - 1, room[0].looks + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_loop_gets_a_tenth),
		cmocka_unit_test(test_one_change_is_seen_in_a_thousand_rooms_at_once),
		cmocka_unit_test(test_what_is_not_used_is_not_saved_for_ever),
		cmocka_unit_test(test_the_shortest_look_costs),
		cmocka_unit_test(test_no_room_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
