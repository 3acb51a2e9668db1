// SPDX-License-Identifier: Apache-2.0
/* See when.h. */
#include "ctl/print/when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static int day_of(const char *text)
{
	for (int i = 0; i < 7; i++)
		if (strncasecmp(text, days[i], 3) == 0 && text[3] == ' ')
			return i;
	return -1;
}

/* Exactly "HH:MM". */
static bool read_clock(const char *text, struct tm *tm)
{
	int end = 0;

	if (strlen(text) != 5 || strspn(text, "0123456789:") != 5 ||
	    sscanf(text, "%2d:%2d%n", &tm->tm_hour, &tm->tm_min, &end) != 2)
		return false;
	tm->tm_sec = 0;
	return end == 5 && tm->tm_hour < 24 && tm->tm_min < 60;
}

/* Exactly "YYYY-MM-DD", with a blank or T behind it. */
static bool read_date(const char *text, struct tm *tm)
{
	int end = 0;

	if (strlen(text) < 11 || strspn(text, "0123456789-") != 10 || !strchr(" T", text[10]) ||
	    sscanf(text, "%4d-%2d-%2d%n", &tm->tm_year, &tm->tm_mon, &tm->tm_mday, &end) != 3 || end != 10)
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return true;
}

int ctl_parse_when(const char *text, time_t now, time_t *ret)
{
	int day = day_of(text);
	struct tm tm, meant;

	if (!localtime_r(&now, &tm))
		return -EINVAL;
	if (day >= 0) {
		tm.tm_mday += (day - tm.tm_wday + 7) % 7;
		text += 4;
	} else if (read_date(text, &tm)) {
		text += 11;
	}
	if (!read_clock(text, &tm))
		return -EINVAL;
	tm.tm_isdst = -1;
	meant = tm;
	*ret = mktime(&tm);
	/* The 31st of April is the 1st of May to mktime(). A day that was counted on may well be in the next month. */
	return *ret == (time_t)-1 || (day < 0 && (tm.tm_mday != meant.tm_mday || tm.tm_mon != meant.tm_mon)) ? -EINVAL
													     : 0;
}
