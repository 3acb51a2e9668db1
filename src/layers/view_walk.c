// SPDX-License-Identifier: Apache-2.0
/*
 * Names of a merged directory in order.
 *
 * Owns: R1 memory is bounded, whatever a directory has: of all its names those that come next are kept, and when
 * these are through it is read again.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dir.h"
#include "layers/near.h"
#include "layers/view.h"

#ifndef KEEP_MAX
#define KEEP_MAX (256 * 1024u) /* names; twice that many, with their bytes, are in memory at most */
#endif

struct item {
	uint32_t at; /* in the text */
	uint32_t part; /* the youngest that has it, once they are sorted */
};

struct crl_view_names {
	char *text;
	size_t used, size;
	struct item *item;
	size_t len, room;
	size_t next;
	bool more; /* there are names beyond the last of these */
	char after[NAME_MAX + 1]; /* "" or the last name that was told */
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	const char *text = arg;
	int order = strcmp(text + x->at, text + y->at);

	return order ? order : (x->part > y->part) - (x->part < y->part);
}

/* Sorts what is there, each name once, and keeps the first KEEP_MAX. R1 */
static int settle(struct crl_view_names *n)
{
	size_t len = 0;
	size_t used = 0;
	char *text;

	if (n->len == 0)
		return 0;
	qsort_r(n->item, n->len, sizeof(*n->item), compare, n->text);
	for (size_t i = 0; i < n->len; i++)
		if (i == 0 || strcmp(n->text + n->item[i].at, n->text + n->item[len - 1].at) != 0)
			n->item[len++] = n->item[i];
	if (len > KEEP_MAX) {
		len = KEEP_MAX;
		n->more = true;
	}
	n->len = len;
	text = malloc(n->size);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		size_t bytes = strlen(n->text + n->item[i].at) + 1;

		memcpy(text + used, n->text + n->item[i].at, bytes);
		n->item[i].at = (uint32_t)used;
		used += bytes;
	}
	free(n->text);
	n->text = text;
	n->used = used;
	return 0;
}

static int grow(void **array, size_t *size, size_t least, size_t each)
{
	size_t want = *size ? *size : 64;
	void *more;

	while (want < least)
		want *= 2;
	if (want == *size)
		return 0;
	more = reallocarray(*array, want, each);
	if (!more)
		return -ENOMEM;
	*array = more;
	*size = want;
	return 0;
}

static int add(struct crl_view_names *n, const char *name, size_t part)
{
	size_t bytes = strlen(name) + 1;
	void *text = n->text, *item = n->item;
	int rc = grow(&text, &n->size, n->used + bytes, 1);

	n->text = text;
	if (rc == 0)
		rc = grow(&item, &n->room, n->len + 1, sizeof(*n->item));
	n->item = item;
	if (rc < 0)
		return rc;
	memcpy(n->text + n->used, name, bytes);
	n->item[n->len++] = (struct item){.at = (uint32_t)n->used, .part = (uint32_t)part};
	n->used += bytes;
	return n->len == (size_t)KEEP_MAX * 2 ? settle(n) : 0;
}

static bool is_beyond(const struct crl_view_names *n, const char *name)
{
	return n->more && n->len >= KEEP_MAX && strcmp(name, n->text + n->item[KEEP_MAX - 1].at) > 0;
}

static int read_part(struct crl_view_names *n, int fd, size_t part)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(fd, ".", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if ((!n->after[0] || strcmp(name, n->after) > 0) && !is_beyond(n, name))
			rc = add(n, name, part);
	return rc ? rc : dir.error;
}

/* The names after the last that was told. */
static int fill(struct crl_view_walk *w)
{
	struct crl_view_names *n = w->names;
	int rc = 0;

	n->len = n->next = n->used = 0;
	n->more = false;
	for (size_t i = 0; rc == 0 && i < w->parts; i++)
		rc = read_part(n, w->dir->part[i].fd, i);
	return rc ? rc : settle(n);
}

int crl_view_walk_begin(const struct crl_view_dir *dir, size_t parts, struct crl_view_walk *ret)
{
	*ret = (struct crl_view_walk){.dir = dir, .parts = parts < dir->len ? parts : dir->len};
	ret->names = calloc(1, sizeof(*ret->names));
	return ret->names ? fill(ret) : -ENOMEM;
}

int crl_view_walk_next(struct crl_view_walk *w, const char **ret_name, struct crl_view_entry *ret)
{
	struct crl_view_names *n = w->names;

	for (;;) {
		const char *name;
		int rc;

		if (n->next == n->len) {
			if (!n->more)
				return 0;
			strcpy(n->after, n->text + n->item[n->len - 1].at);
			rc = fill(w);
			if (rc < 0)
				return rc;
			continue;
		}
		name = n->text + n->item[n->next].at;
		rc = crl_view_find_below(w->dir, n->item[n->next++].part, name, ret);
		if (rc < 0)
			return rc;
		if (ret->kind == CRL_VIEW_ABSENT)
			continue; /* gone meanwhile */
		*ret_name = name;
		return 1;
	}
}

void crl_view_walk_done(struct crl_view_walk *w)
{
	if (w->names) {
		free(w->names->text);
		free(w->names->item);
		free(w->names);
	}
	w->names = NULL;
}
