// SPDX-License-Identifier: Apache-2.0
/*
 * A set of texts, collected once and asked often: names, ids, units. And whether a word is in a list that is one text.
 *
 * Runs in: helper, steward, carrelctl. A search is logarithmic: what is compared with a thousand rooms costs no
 * thousand looks each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

struct crl_words {
	char **item; /* owned */
	size_t len;
};

/* Add a copy of a text. Returns 0 or -ENOMEM. Afterwards crl_words_sort() is due. */
int crl_words_add(struct crl_words *w, const char *text) CRL_MUST_CHECK;

/* Sort, and drop what is there twice. */
void crl_words_sort(struct crl_words *w);

/* Is it in a sorted set? */
bool crl_words_has(const struct crl_words *w, const char *text);

void crl_words_done(struct crl_words *w);

/* Is it one of the words of a text that any of the @separators stand between? */
bool crl_word_is_in(const char *list, const char *word, const char *separators);
