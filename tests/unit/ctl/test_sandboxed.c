// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/host/sandboxed.h"
#include "ctl/host/unit_option.h"
#include "tests/unit/scratch.h"

static int setup(void **state)
{
	static const char *const dirs[] = {
		"7",
		"8",
		"etc",
		"etc/systemd",
		"etc/systemd/system",
		"etc/systemd/system/ssh.service.d",
		"run",
		"run/systemd",
		"run/systemd/system",
		"run/systemd/system/ssh.service.d",
		"lib",
		"lib/systemd",
		"lib/systemd/system",
		"lib/systemd/system/service.d",
		"lib/systemd/system/ssh@.service.d",
	};

	if (scratch_make(state))
		return -1;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++)
		if (mkdir(at(dirs[i]), 0755))
			return -1;
	return 0;
}

static void test_a_process(void **state)
{
	struct ctl_sandboxed s;

	(void)state;
	write_file("7/status",
		   "Name:\tsshd\nCapInh:\t0000000000000000\nCapBnd:\t000001fef7ffffdf\nNoNewPrivs:\t0\nSeccomp:\t2\n");
	write_file("7/limits", "Limit                     Soft Limit           Hard Limit           Units\n"
			       "Max open files            24                   524288               files\n");
	write_file("7/cgroup", "1:name=systemd:/other.slice\n0::/system.slice/ssh.service/sub\n");
	assert_int_equal(ctl_sandboxed_read(scratch, 7, &s), 0);
	assert_true(s.lost >> CAP_KILL & 1);
	assert_true(s.lost >> CAP_MKNOD & 1);
	assert_false(s.lost >> CAP_SYS_ADMIN & 1);
	assert_true(s.filter);
	assert_int_equal(s.nofile, 24);
	assert_string_equal(s.unit, "ssh.service");
	write_file("8/status", "CapBnd:\t000001ffffffffff\nSeccomp:\t0\n");
	write_file("8/cgroup",
		   "12:pids:/user.slice/x.service\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n");
	assert_int_equal(ctl_sandboxed_read(scratch, 8, &s), 0);
	assert_false(s.lost & 0xff);
	assert_false(s.filter);
	assert_true(s.nofile == UINT64_MAX);
	assert_string_equal(s.unit, "");
	assert_int_equal(ctl_sandboxed_read(scratch, 9, &s), -ENOENT);
}

static void test_mounts(void **state)
{
	(void)state;
	write_file("7/mountinfo", "1 0 8:1 / / ro,relatime - ext4 /dev/sda1 rw\n"
				  "2 1 0:5 / /run rw,nosuid,noexec shared:3 - tmpfs tmpfs rw,size=1k\n"
				  "3 1 8:1 /home /home rw - ext4 /dev/sda1 rw\n"
				  "4 3 8:1 /home /home ro - ext4 /dev/sda1 rw\n"
				  "5 1 8:2 / /srv rw - ext4 /dev/sdb1 ro,errors=continue\n"
				  "6 1 8:2 / /runner ro - ext4 /dev/sdb1 rw\n");
	assert_true(ctl_sandboxed_is_read_only(scratch, 7, "/etc/carrel"));
	assert_false(ctl_sandboxed_is_read_only(scratch, 7, "/run/carrel"));
	assert_false(ctl_sandboxed_is_read_only(scratch, 7, "/run"));
	assert_true(ctl_sandboxed_is_read_only(scratch, 7, "/home")); /* the later one lies on top */
	assert_true(ctl_sandboxed_is_read_only(scratch, 7, "/srv/x"));
	assert_true(ctl_sandboxed_is_read_only(scratch, 7, "/runner/x"));
	assert_true(ctl_sandboxed_is_noexec(scratch, 7, "/run/x"));
	assert_false(ctl_sandboxed_is_noexec(scratch, 7, "/usr/libexec"));
	assert_false(ctl_sandboxed_is_read_only(scratch, 9, "/"));
}

static void is_at(const char *unit, const char *option, const char *file, int line, const char *value)
{
	struct ctl_unit_option o;

	assert_true(ctl_unit_option_find(scratch, unit, option, &o));
	assert_string_equal(o.file, file);
	assert_int_equal(o.line, line);
	assert_string_equal(o.value, value);
}

static void test_options(void **state)
{
	struct ctl_unit_option o;

	(void)state;
	write_file("lib/systemd/system/ssh.service", "[Service]\nProtectClock=yes\nProtectHome=read-only\n");
	is_at("ssh.service", "ProtectClock", "/lib/systemd/system/ssh.service", 2, "yes");
	assert_false(ctl_unit_option_find(scratch, "ssh.service", "Protect", &o));
	assert_false(ctl_unit_option_find(scratch, "cron.service", "ProtectClock", &o));
	/* Drop-ins in the order of their names, whatever directory they are in. */
	write_file("run/systemd/system/ssh.service.d/50-b.conf", "[Service]\nProtectClock=no\n");
	assert_false(ctl_unit_option_find(scratch, "ssh.service", "ProtectClock", &o));
	write_file("etc/systemd/system/ssh.service.d/60-c.conf",
		   "[Service]\n#ProtectClock=no\n\tProtectClock = on  \r\n");
	is_at("ssh.service", "ProtectClock", "/etc/systemd/system/ssh.service.d/60-c.conf", 3, "on");
	write_file("etc/systemd/system/ssh.service.d/50-b.conf",
		   "[Service]\nProtectClock=1\n"); /* hides that of /run */
	write_file("etc/systemd/system/ssh.service.d/60-c.conf", "");
	is_at("ssh.service", "ProtectClock", "/etc/systemd/system/ssh.service.d/50-b.conf", 2, "1");
	write_file("etc/systemd/system/ssh.service.d/ignored", "ProtectHome=no\n");
	is_at("ssh.service", "ProtectHome", "/lib/systemd/system/ssh.service", 3, "read-only");
	/* A unit of /etc hides that of /lib; drop-ins for all services; instances. */
	write_file("etc/systemd/system/ssh.service", "[Service]\n");
	assert_false(ctl_unit_option_find(scratch, "ssh.service", "ProtectHome", &o));
	write_file("lib/systemd/system/service.d/10-all.conf", "RestrictSUIDSGID=true\n");
	is_at("cron.service", "RestrictSUIDSGID", "/lib/systemd/system/service.d/10-all.conf", 1, "true");
	write_file("lib/systemd/system/ssh@.service", "PrivateDevices=yes\n");
	is_at("ssh@3.service", "PrivateDevices", "/lib/systemd/system/ssh@.service", 1, "yes");
	write_file("lib/systemd/system/ssh@.service.d/x.conf", "PrivateDevices=\n");
	assert_false(ctl_unit_option_find(scratch, "ssh@3.service", "PrivateDevices", &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, setup, scratch_remove);
}
