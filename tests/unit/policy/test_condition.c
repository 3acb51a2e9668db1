// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/rules/condition.h"

static struct crl_login from(const char *rhost)
{
	struct crl_login login = {.uid = 1500, .user = "ann", .service = "sshd", .tty = "pts/3"};

	(void)snprintf(login.rhost, sizeof(login.rhost), "%s", rhost);
	return login;
}

static void test_rhost(void **state)
{
	static const struct {
		const char *text, *rhost;
		bool want;
	} kase[] = {
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.70", false},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"0.0.0.0/0", "8.8.8.8", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"192.0.2.0/24", "::ffff:192.0.2.9", true},
		{"2001:db8::/32", "2001:db8:1::", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"fe80::/10", "fe80::1%eth0", true},
		{"192.0.2.0/24", "host.example", false},
		{"192.0.2.0/24", "", false},
		{"local", "", true},
		{"local", "local", false},
		{"192.0.2.0/24", "192.0.2.1 ", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_login login = from(kase[i].rhost);

		if (crl_condition_holds(CRL_COND_RHOST, kase[i].text, &login, 0) != kase[i].want)
			fail_msg("%s for %s", kase[i].text, kase[i].rhost);
	}
}

static void test_time(void **state)
{
	static const struct {
		const char *text;
		int day, hour, minute; /* of the week that begins on Sunday, 2026-11-22 */
		bool want;
	} kase[] = {
		{"08:00-18:00", 1, 8, 0, true},           {"08:00-18:00", 1, 7, 59, false},
		{"08:00-18:00", 1, 18, 0, false},         {"Mon-Fri 08:00-18:00", 0, 12, 0, false},
		{"Mon-Fri 08:00-18:00", 5, 17, 59, true}, {"Fri-Mon 00:00-24:00", 0, 0, 0, true},
		{"Fri-Mon 00:00-24:00", 2, 12, 0, false}, {"Sat 22:00-06:00", 6, 23, 0, true},
		{"Sat 22:00-06:00", 0, 5, 59, true}, /* the night that began on Saturday */
		{"Sat 22:00-06:00", 6, 5, 0, false},      {"Sat 22:00-06:00", 0, 22, 0, false},
	};
	struct crl_login login = from("");

	(void)state;
	(void)setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		time_t now = 1795305600 + ((kase[i].day * 24 + kase[i].hour) * 60 + kase[i].minute) * 60;

		if (crl_condition_holds(CRL_COND_TIME, kase[i].text, &login, now) != kase[i].want)
			fail_msg("%s on day %d at %d:%02d", kase[i].text, kase[i].day, kase[i].hour, kase[i].minute);
	}
}

static void test_others(void **state)
{
	struct crl_login login = from("");

	(void)state;
	assert_true(crl_condition_holds(CRL_COND_UID, "1500", &login, 0));
	assert_true(crl_condition_holds(CRL_COND_UID, "1500-1500", &login, 0));
	assert_true(crl_condition_holds(CRL_COND_UID, "1000-4294967294", &login, 0));
	assert_false(crl_condition_holds(CRL_COND_UID, "1501-2000", &login, 0));
	assert_true(crl_condition_holds(CRL_COND_TTY, "pts/*", &login, 0));
	assert_true(crl_condition_holds(CRL_COND_TTY, "pts/3", &login, 0));
	assert_false(crl_condition_holds(CRL_COND_TTY, "pts", &login, 0));
	assert_false(crl_condition_holds(CRL_COND_USER, "an", &login, 0));
	assert_false(crl_condition_holds(CRL_COND_USER, "ann*", &login, 0));
}

static void test_faults(void **state)
{
	static const struct {
		enum crl_condition kind;
		const char *text;
	} bad[] = {
		{CRL_COND_USER, ""},
		{CRL_COND_UID, "x"},
		{CRL_COND_UID, "10-5"},
		{CRL_COND_UID, "-1"},
		{CRL_COND_UID, "5-"},
		{CRL_COND_UID, "4294967295"},
		{CRL_COND_RHOST, "host.example"},
		{CRL_COND_RHOST, "10.0.0.0/33"},
		{CRL_COND_RHOST, "10.1.2.3/8"},
		{CRL_COND_RHOST, "10.0.0.0/"},
		{CRL_COND_RHOST, "::/129"},
		{CRL_COND_RHOST, ""},
		{CRL_COND_RHOST, "2001:db8::1/32"},
		{CRL_COND_TTY, "/dev/tty1"},
		{CRL_COND_TIME, "8-18"},
		{CRL_COND_TIME, "08:00-08:00"},
		{CRL_COND_TIME, "25:00-26:00"},
		{CRL_COND_TIME, "08:60-18:00"},
		{CRL_COND_TIME, "Mo 08:00-18:00"},
		{CRL_COND_TIME, "Mon-Xyz 08:00-18:00"},
		{CRL_COND_TIME, "Mon-Fri"},
		{CRL_COND_TIME, " 08:00-18:00"},
		{CRL_COND_SERVICE, ""},
		{CRL_COND_GROUP, ""},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		if (!crl_condition_fault(bad[i].kind, bad[i].text))
			fail_msg("%s: \"%s\" is taken", crl_condition_name(bad[i].kind), bad[i].text);
}

static void test_covers(void **state)
{
	static const struct {
		enum crl_condition kind;
		const char *wide, *narrow;
		bool want;
	} kase[] = {
		{CRL_COND_USER, "ann", "ann", true},
		{CRL_COND_USER, "ann", "anna", false},
		{CRL_COND_GROUP, "a", "a", true},
		{CRL_COND_UID, "1000-1999", "1500", true},
		{CRL_COND_UID, "1000-1999", "1000-1999", true},
		{CRL_COND_UID, "1000-1999", "1500-2000", false},
		{CRL_COND_UID, "1000-1999", "999-1000", false},
		{CRL_COND_UID, "1500", "1500-1500", true},
		{CRL_COND_RHOST, "192.0.2.0/24", "192.0.2.7", true},
		{CRL_COND_RHOST, "192.0.2.0/24", "192.0.2.128/25", true},
		{CRL_COND_RHOST, "192.0.2.128/25", "192.0.2.0/24", false},
		{CRL_COND_RHOST, "192.0.2.0/24", "192.0.3.7", false},
		{CRL_COND_RHOST, "0.0.0.0/0", "local", false},
		{CRL_COND_RHOST, "local", "192.0.2.7", false},
		{CRL_COND_RHOST, "::/0", "2001:db8::/32", true},
		{CRL_COND_TTY, "tty*", "tty1", true},
		{CRL_COND_TTY, "tty*", "tty[12]", false},
		{CRL_COND_TTY, "*", "tty[12]", true},
		{CRL_COND_TTY, "tty1", "tty*", false},
		{CRL_COND_TIME, "08:00-18:00", "08:00-18:00", true},
		{CRL_COND_TIME, "08:00-18:00", "09:00-10:00", false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		if (crl_condition_covers(kase[i].kind, kase[i].wide, kase[i].narrow) != kase[i].want)
			fail_msg("%s and %s", kase[i].wide, kase[i].narrow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rhost),  cmocka_unit_test(test_time),   cmocka_unit_test(test_others),
		cmocka_unit_test(test_faults), cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
