// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl top: a frame of characters, and the bytes that show it; see screen.h.
 *
 * Owns: R1 no byte of a text reaches the terminal that is not visible ASCII.
 */
#include "ctl/top/screen.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

#define SIZE_LEAST 1
#define SIZE_MOST 1000
#define ESCAPED_MAX 1200

static int clamp(int n)
{
	return n < SIZE_LEAST ? SIZE_LEAST : n > SIZE_MOST ? SIZE_MOST : n;
}

int ctl_top_screen_resize(struct ctl_top_screen *s, int columns, int lines)
{
	size_t size = (size_t)clamp(columns) * (size_t)clamp(lines);
	char *text = realloc(s->text, size);
	uint8_t *look;

	if (!text)
		return -ENOMEM;
	s->text = text;
	look = realloc(s->look, size);
	if (!look)
		return -ENOMEM;
	s->look = look;
	s->columns = clamp(columns);
	s->lines = clamp(lines);
	memset(s->text, ' ', size);
	memset(s->look, CTL_TOP_PLAIN, size);
	return 0;
}

void ctl_top_screen_done(struct ctl_top_screen *s)
{
	free(s->text);
	free(s->look);
	*s = (struct ctl_top_screen){0};
}

size_t ctl_top_screen_length(const char *text)
{
	char escaped[ESCAPED_MAX];

	return strlen(crl_visible_line(escaped, sizeof(escaped), text));
}

static void put_char(struct ctl_top_screen *s, int line, int column, char c, uint8_t look)
{
	size_t at = (size_t)line * (size_t)s->columns + (size_t)column;

	if (line < 0 || line >= s->lines || column < 0 || column >= s->columns)
		return;
	s->text[at] = c;
	s->look[at] = look;
}

void ctl_top_screen_put(struct ctl_top_screen *s, const struct ctl_top_field *where, const char *text)
{
	char escaped[ESCAPED_MAX];
	int len, before;

	(void)crl_visible_line(escaped, sizeof(escaped), text); /* R1 */
	len = (int)strlen(escaped);
	before = where->right && len < where->width ? where->width - len : 0;
	for (int i = 0; i < where->width; i++) {
		char c = i >= before && i - before < len ? escaped[i - before] : ' ';

		if (len > where->width && i == where->width - 1)
			c = '+';
		put_char(s, where->line, where->column + i, c, where->look);
	}
}

void ctl_top_screen_paint(struct ctl_top_screen *s, int line, int column, int width, uint8_t look)
{
	for (int i = column; i < column + width; i++)
		if (line >= 0 && line < s->lines && i >= 0 && i < s->columns)
			s->look[(size_t)line * (size_t)s->columns + (size_t)i] |= look;
}

static void write_look(FILE *f, uint8_t look, bool colour)
{
	static const char *const code[] = {
		[CTL_TOP_GREEN] = ";32", [CTL_TOP_YELLOW] = ";33", [CTL_TOP_RED] = ";31", [CTL_TOP_CYAN] = ";36"};
	unsigned int of = look & CTL_TOP_COLOUR;

	(void)fprintf(f, "\033[0%s%s%sm", look & CTL_TOP_BOLD ? ";1" : "", look & CTL_TOP_REVERSE ? ";7" : "",
		      colour && of != CTL_TOP_PLAIN && of < CRL_ARRAY_LEN(code) ? code[of] : "");
}

static void write_line(FILE *f, const struct ctl_top_screen *s, int line, bool colour)
{
	const char *text = s->text + (size_t)line * (size_t)s->columns;
	const uint8_t *look = s->look + (size_t)line * (size_t)s->columns;
	int end = s->columns;
	uint8_t now = CTL_TOP_PLAIN;

	while (end > 0 && text[end - 1] == ' ' && !(look[end - 1] & CTL_TOP_REVERSE))
		end--;
	(void)fprintf(f, "\033[%d;1H", line + 1);
	for (int i = 0; i < end; i++) {
		if (look[i] != now)
			write_look(f, look[i], colour);
		now = look[i];
		(void)fputc(text[i], f);
	}
	if (now != CTL_TOP_PLAIN)
		(void)fprintf(f, "\033[0m");
	if (end < s->columns)
		(void)fprintf(f, "\033[K");
}

static bool is_same(const struct ctl_top_screen *a, const struct ctl_top_screen *b, int line)
{
	size_t at = (size_t)line * (size_t)b->columns, len = (size_t)b->columns;

	return memcmp(a->text + at, b->text + at, len) == 0 && memcmp(a->look + at, b->look + at, len) == 0;
}

char *ctl_top_screen_encode(const struct ctl_top_screen *before, const struct ctl_top_screen *now, bool colour,
			    size_t *ret_len)
{
	bool fresh = !before || before->columns != now->columns || before->lines != now->lines;
	char *bytes = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&bytes, &len);

	if (!f)
		return NULL;
	if (fresh)
		(void)fprintf(f, "\033[0m\033[2J");
	for (int line = 0; line < now->lines; line++)
		if (fresh || !is_same(before, now, line))
			write_line(f, now, line, colour);
	if (fclose(f) != 0) {
		free(bytes);
		return NULL;
	}
	*ret_len = len;
	return bytes;
}
