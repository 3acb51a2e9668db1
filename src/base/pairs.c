// SPDX-License-Identifier: Apache-2.0
/* See pairs.h. */
#include "base/pairs.h"

#include <stdio.h>
#include <string.h>

/* R1 */
static size_t key_length(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyz_");
}

bool crl_pair_next(const char **at, struct crl_pair *ret)
{
	const char *p = *at;

	while (*p) {
		size_t word, key;

		p += strspn(p, " ");
		word = strcspn(p, " ");
		key = key_length(p);
		if (key > 0 && p[key] == '=') {
			*ret = (struct crl_pair){p, key, p + key + 1, word - key - 1};
			if (ret->value_len > 0 && ret->value[ret->value_len - 1] == ':')
				ret->value_len--;
			*at = p + word;
			return true;
		}
		p += word;
	}
	*at = p;
	return false;
}

const char *crl_pair_find(const char *line, const char *key, char *buf, size_t size)
{
	struct crl_pair pair;

	buf[0] = '\0';
	while (crl_pair_next(&line, &pair)) {
		if (pair.key_len != strlen(key) || memcmp(pair.key, key, pair.key_len) != 0)
			continue;
		(void)snprintf(buf, size, "%.*s", (int)pair.value_len, pair.value);
		break;
	}
	return buf;
}
