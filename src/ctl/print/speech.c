// SPDX-License-Identifier: Apache-2.0
/* See speech.h. */
#include "ctl/print/speech.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

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
		size_t len = crl_utf8_printable((const char *)p);

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
