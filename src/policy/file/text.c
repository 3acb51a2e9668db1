// SPDX-License-Identifier: Apache-2.0
/* See text.h. */
#include "policy/file/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/parse.h"

/* What stands before the place looked at; two texts side by side are one to libconfig. */
enum last { LAST_OTHER, LAST_STRING, LAST_CLOSED };

struct open_bracket {
	char close;
	int line;
	unsigned int members;
};

struct scan {
	char *text;
	size_t len;
	size_t at;
	size_t from; /* what has been looked at from here on is not yet in its place */
	size_t out; /* which is here: comments are left out, and libconfig has less to read */
	int line;
	const char *file;
	struct crl_err *err;
	enum last last;
	int last_line; /* of that, where it is not LAST_OTHER */
	unsigned int settings;
	int depth;
	struct open_bracket open[CRL_TEXT_DEPTH_MAX + 1]; /* [0] is the file itself */
};

CRL_PRINTF(3, 4) static int refuse_at(const struct scan *s, int line, const char *fmt, ...)
{
	char text[CRL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return crl_err_at(s->err, EINVAL, CRL_STAGE_CONFIG, s->file, line, "%s", text);
}

#define REFUSE(s, ...) refuse_at(s, (s)->line, __VA_ARGS__)

/* The byte at an offset from here; NUL past the end, and the text holds no other NUL by then. */
static char peek(const struct scan *s, size_t offset)
{
	return s->at + offset < s->len ? s->text[s->at + offset] : '\0';
}

/* One pass over all bytes, comments included: what a terminal or a C string would take for something else. */
static int check_bytes(struct scan *s)
{
	if (s->len >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0)
		return REFUSE(s, "found a byte order mark, expected plain text");
	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->text[i];

		if (c == '\r' && s->text[i + 1] == '\n') {
			s->text[i] = ' ';
			continue;
		}
		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
			return REFUSE(s, "found control character 0x%02x, expected text", c);
		s->line += c == '\n';
	}
	s->line = 1;
	return 0;
}

/* Put what stands before @at, and has not been put yet, into its place. */
static void put(struct scan *s)
{
	size_t len = s->at - s->from;

	if (s->out != s->from)
		memmove(s->text + s->out, s->text + s->from, len);
	s->out += len;
	s->from = s->at;
}

/* Its end of line stays, so that lines keep their numbers. */
static void skip_line_comment(struct scan *s)
{
	const char *end;

	put(s);
	end = memchr(s->text + s->at, '\n', s->len - s->at);
	s->from = s->at = end ? (size_t)(end - s->text) : s->len;
}

/* It parts what stands around it: a blank is left of it, and its ends of lines. */
static int skip_block_comment(struct scan *s)
{
	int line = s->line;

	put(s);
	s->at += 2;
	s->text[s->out++] = ' ';
	for (; peek(s, 0) != '*' || peek(s, 1) != '/'; s->at++) {
		if (s->at >= s->len) {
			s->from = s->at;
			return refuse_at(s, line, "found a comment that does not end, expected \"*/\"");
		}
		if (s->text[s->at] == '\n') {
			s->text[s->out++] = '\n';
			s->line++;
		}
	}
	s->at += 2;
	s->from = s->at;
	return 0;
}

/* In a list: of rules above all. libconfig would only say that it is no "key = value;". */
static int refuse_side_by_side(struct scan *s, char c)
{
	return REFUSE(s, "found \"%c\" behind what ends in line %d, expected a comma between the two", c, s->last_line);
}

