// SPDX-License-Identifier: Apache-2.0
/*
 * Libraries that ld.so finds by its cache, of which some may lie in directories that a policy makes a user's: a process
 * of root's that loads one of these names is to get the host's.
 *
 * Runs in: helper, carrelctl. Pure. Trusts: the cache is root's; a cache that is not as glibc writes it has none.
 * Source: the layout as glibc has written it since 2.2 (its ld.so.conf(5) and ldconfig(8) say what it is for).
 */
#include "plan/mounts/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/places.h"

#define MAGIC "glibc-ld.so.cache1.1"
#define LIBRARIES_MAX 256

struct cache_head {
	char magic[sizeof(MAGIC) - 1];
	uint32_t entries;
	uint32_t text_len;
	uint32_t unused[5];
};

struct cache_entry {
	int32_t flags;
	uint32_t name; /* both are offsets from the head, of texts that end with a NUL */
	uint32_t path;
	uint32_t os;
	uint64_t hardware;
};

/* Files of older versions have the table of those days before it. */
static const char *find_head(const char *cache, size_t len)
{
	for (size_t at = 0; at + sizeof(struct cache_head) <= len; at += 4)
		if (memcmp(cache + at, MAGIC, sizeof(MAGIC) - 1) == 0)
			return cache + at;
	return NULL;
}

static bool is_listed(const struct crl_host *host, const char *path)
{
	for (size_t i = 0; i < host->libraries_len; i++)
		if (strcmp(host->libraries[i], path) == 0)
			return true;
	return false;
}

/* Of so many that they are no exceptions the directories, which nobody can then change. */
static int list(struct crl_host *host, const char *path)
{
	scoped_free char *text = strdup(path);

	if (!text)
		return -ENOMEM;
	if (host->libraries_len >= LIBRARIES_MAX && strrchr(text, '/') > text)
		*strrchr(text, '/') = '\0';
	if (is_listed(host, text))
		return 0;
	if (host->libraries_len % 64 == 0) {
		char **grown = reallocarray(host->libraries, host->libraries_len + 64, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		host->libraries = grown;
	}
	host->libraries[host->libraries_len++] = text;
	text = NULL;
	return 0;
}

int crl_host_take_libraries(struct crl_host *host, const char *cache, size_t len)
{
	const char *start = find_head(cache, len);
	struct cache_head head;
	size_t left;
	int rc = 0;

	if (!start)
		return 0;
	left = len - (size_t)(start - cache);
	memcpy(&head, start, sizeof(head));
	if (head.entries > (left - sizeof(head)) / sizeof(struct cache_entry))
		return 0;
	for (size_t i = 0; i < head.entries && rc == 0; i++) {
		struct cache_entry e;
		const char *path;

		memcpy(&e, start + sizeof(head) + i * sizeof(e), sizeof(e));
		path = start + e.path;
		if (e.path < left && memchr(path, '\0', left - e.path) && *path == '/' && crl_own_may_be_users(path))
			rc = list(host, path);
	}
	return rc;
}
