// SPDX-License-Identifier: Apache-2.0
/* See pamstack.h. */
#include "ctl/host/pamstack.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/scope.h"

#define BLANKS " \t\n"

/* What libpam takes for one line. */
struct joined {
	const char *start; /* in the file */
	size_t len; /* there, with its newline and with those that it continues on */
	int number;
	bool odd; /* versions of libpam differ, or none takes the file */
	char text[PAM_LINE_BYTES]; /* without comment; "" = says nothing */
};

/* One line of the file, as it stands. Returns what follows it. */
static const char *end_of_line(const char *p)
{
	const char *newline = strchr(p, '\n');

	return newline ? newline + 1 : p + strlen(p);
}

static void append(struct joined *j, const char *from, size_t len)
{
	size_t have = strlen(j->text);

	if (have + len >= sizeof(j->text)) {
		j->odd = true;
		len = sizeof(j->text) - 1 - have;
	}
	memcpy(j->text + have, from, len);
	j->text[have + len] = '\0';
}

/* R1. Take what one line of the file says. Returns whether the next one goes on with it. */
static bool take_part(struct joined *j, const char *p, const char *end)
{
	const char *start = p, *comment; /* what stands before it counts within brackets */
	size_t len;

	if (end - p >= PAM_LINE_BYTES - 1)
		j->odd = true; /* libpam up to 1.5 takes the rest for another line */
	p += strspn(p, BLANKS);
	if (p >= end || *p == '#')
		return false;
	comment = memchr(p, '#', (size_t)(end - p));
	len = (size_t)((comment ? comment : end) - start);
	if (comment) {
		append(j, start, len);
		return false;
	}
	while (len > 0 && strchr(BLANKS, start[len - 1]))
		len--;
	if (len == 0 || start[len - 1] != '\\') {
		append(j, start, len);
		return false;
	}
	append(j, start, len - 1);
	append(j, " ", 1);
	return true;
}

static bool says_nothing(const char *p, const char *end)
{
	p += strspn(p, BLANKS);
	return p >= end || *p == '#';
}

/* R1, R2. The next line, joined with its continuations. False at the end. @number  of the last one, counted on */
static bool next_line(const char **p, int *number, struct joined *ret)
{
	const char *at = *p, *end;
	bool more;

	if (!*at)
		return false;
	*ret = (struct joined){.start = at, .number = *number + 1};
	do {
		end = end_of_line(at);
		/* Within a line libpam passes over a comment and goes on joining: nobody who wrote that meant it. */
		if (at != *p && says_nothing(at, end)) {
			ret->odd = true;
			more = true;
		} else {
			more = take_part(ret, at, end);
		}
		++*number;
		at = end;
	} while (more && *at);
	ret->odd |= more; /* the file ends, and the line does not: libpam refuses the service */
	ret->len = (size_t)(at - *p);
	*p = at;
	return true;
}

/* The next word, or what is between "[" and "]", where "\]" is no end. False when there is none. */
static bool next_word(const char **p, char *word, size_t size)
{
	const char *at = *p + strspn(*p, BLANKS);
	bool bracket = *at == '[';
	size_t len = 0;

	if (!*at)
		return false;
	for (at += bracket; *at && (bracket ? *at != ']' : !strchr(BLANKS, *at)); at++) {
		if (bracket && at[0] == '\\' && at[1] == ']')
			at++;
		if (len + 1 < size)
			word[len++] = *at;
	}
	word[len] = '\0';
	*p = at + (*at ? 1 : 0);
	return true;
}

static bool is_carrel(const char *module)
{
	const char *slash = strrchr(module, '/');

	return strcmp(slash ? slash + 1 : module, "pam_carrel.so") == 0;
}

/* What stands behind a "[" that nothing closes is another word in each version of libpam. */
static bool is_closed(const char *text)
{
	char word[PAM_WORD_BYTES];

	for (const char *p = text;;) {
		const char *start = p + strspn(p, BLANKS);

		if (!next_word(&p, word, sizeof(word)))
			return true;
		if (*start == '[' && p[-1] != ']')
			return false;
	}
}

/* As the module reads its own words: neither means both. */
static void read_words(struct ctl_pam_line *l)
{
	const char *p = l->arguments;
	char word[PAM_WORD_BYTES];

	while (next_word(&p, word, sizeof(word))) {
		l->opens |= strcmp(word, "open") == 0;
		l->closes |= strcmp(word, "close") == 0;
	}
	if (!l->opens && !l->closes)
		l->opens = l->closes = true;
}

