// SPDX-License-Identifier: Apache-2.0
/* How often something may be done, by a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/scope.h"
#include "helper/listener/rate.h"
#include "tests/unit/scratch.h"

static const struct crl_rate_rule rule = {3, 6}; /* one in ten seconds comes back */

static unsigned int takes(struct crl_rate *r, unsigned int tries, int64_t now_ms)
{
	unsigned int n = 0;

	while (tries-- > 0)
		n += crl_rate_take(r, &rule, now_ms);
	return n;
}

static void test_burst(void **state)
{
	struct crl_rate r = {0};

	(void)state;
	assert_int_equal(takes(&r, 100, 5000), 3);
	assert_int_equal(r.refused, 97);
	assert_int_equal(takes(&r, 100, 14999), 0);
	assert_int_equal(takes(&r, 100, 15000), 1);
	assert_int_equal(takes(&r, 100, 15001), 0);
}

/* What is asked for often comes back as often as what is asked for seldom. */
static void test_fractions(void **state)
{
	struct crl_rate r = {0};
	unsigned int n = takes(&r, 3, 0);

	(void)state;
	for (int64_t now = 1; now <= 60000; now += 7)
		n += takes(&r, 1, now);
	assert_int_equal(n, 3 + 5);
	assert_int_equal(takes(&r, 1, 60001), 1);
}

static void test_no_more_than_the_burst(void **state)
{
	struct crl_rate r = {0};

	(void)state;
	assert_int_equal(takes(&r, 5, 0), 3);
	assert_int_equal(takes(&r, 5, 3600000), 3);
	assert_int_equal(takes(&r, 5, INT64_MAX / 2), 3);
}

static void test_clock_that_goes_back(void **state)
{
	struct crl_rate r = {0};

	(void)state;
	assert_int_equal(takes(&r, 5, 100000), 3);
	assert_int_equal(takes(&r, 5, 0), 0);
	assert_int_equal(takes(&r, 5, 110000), 1);
}

/* keeps: helper/listener/told R1 */
static void test_shared(void **state)
{
	scoped_fd dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC), held = -EBADF;
	unsigned int n = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		n += crl_rate_take_shared(dir, "one", &rule, 5000);
	assert_int_equal(n, 3);
	assert_true(crl_rate_take_shared(dir, "two", &rule, 5000));
	assert_true(crl_rate_take_shared(dir, "one", &rule, 15000));
	assert_false(crl_rate_take_shared(dir, "one", &rule, 15000));
	assert_true(crl_rate_take_shared(dir, "one", &rule, 14000)); /* the file is of another boot */
	write_file("bad", "what is this?");
	assert_true(crl_rate_take_shared(dir, "bad", &rule, 5000));
	held = open(at("two"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(held, LOCK_EX), 0);
	assert_false(crl_rate_take_shared(dir, "two", &rule, 5000)); /* nobody waits for it */
	assert_true(crl_rate_take_shared(-1, "none", &rule, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_fractions),
		cmocka_unit_test(test_no_more_than_the_burst),
		cmocka_unit_test(test_clock_that_goes_back),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
