// SPDX-License-Identifier: Apache-2.0
/*
 * See words.h.
 *
 * Runs in: helper, steward, carrelctl. Pure but for memory.
 */
#include "base/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int crl_words_add(struct crl_words *w, const char *text)
{
	/* Grown by doubling: as many copies as there are words. */
	if ((w->len & (w->len - 1)) == 0) {
		char **grown = reallocarray(w->item, w->len ? w->len * 2 : 1, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		w->item = grown;
	}
	w->item[w->len] = strdup(text);
	if (!w->item[w->len])
		return -ENOMEM;
	w->len++;
	return 0;
}

void crl_words_sort(struct crl_words *w)
{
	size_t kept = 0;

	if (w->len < 2)
		return;
	qsort(w->item, w->len, sizeof(*w->item), compare);
	for (size_t i = 1; i < w->len; i++)
		if (strcmp(w->item[kept], w->item[i]) == 0)
			free(w->item[i]);
		else
			w->item[++kept] = w->item[i];
	w->len = kept + 1;
}

bool crl_word_is_in(const char *list, const char *word, const char *separators)
{
	size_t len = strlen(word);

	for (const char *p = list; len > 0 && (p = strstr(p, word)); p += len)
		if ((p == list || strchr(separators, p[-1])) && (p[len] == '\0' || strchr(separators, p[len])))
			return true;
	return false;
}

bool crl_words_has(const struct crl_words *w, const char *text)
{
	const struct {
		const char *text;
	} key = {text};

	return w->len > 0 && bsearch(&key, w->item, w->len, sizeof(*w->item), compare) != NULL;
}

void crl_words_done(struct crl_words *w)
{
	for (size_t i = 0; i < w->len; i++)
		free(w->item[i]);
	free(w->item);
	*w = (struct crl_words){0};
}
