// SPDX-License-Identifier: Apache-2.0
/* Numbers and states as people read them; see units.h. */
#include "ctl/print/units.h"

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
		(void)snprintf(buf, CTL_UNIT_TEXT, "%" PRIu64 ":%02" PRIu64 ".%02" PRIu64, us / 60000000,
			       us / 1000000 % 60, us / 10000 % 100);
	return buf;
}

const char *ctl_state_name(enum ctl_state state)
{
	static const char *const name[] = {"open", "left", "frozen", "stale", "lingering", "held back"};

	return name[state];
}

int ctl_parse_decimal(const char *text, size_t places, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *point = strchrnul(text, '.');
	size_t whole_len = (size_t)(point - text), part_len = *point ? strlen(point + 1) : 0;
	char whole[16], part[4] = "000";
	uint64_t value;

	if (whole_len >= sizeof(whole) || part_len > places || part_len >= sizeof(part) || (*point && part_len == 0) ||
	    strspn(point + !!*point, "0123456789") != part_len)
		return -EINVAL;
	memcpy(whole, text, whole_len);
	whole[whole_len] = '\0';
	memcpy(part, point + !!*point, part_len);
	if (crl_parse_uint(whole, 0, max / 1000, &value) < 0)
		return -EINVAL;
	value = value * 1000 + strtoul(part, NULL, 10);
	if (value < min || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}
