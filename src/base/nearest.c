// SPDX-License-Identifier: Apache-2.0
/* See nearest.h. */
#include "base/nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define BEGINNING_MIN 3

void crl_nearest_begin(struct crl_nearest *n, const char *text)
{
	*n = (struct crl_nearest){.text = text, .best = strlen(text) / 3 + 2};
}

size_t crl_nearest_distance(const char *text, const char *name)
{
	size_t len = strlen(text), distance = crl_word_distance(text, name);

	if (distance > 1 && len >= BEGINNING_MIN && strncmp(text, name, len) == 0)
		return 1;
	return distance;
}

void crl_nearest_offer_at(struct crl_nearest *n, const char *name, size_t distance)
{
	if (distance >= n->best || strlen(name) >= sizeof(n->name))
		return;
	n->best = distance;
	(void)strcpy(n->name, name);
}

void crl_nearest_offer(struct crl_nearest *n, const char *name)
{
	crl_nearest_offer_at(n, name, crl_nearest_distance(n->text, name));
}

const char *crl_nearest_hint(const struct crl_nearest *n, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s", n->name[0] ? " (did you mean \"" : "", n->name, n->name[0] ? "\"?)" : "");
	return buf;
}