static int scan_string(struct scan *s)
{
	size_t start = ++s->at;

	if (s->last == LAST_CLOSED && s->open[s->depth].close == ')')
		return refuse_side_by_side(s, '"');

	if (s->last == LAST_STRING)
		return REFUSE(s, "found two texts side by side, expected a comma between them");
	for (; peek(s, 0) != '"'; s->at++) {
		if (s->at >= s->len || peek(s, 0) == '\n')
			return REFUSE(s, "found a text that does not end on its line, expected '\"'");
		if (s->at - start >= CRL_TEXT_STRING_MAX)
			return REFUSE(s, "found a text of more than %d bytes", CRL_TEXT_STRING_MAX);
		if (peek(s, 0) != '\\')
			continue;
		/* "\x00" would end the text early in C. */
		if (peek(s, 1) != '"' && peek(s, 1) != '\\')
			return REFUSE(s, "found a backslash in a text, expected it only as \\\\ or \\\"");
		s->at++;
	}
	s->at++;
	s->last = LAST_STRING;
	s->last_line = s->line;
	return 0;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       c == '+' || c == '.';
}

/* libconfig would wrap at 32 or 64 bits, take 0777 for 777 and read floats; no key wants any of it. */
static int check_number(const struct scan *s, const char *word)
{
	uint64_t value = 0;
	int rc = crl_parse_uint(word[0] == '-' ? word + 1 : word, 0, INT32_MAX, &value);

	if (rc == -ERANGE) {
		return REFUSE(s, "found %s, expected a number of at most %d (write sizes as text: \"4G\")", word,
			      INT32_MAX);
	}
	if (rc < 0)
		return REFUSE(s, "found %s, expected a whole decimal number without leading zeros", word);
	return 0;
}

/* "limits.cpu", as manuals name a key, or a letter that no key has. */
static int refuse_key(const struct scan *s, const char *word)
{
	size_t len = strcspn(word, ".");

	if (len > 0 && word[len] && word[len + 1] && !strpbrk(word + len + 1, "+.")) {
		return REFUSE(s, "found \"%s\", expected a key within its group: %.*s = { %s = ...; };", word, (int)len,
			      word, word + len + 1);
	}
	return REFUSE(s, "found \"%s\", expected a key of letters, digits, \"-\" and \"_\"", word);
}

static int scan_word(struct scan *s)
{
	char word[CRL_TEXT_WORD_MAX + 1];
	size_t len = 0;

	while (is_word(peek(s, len)))
		len++;
	if (len > CRL_TEXT_WORD_MAX)
		return REFUSE(s, "found a word of %zu bytes, expected at most %d", len, CRL_TEXT_WORD_MAX);
	memcpy(word, s->text + s->at, len);
	word[len] = '\0';
	s->at += len;
	s->last = LAST_OTHER;
	if (strchr("0123456789+-.", word[0]))
		return check_number(s, word);
	if (strpbrk(word, "+."))
		return refuse_key(s, word);
	return 0;
}

/* A "=", "," or opening bracket: each may bring one more setting for libconfig to keep. */
static int count_setting(struct scan *s)
{
	if (++s->settings > CRL_TEXT_SETTINGS_MAX)
		return REFUSE(s, "found more than %d settings in one file", CRL_TEXT_SETTINGS_MAX);
	return 0;
}

/* libconfig compares each name with all others of its group. */
static int count_member(struct scan *s)
{
	if (++s->open[s->depth].members > CRL_TEXT_MEMBERS_MAX)
		return REFUSE(s, "found more than %d settings in one group", CRL_TEXT_MEMBERS_MAX);
	return count_setting(s);
}

static int open_bracket(struct scan *s, char c)
{
	int rc = count_setting(s);

	if (rc < 0)
		return rc;
	if (s->last != LAST_OTHER && s->open[s->depth].close == ')')
		return refuse_side_by_side(s, c);
	if (c == '{' && s->open[s->depth].close == ']') {
		return REFUSE(s,
			      "found \"{\" within \"[ ]\", which holds texts or numbers, expected \"( )\" around it");
	}
	if (s->depth == CRL_TEXT_DEPTH_MAX)
		return REFUSE(s, "found more than %d brackets within each other", CRL_TEXT_DEPTH_MAX);
	s->open[++s->depth] = (struct open_bracket){
		.close = (char)(c == '(' ? ')' : c + 2), /* "[" and "]", "{" and "}" are two apart in ASCII */
		.line = s->line,
	};
	return 0;
}

