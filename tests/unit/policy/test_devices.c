// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/err.h"
#include "policy/devices.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} kase[] = {
		{"/dev/nvidia*", true},    {"/dev/nvidia[0-9]", true},
		{"/dev/dri/*", true},      {"/dev/dri/card?", true},
		{"/dev/fuse", true},       {"/dev/infiniband/uverbs*", true},
		{"/dev/sda", true},        {"/dev", false},
		{"/dev/", false},          {"/dev/*", false},
		{"/dev/?", false},         {"/dev/[a-z]*", false},
		{"/dev/*/card0", false},   {"/dev/dri/../mem", false},
		{"/dev//mem", false},      {"/devices/x", false},
		{"/etc/shadow", false},    {"dev/fuse", false},
		{"/dev/nvidia\\*", false}, {"/dev/pts/*", false},
		{"/dev/shm/x", false},     {"/dev/null", false},
		{"/dev/console", false},   {"", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		if ((crl_devices_fault(kase[i].text) == NULL) != kase[i].good)
			fail_msg("%s: %s", kase[i].text, crl_devices_fault(kase[i].text) ?: "no fault");
	assert_true(crl_devices_is_exact("/dev/fuse"));
	assert_false(crl_devices_is_exact("/dev/nvidia[01]"));
}

/* keeps: policy/devices R1 */
static void test_peril(void **state)
{
	static const struct {
		mode_t kind;
		unsigned int major, minor;
		const char *path;
		bool peril;
	} kase[] = {
		{S_IFCHR, 1, 1, "mem", true},
		{S_IFCHR, 1, 2, "kmem", true},
		{S_IFCHR, 1, 4, "port", true},
		{S_IFCHR, 1, 1, "nvidia-mem", true}, /* whatever it is called */
		{S_IFCHR, 1, 11, "kmsg", true},
		{S_IFBLK, 8, 0, "sda", true},
		{S_IFBLK, 252, 3, "dm-3", true},
		{S_IFBLK, 7, 0, "loop0", true},
		{S_IFBLK, 195, 0, "nvidia-disk", true},
		{S_IFCHR, 21, 0, "sg0", true},
		{S_IFCHR, 240, 0, "nvme0", true},
		{S_IFCHR, 241, 0, "ng0n1", true},
		{S_IFCHR, 242, 0, "bsg/0:0:0:0", true},
		{S_IFCHR, 136, 0, "pts/0", true},
		{S_IFCHR, 143, 9, "x", true},
		{S_IFCHR, 4, 64, "ttyS0", true},
		{S_IFCHR, 13, 64, "input/event0", true},
		{S_IFCHR, 10, 223, "uinput", true},
		{S_IFCHR, 202, 0, "cpu/0/msr", true},
		{S_IFCHR, 229, 0, "hvc0", true},
		{S_IFCHR, 243, 0, "watchdog0", true}, /* beside "watchdog", which has a number of its own */
		{S_IFCHR, 244, 0, "hidraw3", true},
		{S_IFCHR, 245, 1, "usbmon1", true},
		{S_IFCHR, 195, 0, "nvidia0", false},
		{S_IFCHR, 226, 0, "dri/card0", false},
		{S_IFCHR, 10, 229, "fuse", false},
		{S_IFCHR, 10, 232, "kvm", false},
		{S_IFCHR, 231, 192, "infiniband/uverbs0", false},
		{S_IFCHR, 116, 1, "snd/seq", false},
		{S_IFCHR, 1, 3, "null", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		if ((crl_devices_peril(kase[i].kind, makedev(kase[i].major, kase[i].minor), kase[i].path) != NULL) !=
		    kase[i].peril)
			fail_msg("%s", kase[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_peril),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
