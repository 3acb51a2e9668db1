// SPDX-License-Identifier: Apache-2.0
/* See speech.h. */
#include "ctl/print/speech.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 character at @p, 0 = none, or one that is no printable character by its number. */
static size_t character(const unsigned char *p)
{
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

static size_t append(char *buf, size_t size, const char *text, size_t len)
{
	size_t at = strlen(buf);

	if (len >= size - at)
		return at;
	memcpy(buf + at, text, len);
	buf[at + len] = '\0';
	return at + len;
}

size_t ctl_speech_visible(char *buf, size_t size, const char *text)
{
	size_t end = strlen(buf);

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		char shown[8];
		size_t len = character(p);

		if (len > 0) {
			end = append(buf, size, (const char *)p, len);
			p += len - 1;
			continue;
		}
		if (*p == '\n')
			(void)snprintf(shown, sizeof(shown), "\r\n");
		else if (*p == '\t')
			(void)snprintf(shown, sizeof(shown), " ");
		else if (*p < ' ' || *p == 0x7f)
			(void)snprintf(shown, sizeof(shown), "^%c", *p ^ 0x40);
		else
			(void)snprintf(shown, sizeof(shown), *p < 0x7f ? "%c" : "\\x%02x", *p);
		end = append(buf, size, shown, strlen(shown));
	}
	return end;
}