static bool is_type(const char *word, const char *type)
{
	return strcasecmp(word + (word[0] == '-'), type) == 0;
}

static enum ctl_pam_kind kind_of(const char *text, struct ctl_pam_line *l)
{
	const char *p = text;
	char type[PAM_WORD_BYTES];

	if (!next_word(&p, type, sizeof(type)))
		return PAM_LINE_STRANGE;
	l->all_types = strcmp(type, "@include") == 0;
	if (l->all_types)
		return next_word(&p, l->module, sizeof(l->module)) ? PAM_LINE_INCLUDE : PAM_LINE_STRANGE;
	if (!next_word(&p, l->control, sizeof(l->control)) || !next_word(&p, l->module, sizeof(l->module)))
		return PAM_LINE_STRANGE;
	(void)snprintf(l->arguments, sizeof(l->arguments), "%s", p);
	if (!is_type(type, "session"))
		return is_type(type, "auth") || is_type(type, "account") || is_type(type, "password")
			       ? PAM_LINE_OTHER
			       : PAM_LINE_STRANGE;
	l->substack = strcasecmp(l->control, "substack") == 0;
	return l->substack || strcasecmp(l->control, "include") == 0 ? PAM_LINE_INCLUDE : PAM_LINE_SESSION;
}

/* False when the line says nothing. */
static bool classify(const struct joined *j, struct ctl_pam_line *ret)
{
	*ret = (struct ctl_pam_line){.number = j->number};
	if (!j->text[strspn(j->text, BLANKS)] && !j->odd)
		return false;
	ret->kind = kind_of(j->text, ret);
	if (j->odd || !is_closed(j->text))
		ret->kind = PAM_LINE_STRANGE;
	if (ret->kind == PAM_LINE_SESSION && is_carrel(ret->module))
		read_words(ret);
	return true;
}

void ctl_pam_stack_each(const char *text, ctl_pam_each_line *each, void *arg)
{
	struct joined j;
	struct ctl_pam_line l;
	int number = 0;

	for (const char *p = text; next_line(&p, &number, &j);)
		if (classify(&j, &l))
			each(arg, &l);
}

bool ctl_pam_control_can_end(const char *control)
{
	return strcasecmp(control, "sufficient") == 0 || strcasestr(control, "=done") != NULL;
}

bool ctl_pam_control_dies(const char *control)
{
	return strcasecmp(control, "requisite") == 0 || strcasestr(control, "=die") != NULL;
}

unsigned long ctl_pam_control_jump(const char *control)
{
	unsigned long far = 0;

	for (const char *p = control; (p = strchr(p, '=')); p++) {
		unsigned long n = isdigit((unsigned char)p[1]) ? strtoul(p + 1, NULL, 10) : 0;

		if (n > far)
			far = n;
	}
	return far;
}

bool ctl_pam_line_argument(const struct ctl_pam_line *line, const char *name, char ret[PAM_WORD_BYTES])
{
	const char *p = line->arguments;
	char word[PAM_WORD_BYTES];
	size_t len = strlen(name);
	bool found = false;

	while (next_word(&p, word, sizeof(word))) {
		if (strncmp(word, name, len) != 0 || word[len] != '=')
			continue;
		(void)snprintf(ret, PAM_WORD_BYTES, "%s", word + len + 1);
		found = true; /* the last one counts, as it does for the module */
	}
	return found;
}

/* Files that stand for another type by their name are not in carrel's way. */
static bool is_in_the_way(const struct ctl_pam_line *l)
{
	return l->kind == PAM_LINE_SESSION ||
	       (l->kind == PAM_LINE_INCLUDE && !strstr(l->module, "common-auth") &&
		!strstr(l->module, "common-account") && !strstr(l->module, "common-password"));
}

static void note_carrel(struct ctl_pam_stack *s, const struct ctl_pam_line *l)
{
	if (l->opens) {
		s->open = l->number;
		s->opens++;
		s->open_is_binding =
			strcasecmp(l->control, "requisite") == 0 || strcasecmp(l->control, "required") == 0;
		s->after_open = 0;
	}
	if (l->closes) {
		s->closes++;
		if (!s->close)
			s->close = l->number;
	}
}

