// SPDX-License-Identifier: Apache-2.0
/* See pamstack.h. */
#include "ctl/pamstack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 1024

enum kind { NOTHING, SESSION, INCLUDE, OTHER, CARREL_OPEN, CARREL_CLOSE, CARREL_BOTH, STRANGE };

struct line {
	const char *text;
	size_t len; /* with its newline, and with those that it continues on */
	bool continued;
};

/* Take the next line, joined with its continuations. False at the end. */
static bool next_line(const char **p, struct line *ret)
{
	const char *end = *p;

	if (!*end)
		return false;
	*ret = (struct line){.text = *p};
	for (;;) {
		const char *newline = strchr(end, '\n');

		if (!newline) {
			end += strlen(end);
			break;
		}
		end = newline + 1;
		if (newline == *p || newline[-1] != '\\' || !*end)
			break;
		ret->continued = true;
	}
	ret->len = (size_t)(end - *p);
	*p = end;
	return true;
}

/* The next word, or "[…]" as one. False when there is none. */
static bool next_word(const char **p, char *word, size_t size)
{
	const char *start = *p + strspn(*p, " \t\n\\");
	size_t len = strcspn(start, " \t\n");

	if (*start == '[') {
		const char *end = strchr(start, ']');

		len = end ? (size_t)(end - start) + 1 : strlen(start);
	}
	*p = start + len;
	(void)snprintf(word, size, "%.*s", (int)len, start);
	return len > 0;
}

static bool is_carrel(const char *module)
{
	const char *slash = strrchr(module, '/');

	return strcmp(slash ? slash + 1 : module, "pam_carrel.so") == 0;
}

static enum kind carrel_kind(const char *arguments)
{
	char word[256];

	while (next_word(&arguments, word, sizeof(word))) {
		if (strcmp(word, "open") == 0)
			return CARREL_OPEN;
		if (strcmp(word, "close") == 0)
			return CARREL_CLOSE;
	}
	return CARREL_BOTH;
}

static bool is_type(const char *word, const char *type)
{
	return strcasecmp(word + (word[0] == '-'), type) == 0;
}

/* @ret_control  of a session line */
static enum kind classify(const struct line *l, char ret_control[256])
{
	char text[LINE_MAX_BYTES], type[32], module[256];
	const char *p = text;

	ret_control[0] = '\0';
	if (l->len >= sizeof(text))
		return STRANGE;
	(void)snprintf(text, sizeof(text), "%.*s", (int)l->len, l->text);
	text[strcspn(text, "#")] = '\0';
	if (!next_word(&p, type, sizeof(type)))
		return NOTHING;
	if (strcasecmp(type, "@include") == 0)
		return INCLUDE;
	if (!next_word(&p, ret_control, 256) || !next_word(&p, module, sizeof(module)))
		return STRANGE;
	if (!is_type(type, "session"))
		return is_type(type, "auth") || is_type(type, "account") || is_type(type, "password") ? OTHER : STRANGE;
	return is_carrel(module) ? carrel_kind(p) : SESSION;
}

/* Files that stand for all four types by their name: only those of sessions are in carrel's way. */
static bool is_session_include(const struct line *l)
{
	char text[LINE_MAX_BYTES];

	(void)snprintf(text, sizeof(text), "%.*s", (int)l->len, l->text);
	return !strstr(text, "common-auth") && !strstr(text, "common-account") && !strstr(text, "common-password");
}

static bool can_end(const char *control)
{
	return strcasecmp(control, "sufficient") == 0 ||
	       (control[0] == '[' && (strstr(control, "success=done") || strstr(control, "default=done")));
}

static void note_carrel(struct pam_stack *s, enum kind kind, int number, const char *control)
{
	if (kind != CARREL_CLOSE) {
		s->open = number;
		s->opens++;
		s->open_is_binding = strcasecmp(control, "requisite") == 0 || strcasecmp(control, "required") == 0;
		s->after_open = 0;
	}
	if (kind != CARREL_OPEN) {
		s->closes++;
		if (!s->close)
			s->close = number;
	}
}

