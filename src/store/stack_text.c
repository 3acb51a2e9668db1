// SPDX-License-Identifier: Apache-2.0
/* See stack_text.h. */
#include "store/stack_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "store/lines.h"

#define LAYERS_TEXT_MAX (CRL_STACK_MAX * 9 + 1)
#define LINE_MAX_HERE (CRL_SNAPSHOT_NAME_MAX + 24 + LAYERS_TEXT_MAX)

bool crl_snapshot_name_is_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return name[0] && strchr(first, name[0]) && strspn(name, more) == strlen(name) &&
	       strlen(name) < CRL_SNAPSHOT_NAME_MAX;
}

const struct crl_snapshot *crl_snapshots_find(const struct crl_snapshots *s, const char *name)
{
	for (size_t i = 0; i < s->len; i++)
		if (strcmp(s->item[i].name, name) == 0)
			return &s->item[i];
	return NULL;
}

/* Take the word up to the next blank, or the rest, off *@text. */
static bool take_word(char **text, const char **ret)
{
	char *blank = strchr(*text, ' ');

	*ret = *text;
	if (blank)
		*blank = '\0';
	*text = blank ? blank + 1 : *text + strlen(*text);
	return (*ret)[0] != '\0' && (!blank || (*text)[0]); /* one blank between two, and none at the end */
}

static bool has_layer(const struct crl_stack *s, uint32_t layer)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->layer[i] == layer)
			return true;
	return false;
}

static bool take_layers(char *text, struct crl_stack *ret)
{
	ret->len = 0;
	if (strcmp(text, "-") == 0)
		return true;
	do {
		const char *word;
		uint64_t layer;

		if (!take_word(&text, &word) || ret->len == CRL_STACK_MAX ||
		    crl_parse_uint(word, 1, CRL_LAYER_MAX, &layer) < 0 || has_layer(ret, (uint32_t)layer))
			return false;
		ret->layer[ret->len++] = (uint32_t)layer;
	} while (*text);
	return true;
}

int crl_stack_parse(const char *text, size_t len, struct crl_stack *ret)
{
	char layers[LAYERS_TEXT_MAX];
	struct crl_stack s;
	uint64_t version;

	if (strlen(text) != len || !crl_line_take_number(&text, "stack", 1, &version) || version != 1 ||
	    !crl_line_take(&text, "layers", layers, sizeof(layers)) || !take_layers(layers, &s) ||
	    strcmp(text, "end\n") != 0)
		return -EBADMSG;
	*ret = s;
	return 0;
}

static bool take_snapshot(char *line, struct crl_snapshots *s)
{
	struct crl_snapshot *new = &s->item[s->len];
	const char *name, *seconds;
	uint64_t when;

	if (!take_word(&line, &name) || !crl_snapshot_name_is_valid(name) || crl_snapshots_find(s, name) ||
	    !take_word(&line, &seconds) || crl_parse_uint(seconds, 0, INT64_MAX, &when) < 0 || !*line ||
	    !take_layers(line, &new->stack))
		return false;
	memcpy(new->name, name, strlen(name) + 1);
	new->when = (int64_t)when;
	s->len++;
	return true;
}

int crl_snapshots_parse(const char *text, size_t len, struct crl_snapshots *ret)
{
	char line[LINE_MAX_HERE];
	uint64_t version;

	ret->len = 0;
	if (strlen(text) != len || !crl_line_take_number(&text, "snapshots", 1, &version) || version != 1)
		return -EBADMSG;
	while (strcmp(text, "end\n") != 0)
		if (ret->len == CRL_SNAPSHOTS_MAX || !crl_line_take(&text, "snapshot", line, sizeof(line)) ||
		    !take_snapshot(line, ret)) {
			ret->len = 0;
			return -EBADMSG;
		}
	return 0;
}

/* Where a text is written to, as far as it goes. */
struct writer {
	char *buf;
	size_t size, at;
};

CRL_PRINTF(2, 3) static void put(struct writer *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->at < w->size ? w->buf + w->at : NULL, w->at < w->size ? w->size - w->at : 0, fmt, ap);
	va_end(ap);
	w->at += n < 0 ? w->size : (size_t)n;
}

static void put_layers(struct writer *w, const struct crl_stack *s)
{
	if (s->len == 0)
		put(w, "-");
	for (size_t i = 0; i < s->len; i++)
		put(w, "%s%" PRIu32, i ? " " : "", s->layer[i]);
}

static int written(const struct writer *w)
{
	return w->at >= w->size ? -EOVERFLOW : (int)w->at;
}

int crl_stack_format(const struct crl_stack *s, char *buf, size_t size)
{
	struct writer w = {.buf = buf, .size = size};

	put(&w, "stack=1\nlayers=");
	put_layers(&w, s);
	put(&w, "\nend\n");
	return written(&w);
}

int crl_snapshots_format(const struct crl_snapshots *s, char *buf, size_t size)
{
	struct writer w = {.buf = buf, .size = size};

	put(&w, "snapshots=1\n");
	for (size_t i = 0; i < s->len; i++) {
		put(&w, "snapshot=%s %" PRId64 " ", s->item[i].name, s->item[i].when);
		put_layers(&w, &s->item[i].stack);
		put(&w, "\n");
	}
	put(&w, "end\n");
	return written(&w);
}