static int close_bracket(struct scan *s, char c)
{
	if (s->depth == 0)
		return REFUSE(s, "found \"%c\", expected nothing to close here", c);
	if (s->open[s->depth].close != c) {
		return REFUSE(s, "found \"%c\", expected \"%c\" for the bracket of line %d", c, s->open[s->depth].close,
			      s->open[s->depth].line);
	}
	s->depth--;
	return 0;
}

static int scan_sign(struct scan *s)
{
	char c = s->text[s->at++];
	int rc = 0;

	switch (c) {
	case '\n':
		s->line++;
		return 0;
	case ' ':
	case '\t':
		return 0;
	case '(':
	case '[':
	case '{':
		rc = open_bracket(s, c);
		s->last = LAST_OTHER;
		return rc;
	case ')':
	case ']':
	case '}':
		s->last = LAST_CLOSED;
		s->last_line = s->line;
		return close_bracket(s, c);
	case '=':
	case ':':
		rc = count_member(s);
		break;
	case ',':
		rc = count_setting(s);
		break;
	case ';':
		break;
	case '@':
		return REFUSE(s, "found \"@\", expected a key (@include is not allowed: use policy.d/)");
	default:
		return REFUSE(s,
			      (unsigned char)c < 0x80 ? "found \"%c\", expected a key or a value"
						      : "found a non-ASCII character, expected a key or a value",
			      c);
	}
	s->last = LAST_OTHER;
	return rc;
}

static int scan_one(struct scan *s)
{
	char c = peek(s, 0);

	if (c == ' ') {
		s->at++;
		return 0;
	}
	if (c == '#' || (c == '/' && peek(s, 1) == '/')) {
		skip_line_comment(s);
		return 0;
	}
	if (c == '/' && peek(s, 1) == '*')
		return skip_block_comment(s);
	if (c == '"')
		return scan_string(s);
	return is_word(c) ? scan_word(s) : scan_sign(s);
}

int crl_text_prepare(char *text, size_t len, const char *file, struct crl_err *err)
{
	struct scan s = {.text = text, .len = len, .line = 1, .file = file, .err = err};
	int rc = check_bytes(&s);

	while (rc == 0 && s.at < s.len)
		rc = scan_one(&s);
	s.at = s.len; /* what stands behind a fault as well: it may tell whom to ask */
	put(&s);
	text[s.out] = '\0';
	if (rc == 0 && s.depth > 0) {
		rc = refuse_at(&s, s.open[s.depth].line, "found a bracket that is not closed, expected \"%c\"",
			       s.open[s.depth].close);
	}
	return rc;
}

void crl_text_line(const char *text, int line, char *buf, size_t size)
{
	size_t len;

	while (--line > 0 && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	text += strspn(text, " \t");
	len = strcspn(text, "\n");
	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	(void)snprintf(buf, size, "%.*s%s", (int)(len < size - 4 ? len : size - 4), text, len < size - 4 ? "" : "...");
}

/* Behind the quote that the value of @key begins with, or NULL when the line has another. */
static const char *value_of(const char *line, const char *key)
{
	line += strspn(line, " \t");
	if (strncmp(line, key, strlen(key)) != 0)
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line != '=' && *line != ':')
		return NULL;
	line++;
	line += strspn(line, " \t");
	return *line == '"' ? line + 1 : NULL;
}

const char *crl_text_guess(const char *text, const char *key, char *buf, size_t size)
{
	const char *end;

	for (const char *line = text; line; line = end ? end + 1 : NULL) {
		const char *value = value_of(line, key);
		size_t len = value ? strcspn(value, "\"\\\n") : 0;

		end = strchr(line, '\n');
		if (!value || value[len] != '"')
			continue;
		if (len >= size)
			return NULL;
		(void)snprintf(buf, size, "%.*s", (int)len, value);
		return buf;
	}
	return NULL;
}
