// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/procstat.h"
#include "plan/limits/counts.h"
#include "state/rooms/room_text.h"

static int parse(const char *text, struct crl_room_info *ret)
{
	char buf[2048];

	(void)snprintf(buf, sizeof(buf), "%s", text);
	return crl_room_parse("abc", buf, ret);
}

static void test_record(void **state)
{
	struct crl_room_info r;

	(void)state;
	assert_int_equal(
		parse("version=1\nroom=abc234\npolicy=student\nslice=carrel.slice/user-7.slice\nsupervisor=1 5\n"
		      "cgroup_root=/sys/fs/cgroup/a part\n"
		      "adopt=5f c3 200 0 1 1 0\nfilter=0123456789abcdef.bpf\n"
		      "init=99\nlogin=abc234 7 1 42 since=1700000000 user=an%20n%1B%5B service=sshd tty=ssh "
		      "rhost=192.0.2.1 base=1,-,18446744073709551615,4\n"
		      "login=xyz 7 0 0 since=5 user=%%%4 service= tty= rhost=\nfuture=thing\n",
		      &r),
		0);
	assert_string_equal(r.id, "abc234");
	assert_string_equal(r.policy, "student");
	assert_int_equal(r.adopt.ns_mask, 0x5f);
	assert_int_equal(r.adopt.securebits, 0xc3);
	assert_int_equal(r.adopt.cap_bounding, 0x200);
	assert_int_equal(r.adopt.no_new_privs, 1);
	assert_string_equal(r.filter, "0123456789abcdef.bpf");
	assert_string_equal(r.slice, "carrel.slice/user-7.slice");
	assert_string_equal(r.cgroup_root, "/sys/fs/cgroup/a part");
	assert_int_equal(r.init, 99);
	assert_true(r.stale); /* process 1 did not start in tick 5 */
	assert_int_equal(r.logins, 2);
	assert_int_equal(r.login[0].pid, 42);
	assert_true(r.login[0].cgroup);
	assert_int_equal(r.login[0].since, 1700000000);
	assert_string_equal(r.login[0].user, "an n\033[");
	assert_string_equal(r.login[0].rhost, "192.0.2.1");
	assert_int_equal(r.login[0].base.n[0], 1);
	assert_true(r.login[0].base.n[1] == CRL_COUNT_UNKNOWN);
	assert_true(r.login[0].base.n[2] == CRL_COUNT_UNKNOWN); /* no number, and what follows is not believed */
	assert_true(r.login[0].base.n[3] == CRL_COUNT_UNKNOWN);
	assert_true(r.login[1].base.n[0] == CRL_COUNT_UNKNOWN);
	assert_string_equal(r.login[1].user, "%%%4"); /* no escape of ours: as it stands */
	assert_string_equal(r.login[1].tty, "");
	/* Of a version that did not write whose room it is. */
	assert_int_equal(r.uid, 7);
	assert_string_equal(r.user, "an n\033[");
	assert_int_equal(r.since, 1700000000);
	assert_true(r.gid == CRL_UID_UNKNOWN);
	assert_string_equal(r.home, "");
	assert_int_equal(r.until, 0);
	assert_int_equal(r.grace_s, -1);
	crl_room_info_done(&r);
}

/* A room is its user's with and without logins. */
static void test_without_logins(void **state)
{
	struct crl_room_info r;

	(void)state;
	assert_int_equal(
		parse("version=1\nroom=abc234\npolicy=dev\nslice=\nsupervisor=1 5\ninit=9\nuid=7\ngid=8\n"
		      "user=an%20n\nhome=/home/an%0An\nsince=1700000000\nuntil=1700000600\nlinger=600\ngrace=0\n",
		      &r),
		0);
	assert_int_equal(r.uid, 7);
	assert_int_equal(r.gid, 8);
	assert_string_equal(r.user, "an n");
	assert_string_equal(r.home, "/home/an\nn");
	assert_int_equal(r.since, 1700000000);
	assert_int_equal(r.until, 1700000600);
	assert_int_equal(r.linger_s, 600);
	assert_int_equal(r.grace_s, 0);
	assert_int_equal(r.logins, 0);
	crl_room_info_done(&r);
}

static void test_alive(void **state)
{
	struct crl_room_info r;
	char text[200];

	(void)state;
	(void)snprintf(text, sizeof(text), "room=a\nsupervisor=%d %llu\n", (int)getpid(),
		       (unsigned long long)crl_process_start(getpid()));
	assert_int_equal(parse(text, &r), 0);
	assert_false(r.stale);
	assert_int_equal(r.logins, 0);
	crl_room_info_done(&r);
}

static void test_no_record(void **state)
{
	static const char *const bad[] = {"",
					  "x",
					  "room=a\n",
					  "supervisor=1 2\n",
					  "room=a\nsupervisor=x\n",
					  "room=a\nsupervisor=1 2\nlogin=\n",
					  "room=a\nsupervisor=1 2\nlogin=A 1 1 1\n",
					  "room=a\nsupervisor=-1 2\n"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		struct crl_room_info r;

		assert_int_equal(parse(bad[i], &r), -EBADMSG);
		assert_null(r.login);
	}
}

/* A text that does not fit its field is not cut. */
static void test_too_long(void **state)
{
	static const char *const head[] = {"policy=", "slice=", "filter=", "user=", "home=", "login=abc 7 1 42 rhost="};
	struct crl_room_info r;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(head); i++) {
		char text[8192];
		int n = snprintf(text, sizeof(text), "room=a\nsupervisor=1 2\n%s", head[i]);

		memset(text + n, 'x', sizeof(text) - 1 - (size_t)n);
		text[sizeof(text) - 1] = '\0';
		if (crl_room_parse("abc", text, &r) != -EBADMSG)
			fail_msg("%s was cut", head[i]);
		assert_null(r.login);
	}
}

static void test_no_directory(void **state)
{
	struct crl_rooms rooms;

	(void)state;
	assert_int_equal(crl_rooms_read("/nonexistent", &rooms, NULL), 0);
	assert_int_equal(rooms.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),   cmocka_unit_test(test_without_logins),
		cmocka_unit_test(test_alive),    cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
