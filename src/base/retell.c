// SPDX-License-Identifier: Apache-2.0
/*
 * See retell.h.
 *
 * Trusts: nothing of what is put in, which may have any bytes and any length, the signs of a place among them.
 */
#include "base/retell.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PLACES 2

/* What stands in a text for a place. */
struct piece {
	const char *text;
	size_t len;
};

static bool is_place(const char *p)
{
	return p[0] == '{' && p[1] >= '1' && p[1] < '1' + PLACES && p[2] == '}';
}

/* How long is what stands before the next place, or the end? */
static size_t literal(const char *p)
{
	size_t len = 0;

	while (p[len] && !is_place(p + len))
		len++;
	return len;
}

/* Where the literal @want of @len bytes is in @at: at the end of it when nothing comes behind. NULL: nowhere. */
static const char *find(const char *at, const char *want, size_t len)
{
	size_t all = strlen(at);

	if (!want[len])
		return all >= len && memcmp(at + all - len, want, len) == 0 ? at + all - len : NULL;
	return memmem(at, all, want, len);
}

/* Is @text what @pattern is, and with what at its places? */
static bool match(const char *pattern, const char *text, struct piece ret[PLACES])
{
	size_t len = literal(pattern);

	if (strncmp(text, pattern, len) != 0)
		return false;
	text += len;
	for (pattern += len; *pattern; pattern += len) {
		struct piece *piece = &ret[pattern[1] - '1'];
		const char *end;

		pattern += 3;
		len = literal(pattern);
		end = find(text, pattern, len);
		if (!end)
			return false;
		*piece = (struct piece){text, (size_t)(end - text)};
		text = end + len;
	}
	return *text == '\0';
}

static bool add(char buf[CRL_RETOLD_MAX], size_t *at, const char *text, size_t len)
{
	if (len >= CRL_RETOLD_MAX - *at)
		return false;
	memcpy(buf + *at, text, len);
	*at += len;
	buf[*at] = '\0';
	return true;
}

static bool put_together(const char *pattern, const struct piece piece[PLACES], char buf[CRL_RETOLD_MAX])
{
	size_t at = 0;

	buf[0] = '\0';
	while (*pattern) {
		size_t len = literal(pattern);

		if (!add(buf, &at, pattern, len))
			return false;
		pattern += len;
		if (!*pattern)
			break;
		if (!add(buf, &at, piece[pattern[1] - '1'].text, piece[pattern[1] - '1'].len))
			return false;
		pattern += 3;
	}
	return true;
}

const char *crl_retell(const struct crl_retold_texts *t, enum crl_language language, const char *english,
		       char buf[CRL_RETOLD_MAX])
{
	if (language == CRL_LANGUAGE_EN || language >= CRL_LANGUAGE_COUNT)
		return english;
	for (size_t i = 0; i < t->len; i++) {
		struct piece piece[PLACES] = {{"", 0}, {"", 0}};

		if (match(t->row[i].in[CRL_LANGUAGE_EN], english, piece))
			return put_together(t->row[i].in[language], piece, buf) ? buf : english;
	}
	return english;
}
