// SPDX-License-Identifier: Apache-2.0
/*
 * See sets.h.
 *
 * R1: in doubt a room is looked at. A set is quiet from the end of a look that has found all its names watched to the
 * next thing that may concern it. If it is when a room is taken up, and was before the room's helper began, nothing of
 * what is told has changed since then that is read by now; and what is read later finds the room among those whom it
 * concerns. The room's own file in STATE/shown comes through the same queue, so that what happened before it is even
 * known by then; but a room that is found by reading that directory is as safe.
 */
#include "helper/steward/sets.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "helper/steward/places.h"

uint32_t crl_hash(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h;
}

static bool is_same_entry(const struct crl_shown_entry *a, const struct crl_shown_entry *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->tree == b->tree && strcmp(a->source, b->source) == 0 &&
	       strcmp(a->target, b->target) == 0 && strcmp(a->data, b->data) == 0;
}

/* By what differs from policy to policy, and from host to host. */
static uint32_t hash_of(const struct crl_showing *s)
{
	uint32_t h = (uint32_t)s->entries;

	for (size_t i = 0; i < s->entries; i++)
		h = h * 31 + (crl_hash(s->entry[i].target, strlen(s->entry[i].target)) ^ s->entry[i].flags);
	return h;
}

static bool is_same_namespace(int a, int b)
{
	struct stat x, y;

	return a >= 0 && b >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

static bool is_of(const struct watch_set *set, const struct crl_showing *s, uint32_t hash, int from)
{
	if (set->hash != hash || set->entries != s->entries || !is_same_namespace(set->from, from))
		return false;
	for (size_t i = 0; i < s->entries; i++)
		if (!is_same_entry(&set->entry[i], &s->entry[i]))
			return false;
	return true;
}

static struct watch_set *make(struct watch_sets *sets)
{
	struct watch_set **bigger = reallocarray(sets->item, sets->len + 1, sizeof(struct watch_set *));
	struct watch_set *set = bigger ? calloc(1, sizeof(*set)) : NULL;

	if (bigger)
		sets->item = bigger;
	if (set)
		sets->item[sets->len++] = set;
	return set;
}

struct watch_set *crl_sets_join(struct watch_sets *sets, struct crl_showing *shown, int from)
{
	scoped_fd fd = from;
	uint32_t hash = hash_of(shown);
	struct watch_set *set = NULL;

	for (size_t i = 0; i < sets->len && !set; i++)
		set = is_of(sets->item[i], shown, hash, fd) ? sets->item[i] : NULL;
	if (set) {
		free(shown->entry);
		free(shown->text);
	} else {
		set = make(sets);
		if (!set)
			return NULL;
		*set = (struct watch_set){.from = take_fd(&fd),
					  .entry = shown->entry,
					  .entries = shown->entries,
					  .text = shown->text,
					  .hash = hash};
		set->elsewhere = !is_same_namespace(set->from, sets->host);
	}
	set->rooms++;
	shown->entry = NULL;
	shown->entries = 0;
	shown->text = NULL;
	return set;
}

static const struct way *find_watch(const struct way *way, size_t ways, int wd)
{
	for (size_t i = 0; i < ways; i++)
		if (way[i].wd == wd)
			return &way[i];
	return NULL;
}

/* Names of one directory stand together mostly. */
void crl_sets_unwatch(const struct watch_sets *sets, const struct way *way, size_t ways)
{
	for (size_t i = 0; i < ways; i++) {
		bool used = i > 0 && way[i - 1].wd == way[i].wd;

		for (size_t k = 0; k < sets->len && !used; k++)
			used = find_watch(sets->item[k]->way, sets->item[k]->ways, way[i].wd) != NULL;
		if (!used)
			(void)inotify_rm_watch(sets->inotify, way[i].wd);
	}
}

bool crl_sets_leave(struct watch_sets *sets, struct watch_set *set)
{
	if (--set->rooms > 0)
		return false;
	for (size_t i = 0; i < sets->len; i++)
		if (sets->item[i] == set)
			sets->item[i] = sets->item[--sets->len];
	crl_sets_unwatch(sets, set->way, set->ways);
	drop_fd(&set->from);
	free(set->entry);
	free(set->text);
	free(set->way);
	free(set->led);
	free(set);
	return true;
}

/* Something has happened, of which it is known, or may be, that it concerns the set. */
static void stir(struct watch_set *set)
{
	set->quiet_ms = 0;
	set->stirred = true;
}

void crl_sets_stir(struct watch_sets *sets)
{
	for (size_t i = 0; i < sets->len; i++)
		stir(sets->item[i]);
}

static const struct way *find(const struct watch_set *set, const struct happening *h)
{
	for (size_t i = 0; i < set->ways; i++)
		if (set->way[i].wd == h->wd && (set->way[i].once || !h->named || set->way[i].hash == h->hash))
			return &set->way[i];
	return NULL;
}

enum concern crl_sets_concern(struct watch_sets *sets, const struct happening *h, int64_t now_ms, int64_t later_ms)
{
	enum concern whom = CONCERNS_NOBODY;

	for (size_t i = 0; i < sets->len; i++) {
		struct watch_set *set = sets->item[i];
		const struct way *way = find(set, h);

		if (!way)
			continue;
		stir(set);
		set->concerned_ms = way->once ? later_ms : now_ms;
		set->by_others = way->once;
		if (way->once || whom == CONCERNS_NOBODY)
			whom = way->once ? CONCERNS_OTHERS : CONCERNS_ROOTS;
	}
	return whom;
}

bool crl_ways_have_others(const struct way *way, size_t ways, int wd)
{
	const struct way *w = find_watch(way, ways, wd);

	return w && w->once;
}

void crl_sets_mounted(struct watch_sets *sets, const char *point, int64_t now_ms)
{
	for (size_t i = 0; i < sets->len; i++) {
		if (!crl_set_may_be_at(sets->item[i], point))
			continue;
		stir(sets->item[i]);
		sets->item[i]->concerned_ms = now_ms;
		sets->item[i]->by_others = false;
	}
}

void crl_sets_forget(struct watch_sets *sets, int wd)
{
	for (size_t i = 0; i < sets->len; i++) {
		struct watch_set *set = sets->item[i];
		size_t n = 0;

		for (size_t k = 0; k < set->ways; k++)
			if (set->way[k].wd != wd)
				set->way[n++] = set->way[k];
		if (n < set->ways)
			stir(set); /* R1 */
		set->ways = n;
	}
}

void crl_set_begin(struct watch_set *set)
{
	set->stirred = false;
}

static bool is_in(const struct way *way, size_t ways, const struct way *one)
{
	for (size_t i = 0; i < ways; i++)
		if (way[i].wd == one->wd && way[i].hash == one->hash)
			return true;
	return false;
}

static bool are_same(const struct watch_set *set, const struct ways_seen *seen)
{
	size_t size = seen->ways * sizeof(*seen->way);

	return set->ways == seen->ways && (size == 0 || memcmp(set->way, seen->way, size) == 0);
}

static bool take_ways(struct watch_sets *sets, struct watch_set *set, const struct ways_seen *seen)
{
	size_t kept = seen->whole ? 0 : set->ways, n = seen->ways, olds = set->ways;
	struct way *way = reallocarray(NULL, kept + n + 1, sizeof(*way)); /* one more: there may be none */
	scoped_free struct way *old = set->way;

	if (!way) {
		old = NULL;
		return false;
	}
	if (n)
		memcpy(way, seen->way, n * sizeof(*way));
	for (size_t i = 0; i < kept; i++)
		if (!is_in(seen->way, seen->ways, &old[i]))
			way[n++] = old[i];
	set->way = way;
	set->ways = n;
	crl_sets_unwatch(sets, old, olds);
	return true;
}

static void take_led(struct watch_set *set, const struct ways_seen *seen)
{
	free(set->led);
	set->led = seen->led ? malloc(seen->led_len + 1) : NULL;
	if (!set->led)
		return;
	memcpy(set->led, seen->led, seen->led_len);
	set->led[seen->led_len] = '\0';
}

/* R1 */
void crl_set_seen(struct watch_sets *sets, struct watch_set *set, const struct ways_seen *seen, int64_t now_ms)
{
	bool taken = are_same(set, seen) || take_ways(sets, set, seen);

	take_led(set, seen);
	if (!taken || !seen->whole || !seen->sure || set->stirred)
		set->quiet_ms = 0;
	else if (set->quiet_ms == 0)
		set->quiet_ms = now_ms;
}

bool crl_set_is_true_for(const struct watch_set *set, int64_t began_ms)
{
	return set->quiet_ms != 0 && began_ms > set->quiet_ms;
}
