// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

#include "ctl/look/log_read.h"

#define NOW_MS 1764386129000 /* 2025-11-29 03:15:29 UTC */

static const char *message(const char *text, int64_t *ret)
{
	*ret = -1;
	return ctl_log_of_syslog(text, NOW_MS, ret);
}

static void test_syslog(void **state)
{
	int64_t when;

	(void)state;
	assert_string_equal(message("Nov 29 03:00:00 carrel[1]: event=open id=a", &when), "event=open id=a");
	assert_int_equal(when, NOW_MS - 929000);
	assert_non_null(message("Nov  9 03:00:00 host carrel[12]: event=open id=a", &when));
	assert_int_equal(when, 1762657200000);
	assert_non_null(message("Dec 24 00:00:00 host carrel[12]: event=open id=a", &when)); /* of last year */
	assert_int_equal(when, 1734998400000);
	assert_non_null(message("2025-11-29T03:15:29.5+00:00 h carrel[1]: event=close", &when));
	assert_int_equal(when, NOW_MS + 500);
	assert_non_null(message("2025-11-29T04:15:29.123456+01:00 h carrel[1]: event=close", &when));
	assert_int_equal(when, NOW_MS + 123);
	assert_non_null(message("2025-11-28T23:45:29-03:30 h carrel[1]: event=close", &when));
	assert_int_equal(when, NOW_MS);
	assert_non_null(message("2025-11-29T03:15:29Z h carrel[1]: event=close", &when));
	assert_int_equal(when, NOW_MS);
}

/* keeps: ctl/look/log_read R1 */
static void test_others(void **state)
{
	static const char *const bad[] = {
		"",
		"Nov 29",
		"Nov 29 03:00:00 host su[1]: carrel[1]: event=open id=a",
		"Nov 29 03:00:00 host x carrel[1]: event=open id=a",
		"Nov 29 03:00:00 host carrel: event=open id=a",
		"Nov 29 03:00:00 host carrel[]: event=open id=a",
		"Nov 29 03:00:00 host carrel[1x]: event=open id=a",
		"Nov 29 03:00:00 host carrel[1]:event=open id=a",
		"Nov 29 03:00:00 host carrel[1]: id=a event=open",
		"Nov 29 03:00:00 host carrel[1]: steward: event=open",
		"2025-11-29T03:15:29+1:00 h carrel[1]: event=close",
		"2025-11-29T03:15:29.1h carrel[1]: event=close",
		"2025-11-29 03:15:29 h carrel[1]: event=close",
		"x Nov 29 03:00:00 carrel[1]: event=open id=a",
	};
	int64_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(message(bad[i], &when));
}

static char seen[512];

static void see(void *arg, int64_t when_ms, const char *line)
{
	size_t len = strlen(seen);

	(void)arg;
	(void)snprintf(seen + len, sizeof(seen) - len, "[%lld|%s]", (long long)when_ms, line);
}

static int export(const char *text, size_t len)
{
	FILE *f = fmemopen((char *)(uintptr_t)text, len, "r");
	int rc;

	seen[0] = '\0';
	assert_non_null(f);
	rc = ctl_log_of_export(f, see, NULL);
	(void)fclose(f);
	return rc;
}

static void test_export(void **state)
{
	static const char two[] = "__CURSOR=s=1\n__REALTIME_TIMESTAMP=5000999\nMESSAGE=event=open id=a\n\n"
				  "MESSAGE=event=close id=a\n__REALTIME_TIMESTAMP=7000000\n\n";
	static const char cut[] = "__REALTIME_TIMESTAMP=5000999\nMESSAGE=event=open id=a\n";

	(void)state;
	assert_int_equal(export(two, sizeof(two) - 1), 0);
	assert_string_equal(seen, "[5000|event=open id=a][7000|event=close id=a]");
	assert_int_equal(export(cut, sizeof(cut) - 1), 0);
	assert_string_equal(seen, "[5000|event=open id=a]");
	assert_int_equal(export("\n", 1), 0);
	assert_int_equal(export("MESSAGE\n\5\0\0\0\0\0\0\0hello\n\n", 23), -EBADMSG);
	assert_int_equal(export("MESSAGE=cut", 11), -EBADMSG);
	assert_int_equal(export("__REALTIME_TIMESTAMP=-5\n", 24), -EBADMSG);
	assert_string_equal(seen, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syslog),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_export),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
