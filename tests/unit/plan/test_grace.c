// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "base/procstat.h"
#include "plan/grace.h"

#define T 1000000 /* when it begins */

static void test_each_step_once_in_order(void **state)
{
	static const enum crl_grace_step step[] = {CRL_GRACE_CUT, CRL_GRACE_HANG_UP, CRL_GRACE_TERMINATE,
						   CRL_GRACE_INSIST};
	struct crl_grace g = crl_grace_begin(T, 2000);

	(void)state;
	for (int quarter = 0; quarter < 4; quarter++) {
		assert_int_equal(crl_grace_next(&g, T + quarter * 500), step[quarter]);
		for (int ms = 0; ms < 500; ms++)
			assert_int_equal(crl_grace_next(&g, T + quarter * 500 + ms), CRL_GRACE_WAIT);
	}
	assert_int_equal(crl_grace_next(&g, T + 2000), CRL_GRACE_OVER);
	assert_int_equal(crl_grace_next(&g, T + 2001), CRL_GRACE_OVER);
}

/* A supervisor that was held up: one step after the other, but none to those that are killed in the same moment. */
static void test_late(void **state)
{
	struct crl_grace g = crl_grace_begin(T, 2000);

	(void)state;
	assert_int_equal(crl_grace_next(&g, T + 1400), CRL_GRACE_CUT);
	assert_int_equal(crl_grace_next(&g, T + 1400), CRL_GRACE_HANG_UP);
	assert_int_equal(crl_grace_next(&g, T + 1400), CRL_GRACE_TERMINATE);
	assert_int_equal(crl_grace_next(&g, T + 1400), CRL_GRACE_WAIT);
	g = crl_grace_begin(T, 2000);
	assert_int_equal(crl_grace_next(&g, T + 5000), CRL_GRACE_OVER);
}

/* Whatever a process is, it gets SIGHUP once at the most from us, and none beside the kernel's of its terminal. */
static void test_who_gets_what(void **state)
{
	static const struct crl_procstat line = {.state = 'S', .parent = 7}, job = {.state = 'T', .parent = 1},
					 shell = {.state = 'S', .parent = 9, .has_tty = true},
					 su_shell = {.state = 'S', .parent = 7, .has_tty = true},
					 dead = {.state = 'Z', .parent = 7};
	static const struct {
		enum crl_grace_step step;
		int line, shell, job, su_shell;
	} want[] = {{CRL_GRACE_CUT, SIGHUP, 0, 0, SIGHUP},
		    {CRL_GRACE_HANG_UP, 0, 0, SIGHUP, 0},
		    {CRL_GRACE_TERMINATE, SIGTERM, 0, SIGTERM, 0},
		    {CRL_GRACE_INSIST, 0, SIGHUP, 0, SIGHUP},
		    {CRL_GRACE_OVER, 0, 0, 0, 0},
		    {CRL_GRACE_WAIT, 0, 0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(crl_grace_signal(want[i].step, &line, 7), want[i].line);
		assert_int_equal(crl_grace_signal(want[i].step, &shell, 7), want[i].shell);
		assert_int_equal(crl_grace_signal(want[i].step, &job, 7), want[i].job);
		assert_int_equal(crl_grace_signal(want[i].step, &su_shell, 7), want[i].su_shell);
		assert_int_equal(crl_grace_signal(want[i].step, &dead, 7), 0);
	}
	assert_int_equal(crl_grace_signal((enum crl_grace_step)99, &line, 7), 0);
}

static void test_none(void **state)
{
	struct crl_grace g = crl_grace_begin(T, 0);

	(void)state;
	assert_int_equal(crl_grace_next(&g, T), CRL_GRACE_OVER);
	g = crl_grace_begin(T, -1);
	assert_int_equal(crl_grace_next(&g, T), CRL_GRACE_OVER);
}

/* Who sleeps as told meets every step on time, looks often at first and never spins. */
static void test_pauses(void **state)
{
	static const int64_t length[] = {1, 2, 7, 1000, 2000, 30000};

	(void)state;
	for (size_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		struct crl_grace g = crl_grace_begin(T, length[i]);
		int64_t now = T, pause;
		enum crl_grace_step step;
		int looks = 0;

		while ((step = crl_grace_next(&g, now)) != CRL_GRACE_OVER) {
			if (step == CRL_GRACE_TERMINATE)
				assert_int_equal(now, T + length[i] / 2);
			pause = crl_grace_pause_ms(&g, now);
			assert_in_range(pause, 1, 20);
			assert_true(now - T > 8 || pause == 1);
			now += step == CRL_GRACE_WAIT ? pause : 0;
			assert_true(++looks < 30000);
		}
		assert_int_equal(now, T + length[i]);
		assert_in_range(crl_grace_pause_ms(&g, now), 1, 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step_once_in_order),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_who_gets_what),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
