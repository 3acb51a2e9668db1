// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "ctl/print/when.h"

#define NOW 1795860000 /* Sat 2026-11-28 10:00 in UTC */

static void is(const char *text, const char *want)
{
	char found[40] = "refused";
	struct tm tm;
	time_t t;

	if (ctl_parse_when(text, NOW, &t) == 0 && gmtime_r(&t, &tm))
		(void)strftime(found, sizeof(found), "%a %F %R", &tm);
	if (strcmp(found, want) != 0)
		fail_msg("\"%s\": %s, expected %s", text, found, want);
}

static void test_when(void **state)
{
	(void)state;
	is("22:30", "Sat 2026-11-28 22:30");
	is("00:00", "Sat 2026-11-28 00:00");
	is("Sat 08:00", "Sat 2026-11-28 08:00");
	is("sun 08:00", "Sun 2026-11-29 08:00");
	is("Thu 23:59", "Thu 2026-12-03 23:59"); /* over the end of the month */
	is("2027-02-28 12:00", "Sun 2027-02-28 12:00");
	is("2027-02-28T12:00", "Sun 2027-02-28 12:00");
	static const char *const bad[] = {"",
					  "Sat",
					  "24:00",
					  "1:00",
					  "12:60",
					  "12:00 ",
					  "Sat12:00",
					  "Xyz 12:00",
					  "2027-02-30 12:00",
					  "2027-2-3 12:00",
					  "2027-02-03",
					  "-1:00",
					  "now",
					  "2027-02-03_12:00",
					  "Sat  12:00",
					  "2027-13-01 12:00"};
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		is(bad[i], "refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
