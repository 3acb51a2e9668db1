// SPDX-License-Identifier: Apache-2.0
/* See utf8.h. */
#include "base/utf8.h"

#include <stdint.h>

size_t crl_utf8_printable(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
		     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						   : 0;
	uint32_t code = len == 2 ? p[0] & 0x1fu : len == 3 ? p[0] & 0x0fu : p[0] & 0x07u;
	static const uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000}; /* 0x80 to 0x9f are control characters */

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (len == 0 || code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* Ends of lines, and what turns the direction of the text around it. */
	return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ? 0 : len;
}

bool crl_utf8_is_plain(const char *text)
{
	for (const char *p = text; *p;) {
		size_t len = *p >= ' ' && *p <= '~' ? 1 : crl_utf8_printable(p);

		if (len == 0)
			return false;
		p += len;
	}
	return true;
}
