// SPDX-License-Identifier: Apache-2.0
/*
 * The one escaper of fields: module and helper log with it.
 *
 * Runs in: every product.
 */
#include "proto/text.h"

#include <stdbool.h>

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != '=';
}

const char *crl_text_field(char *buf, size_t size, const char *text)
{
	static const char digit[] = "0123456789abcdef";
	size_t used = 0;

	for (const char *p = text ? text : ""; *p && size; p++) {
		unsigned char c = (unsigned char)*p;
		size_t need = is_plain(c) ? 1 : 4;

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
