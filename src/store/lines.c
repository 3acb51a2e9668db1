// SPDX-License-Identifier: Apache-2.0
/* See lines.h. */
#include "store/lines.h"

#include <string.h>

#include "base/parse.h"

bool crl_line_take(const char **text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	const char *value, *end;

	if (strncmp(*text, key, len) != 0 || (*text)[len] != '=')
		return false;
	value = *text + len + 1;
	end = strchr(value, '\n');
	if (!end || end == value || (size_t)(end - value) >= size)
		return false;
	for (const char *p = value; p < end; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	memcpy(buf, value, (size_t)(end - value));
	buf[end - value] = '\0';
	*text = end + 1;
	return true;
}

bool crl_line_take_number(const char **text, const char *key, uint64_t max, uint64_t *ret)
{
	char value[24];

	return crl_line_take(text, key, value, sizeof(value)) && crl_parse_uint(value, 0, max, ret) == 0;
}
