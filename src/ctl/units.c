// SPDX-License-Identifier: Apache-2.0
/* Numbers and states as people read them; see units.h. */
#include "ctl/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

const char *ctl_text_size(uint64_t bytes, char buf[CTL_UNIT_TEXT])
{
	static const char unit[] = "BKMGTPE";
	double value = (double)bytes;
	size_t i = 0;

	buf[0] = '\0';
	if (bytes == UINT64_MAX)
		return buf;
	for (; value >= 1024 && unit[i + 1]; i++)
		value /= 1024;
	(void)snprintf(buf, CTL_UNIT_TEXT, value < 10 && i > 0 ? "%.1f%c" : "%.0f%c", value, unit[i]);
	return buf;
}

const char *ctl_text_cpu(uint64_t us, char buf[CTL_UNIT_TEXT])
{
	buf[0] = '\0';
	if (us != UINT64_MAX)
		(void)snprintf(buf, CTL_UNIT_TEXT, "%" PRIu64 ":%02" PRIu64 ".%02" PRIu64, us / 60000000, us / 1000000 % 60,
			       us / 10000 % 100);
	return buf;
}

const char *ctl_state_name(enum ctl_state state)
{
	static const char *const name[] = {"open", "left", "frozen", "stale"};

	return name[state];
}

int ctl_parse_interval(const char *text, unsigned int *ret_ms)
{
	const char *point = strchr(text, '.');
	size_t digits = point ? strlen(point + 1) : 0;
	char whole[8], part[8] = "000";
	uint64_t seconds, ms;

	if (strlen(text) >= sizeof(whole) || digits > 3 || (point && digits == 0))
		return -EINVAL;
	(void)snprintf(whole, sizeof(whole), "%.*s", point ? (int)(point - text) : (int)strlen(text), text);
	if (point)
		(void)memcpy(part, point + 1, digits);
	if (part[strspn(part, "0123456789")] != '\0' || crl_parse_uint(whole, 0, 60, &seconds) < 0)
		return -EINVAL;
	ms = seconds * 1000 + strtoul(part, NULL, 10);
	if (ms < 500 || ms > 60000)
		return -EINVAL;
	*ret_ms = (unsigned int)ms;
	return 0;
}