void pam_stack_read(const char *text, struct pam_stack *ret)
{
	struct line l;
	int number = 1;

	*ret = (struct pam_stack){0};
	for (const char *p = text; next_line(&p, &l); number++) {
		char control[256];
		enum kind kind = classify(&l, control);

		if (kind == STRANGE && !ret->strange)
			ret->strange = number;
		if (kind == CARREL_OPEN || kind == CARREL_CLOSE || kind == CARREL_BOTH)
			note_carrel(ret, kind, number, control);
		if (kind == SESSION || (kind == INCLUDE && is_session_include(&l))) {
			if (!ret->first_session)
				ret->first_session = number;
			if (!ret->close && !ret->before_close)
				ret->before_close = number;
			if (ret->open && !ret->after_open)
				ret->after_open = number;
			if (!ret->open && !ret->ends_early && kind == SESSION && can_end(control))
				ret->ends_early = number;
		}
		for (size_t i = 0; l.continued && i + 1 < l.len; i++)
			number += l.text[i] == '\n';
	}
}

/* "@include NAME", or "session include NAME". */
static bool is_include_of(const struct line *l, const char *name)
{
	char text[LINE_MAX_BYTES], type[32], word[256];
	const char *p = text, *slash;

	(void)snprintf(text, sizeof(text), "%.*s", (int)l->len, l->text);
	text[strcspn(text, "#")] = '\0';
	if (!next_word(&p, type, sizeof(type)))
		return false;
	if (strcasecmp(type, "@include") != 0 &&
	    !(is_type(type, "session") && next_word(&p, word, sizeof(word)) &&
	      (strcasecmp(word, "include") == 0 || strcasecmp(word, "substack") == 0)))
		return false;
	if (!next_word(&p, word, sizeof(word)))
		return false;
	slash = strrchr(word, '/');
	return strcmp(slash ? slash + 1 : word, name) == 0;
}

bool pam_stack_includes(const char *text, const char *name, struct pam_include *ret)
{
	struct line l;
	int number = 1;

	*ret = (struct pam_include){0};
	for (const char *p = text; next_line(&p, &l); number++) {
		char control[256];
		enum kind kind = classify(&l, control);

		if (!ret->line && is_include_of(&l, name))
			ret->line = number;
		else if (ret->line && !ret->after && (kind == SESSION || (kind == INCLUDE && is_session_include(&l))))
			ret->after = number;
		for (size_t i = 0; l.continued && i + 1 < l.len; i++)
			number += l.text[i] == '\n';
	}
	return ret->line > 0;
}

static int refuse(const struct pam_stack *s, struct crl_err *err)
{
	if (s->open || s->close)
		return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG, "line %d: carrel is in this stack already",
				   s->open ? s->open : s->close);
	if (s->strange)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "line %d: not understood, expected a line as in pam.d(5)",
				   s->strange);
	if (s->ends_early)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG,
				   "line %d: this session line can end the stack before carrel is asked", s->ends_early);
	return 0;
}

int pam_stack_enable(const char *text, const char *arguments, char **ret, struct crl_err *err)
{
	struct pam_stack s;
	struct line l;
	size_t size = 0;
	int number = 1, r;
	bool ended = true;
	FILE *f;

	*ret = NULL;
	pam_stack_read(text, &s);
	r = refuse(&s, err);
	if (r < 0)
		return r;
	f = open_memstream(ret, &size);
	if (!f)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	for (const char *p = text; next_line(&p, &l); number++) {
		if (number == s.first_session)
			(void)fprintf(f, "session optional pam_carrel.so close%s%s\n", arguments[0] ? " " : "", arguments);
		(void)fwrite(l.text, 1, l.len, f);
		ended = l.text[l.len - 1] == '\n';
		for (size_t i = 0; l.continued && i + 1 < l.len; i++)
			number += l.text[i] == '\n';
	}
	if (!ended)
		(void)fputc('\n', f);
	if (!s.first_session)
		(void)fprintf(f, "session optional pam_carrel.so close%s%s\n", arguments[0] ? " " : "", arguments);
	(void)fprintf(f, "session requisite pam_carrel.so open%s%s\n", arguments[0] ? " " : "", arguments);
	return fclose(f) == 0 ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

/* Every line that names the module, even one that is no session line: this has to work at 3 a.m. */
static bool names_carrel(const struct line *l)
{
	char text[LINE_MAX_BYTES * 4];

	(void)snprintf(text, sizeof(text), "%.*s", (int)l->len, l->text);
	text[strcspn(text, "#")] = '\0';
	return strstr(text, "pam_carrel.so") != NULL;
}

int pam_stack_disable(const char *text, char **ret)
{
	struct line l;
	size_t size = 0;
	int gone = 0;
	FILE *f = open_memstream(ret, &size);

	if (!f)
		return -ENOMEM;
	for (const char *p = text; next_line(&p, &l);) {
		if (names_carrel(&l))
			gone++;
		else
			(void)fwrite(l.text, 1, l.len, f);
	}
	return fclose(f) == 0 ? gone : -ENOMEM;
}
