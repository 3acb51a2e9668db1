// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/seen/shares.h"
#include "state/rooms/rooms.h"

static struct ctl_shares s;

/* keeps: ctl/seen/shares R1 */
static void test_bound(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 3 * CTL_SHARES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "user%d", i);
		ctl_shares_find(&s, name)->rooms++;
	}
	ctl_shares_find(&s, "user7")->rooms++;
	assert_int_equal(s.len, CTL_SHARES_MAX);
	assert_string_equal(s.item[7].name, "user7");
	assert_int_equal(s.item[7].rooms, 2);
	assert_string_equal(s.item[CTL_SHARES_MAX - 1].name, "other");
	assert_int_equal(s.item[CTL_SHARES_MAX - 1].rooms, 2 * CTL_SHARES_MAX + 1);
}

/* Of rooms without processes and cgroups: whose they are, and how many. */
static void test_rooms(void **state)
{
	static struct crl_room_login login[2] = {{.id = "a", .pid = 0}, {.id = "b", .pid = 0}};
	static struct crl_room_info room[] = {
		{.policy = "p", .user = "ana", .login = login, .logins = 2},
		{.policy = "q", .user = "ana"},
		{.policy = "p", .user = "bob"},
		{.policy = "p", .user = "bob", .stale = true},
	};
	const struct crl_rooms rooms = {.item = room, .len = 4};

	(void)state;
	ctl_shares_read(&rooms, CTL_BY_POLICY, &s);
	assert_int_equal(s.len, 2);
	assert_string_equal(s.item[0].name, "p");
	assert_int_equal(s.item[0].rooms, 2);
	ctl_shares_read(&rooms, CTL_BY_USER, &s);
	assert_string_equal(s.item[0].name, "ana");
	assert_int_equal(s.item[0].rooms, 2);
	assert_int_equal(s.item[1].rooms, 1);
	ctl_shares_read(&rooms, CTL_BY_NONE, &s);
	assert_int_equal(s.len, 1);
	assert_int_equal(s.item[0].rooms, 3);
	ctl_shares_read(&(struct crl_rooms){.len = 0}, CTL_BY_NONE, &s);
	assert_int_equal(s.len, 1);
	assert_int_equal(s.item[0].rooms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
