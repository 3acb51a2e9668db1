// SPDX-License-Identifier: Apache-2.0
/*
 * The namespace table.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "tests/unit/scratch.h"

static void every_kind_is_whole_and_known_to_the_kernel(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		const struct crl_nskind *k = &crl_nskinds[ns];
		char path[64];

		assert_int_equal(crl_ns_by_name(k->name), ns);
		assert_int_equal(seen & k->clone_flag, 0);
		seen |= k->clone_flag;
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", k->proc_name);
		assert_int_equal(access(path, F_OK), 0);
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", k->init_name);
		assert_int_equal(access(path, F_OK), 0);
	}
	assert_int_equal(crl_ns_by_name("mnt"), CRL_NS_COUNT);
	assert_int_equal(crl_ns_by_name(""), CRL_NS_COUNT);
}

static void masks_become_flags(void **state)
{
	(void)state;
	assert_int_equal(crl_ns_clone_flags(0), 0);
	assert_int_equal(crl_ns_clone_flags(CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_NET)),
			 CLONE_NEWNS | CLONE_NEWNET);
	assert_int_equal(crl_ns_clone_flags(1u << 31), 0);
}

static void what_a_kernel_has_not_is_named_with_its_option(void **state)
{
	const uint32_t mask = CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID) | CRL_NS_BIT(CRL_NS_IPC);
	char text[80];

	(void)state;
	write_file("mnt", "");
	write_file("ipc", "");
	assert_int_equal(crl_ns_absent(scratch, mask), CRL_NS_BIT(CRL_NS_PID));
	assert_string_equal(crl_ns_absent_text(CRL_NS_BIT(CRL_NS_PID), text, sizeof(text)),
			    ": this kernel has no pid namespaces (CONFIG_PID_NS)");
	assert_int_equal(crl_ns_absent(scratch, CRL_NS_BIT(CRL_NS_IPC)), 0);
	assert_string_equal(crl_ns_absent_text(0, text, sizeof(text)), "");
	assert_int_equal(crl_ns_absent("/proc/self/ns", mask), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_whole_and_known_to_the_kernel),
		cmocka_unit_test(masks_become_flags),
		cmocka_unit_test(what_a_kernel_has_not_is_named_with_its_option),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
