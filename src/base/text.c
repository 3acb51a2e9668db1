// SPDX-License-Identifier: Apache-2.0
/*
 * The one escaper, of fields and of whole lines: module and helper log with it.
 *
 * Runs in: every product.
 */
#include "base/text.h"

#include <stdbool.h>

static bool is_printable(unsigned char c)
{
	return c >= ' ' && c < 0x7f;
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && is_printable(c) && c != '\\' && c != '"' && c != '=';
}

/* What is not @kept becomes \xNN. */
static const char *escape(char *buf, size_t size, const char *text, bool (*kept)(unsigned char c))
{
	static const char digit[] = "0123456789abcdef";
	size_t used = 0;

	for (const char *p = text ? text : ""; *p && size; p++) {
		unsigned char c = (unsigned char)*p;
		size_t need = kept(c) ? 1 : 4;

		if (used + need >= size)
			break;
		if (need == 1) {
			buf[used++] = *p;
			continue;
		}
		buf[used++] = '\\';
		buf[used++] = 'x';
		buf[used++] = digit[c >> 4];
		buf[used++] = digit[c & 15];
	}
	if (size)
		buf[used] = '\0';
	return buf;
}

const char *crl_visible_field(char *buf, size_t size, const char *text)
{
	return escape(buf, size, text, is_plain);
}

const char *crl_visible_line(char *buf, size_t size, const char *text)
{
	return escape(buf, size, text, is_printable);
}
