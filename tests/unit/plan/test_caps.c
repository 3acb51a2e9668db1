// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <linux/securebits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "plan/caps.h"

#define SOME ((1ull << CAP_CHOWN) | (1ull << CAP_SETUID))

static struct crl_adopt plan(bool trim, uint64_t bounding, uint64_t inheritable, bool nnp)
{
	struct crl_policy p = {
		.trim_caps = trim, .cap_bounding = bounding, .cap_inheritable = inheritable, .no_new_privs = nnp};
	struct crl_adopt adopt;

	memset(&adopt, 0xff, sizeof(adopt));
	crl_caps_plan(&p, &adopt);
	return adopt;
}

static void test_securebits(void **state)
{
	(void)state;
	assert_int_equal(plan(true, 0, 0, true).securebits, 195);
	assert_int_equal(plan(true, 0, 0, false).securebits, 195);
	assert_int_equal(plan(true, SOME, 0, true).securebits, 195);
	assert_int_equal(plan(true, SOME, 0, false).securebits, 192); /* sudo works: root counts */
}

/* keeps: plan/caps R1 */
static void test_never_no_setuid_fixup(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct crl_adopt a = plan(i & 1, i & 2 ? SOME : 0, 0, i & 4);

		assert_int_equal(a.securebits & (SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED), 0);
		assert_int_equal(a.securebits & SECBIT_KEEP_CAPS, 0);
	}
}

/* keeps: plan/caps R2 */
static void test_sets(void **state)
{
	struct crl_adopt a = plan(true, SOME, (1ull << CAP_CHOWN) | (1ull << CAP_SYS_ADMIN), false);

	(void)state;
	assert_int_equal(a.trim_caps, 1);
	assert_int_equal(a.no_new_privs, 0);
	assert_int_equal(a.cap_bounding, SOME);
	assert_int_equal(a.cap_inheritable, 1ull << CAP_CHOWN); /* not past the bounding set */
	assert_int_equal(plan(true, SOME, 0, true).no_new_privs, 1);
}

static struct crl_adopt plan_ambient(bool nnp, uint64_t bounding)
{
	struct crl_policy p = {.trim_caps = true,
			       .cap_bounding = bounding,
			       .cap_inheritable = 1ull << CAP_CHOWN,
			       .cap_ambient = 1ull << CAP_SETUID,
			       .no_new_privs = nnp};
	struct crl_adopt adopt = {0};

	crl_caps_plan(&p, &adopt);
	return adopt;
}

/*
 * The launcher can raise them and counts as a file; uid 0 does not.
 * keeps: plan/caps R3
 */
static void test_ambient(void **state)
{
	struct crl_adopt a = plan_ambient(true, SOME), without;

	(void)state;
	assert_int_equal(a.no_new_privs, 0);
	assert_int_equal(a.securebits, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
	assert_int_equal(a.cap_inheritable, SOME);
	assert_int_equal(a.cap_bounding, SOME);
	assert_int_equal(plan_ambient(false, SOME).securebits, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
	/* None that the bounding set has not: nothing is raised, and nothing is left open for it. */
	without = plan_ambient(true, 1ull << CAP_CHOWN);
	assert_int_equal(without.no_new_privs, 1);
	assert_int_equal(without.securebits, 195);
	assert_int_equal(without.cap_inheritable, 1ull << CAP_CHOWN);
}

static void test_left_alone(void **state)
{
	struct crl_adopt a = plan(false, SOME, SOME, true);

	(void)state;
	assert_int_equal(a.trim_caps, 0);
	assert_int_equal(a.securebits, 0);
	assert_int_equal(a.cap_bounding, 0);
	assert_int_equal(a.cap_inheritable, 0);
	assert_int_equal(a.no_new_privs, 1); /* a key of its own */
	assert_int_equal(a.ns_mask, 0xffffffff);
	assert_int_equal((unsigned char)a.id[0], 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_securebits), cmocka_unit_test(test_never_no_setuid_fixup),
		cmocka_unit_test(test_sets),       cmocka_unit_test(test_ambient),
		cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests_name("plan/caps", tests, NULL, NULL);
}