static void note_line(void *arg, const struct ctl_pam_line *l)
{
	struct ctl_pam_stack *s = arg;

	if (l->kind == PAM_LINE_STRANGE && !s->strange)
		s->strange = l->number;
	if (l->opens || l->closes)
		note_carrel(s, l);
	else if (is_in_the_way(l)) {
		if (!s->first_session)
			s->first_session = l->number;
		if (!s->close && !s->before_close)
			s->before_close = l->number;
		if (s->open && !s->after_open)
			s->after_open = l->number;
		if (!s->open && !s->ends_early && l->kind == PAM_LINE_SESSION && ctl_pam_control_can_end(l->control))
			s->ends_early = l->number;
	}
}

void ctl_pam_stack_read(const char *text, struct ctl_pam_stack *ret)
{
	*ret = (struct ctl_pam_stack){0};
	ctl_pam_stack_each(text, note_line, ret);
}

static int refuse(const struct ctl_pam_stack *s, struct crl_err *err)
{
	if (s->open || s->close)
		return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG, "line %d: carrel is in this stack already",
				   s->open ? s->open : s->close);
	if (s->strange)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG,
				   "line %d: not understood, expected a line as in pam.d(5)", s->strange);
	if (s->ends_early)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG,
				   "line %d: this session line can end the stack before carrel is asked",
				   s->ends_early);
	return 0;
}

static void put_line(FILE *f, const char *control, const struct ctl_pam_wish *wish, const char *word)
{
	(void)fprintf(f, "session %s %s %s%s%s\n", control, wish->module, word, wish->arguments[0] ? " " : "",
		      wish->arguments);
}

/* R3: both lines are where they belong, and libpam will take them. */
static int read_back(const char *text, struct crl_err *err)
{
	struct ctl_pam_stack s;

	ctl_pam_stack_read(text, &s);
	if (s.opens == 1 && s.closes == 1 && !s.after_open && !s.strange && s.open_is_binding &&
	    (!s.before_close || s.before_close > s.close))
		return 0;
	return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG,
			   "line %d: carrel's two lines would not be first and last of the session lines",
			   s.strange      ? s.strange
			   : s.after_open ? s.after_open
					  : s.before_close);
}

int ctl_pam_stack_enable(const char *text, const struct ctl_pam_wish *wish, char **ret, struct crl_err *err)
{
	scoped_free char *made = NULL;
	struct ctl_pam_stack s;
	struct joined j;
	size_t size = 0;
	int number = 0, rc;
	bool ended = true;
	FILE *f;

	*ret = NULL;
	ctl_pam_stack_read(text, &s);
	rc = refuse(&s, err);
	if (rc < 0)
		return rc;
	f = open_memstream(&made, &size);
	if (!f)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	for (const char *p = text; next_line(&p, &number, &j);) {
		if (j.number == s.first_session)
			put_line(f, "optional", wish, "close");
		(void)fwrite(j.start, 1, j.len, f);
		ended = j.start[j.len - 1] == '\n';
	}
	if (!ended)
		(void)fputc('\n', f);
	if (!s.first_session)
		put_line(f, "optional", wish, "close");
	put_line(f, "requisite", wish, "open");
	if (fclose(f) != 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	rc = read_back(made, err);
	if (rc == 0)
		*ret = take_ptr(made);
	return rc;
}

/* Every line that names the module, even one that is no session line: this has to work at 3 a.m. */
static bool names_carrel(const struct joined *j)
{
	scoped_free char *whole = j->odd ? strndup(j->start, j->len) : NULL;

	/* Of a line that was not taken in whole, all that stands in the file counts. */
	return strstr(j->text, "pam_carrel.so") || (whole && strstr(whole, "pam_carrel.so"));
}

static bool is_left(const char *text)
{
	struct joined j;
	int number = 0;

	for (const char *p = text; next_line(&p, &number, &j);)
		if (names_carrel(&j))
			return true;
	return false;
}

int ctl_pam_stack_disable(const char *text, char **ret)
{
	scoped_free char *made = NULL;
	struct joined j;
	size_t size = 0;
	int gone = 0, number = 0;
	FILE *f = open_memstream(&made, &size);

	*ret = NULL;
	if (!f)
		return -ENOMEM;
	for (const char *p = text; next_line(&p, &number, &j);)
		if (names_carrel(&j))
			gone++;
		else
			(void)fwrite(j.start, 1, j.len, f);
	if (fclose(f) != 0)
		return -ENOMEM;
	if (is_left(made))
		return -EUCLEAN;
	*ret = take_ptr(made);
	return gone;
}
