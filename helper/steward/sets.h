// SPDX-License-Identifier: Apache-2.0
/*
 * Rooms that show the same of the same host are concerned by the same names: one list of those for all of them, and one
 * copy of what they show. A host with a thousand rooms has a few such sets.
 *
 * It is also known of a set since when nothing has happened to it, and then its next room needs no look: what was true
 * when its helper read the host still is.
 *
 * Runs in: carrel-steward.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"
#include "state/rooms/shown.h"

/* A name in a watched directory. */
struct way {
	int wd;
	uint32_t hash; /* of the name */
	uint32_t once; /* not root's alone: tells one event of whatever name, and is set anew by the next look */
};

struct watch_set {
	int from; /* mount namespace that its rooms were made from; held, so that no other gets its number */
	struct crl_shown_entry *entry;
	size_t entries;
	char *text; /* what the entries point into */
	uint32_t hash; /* of them */
	size_t rooms;
	struct way *way;
	size_t ways;
	int64_t quiet_ms; /* CLOCK_BOOTTIME: since then all is watched, and nothing has happened; 0 = it is not so */
	int64_t concerned_ms; /* when its rooms are to be looked at, until they have been told; 0 = they need not */
	bool by_others; /* by what somebody has done who need not be root */
	bool stirred; /* something has happened since its last look began */
	bool no_sockets; /* names of sockets lead where it takes too long */
	bool elsewhere; /* its host's mounts are not those that the steward sees, or not known to be */
	char *led; /* where links lead: paths, each with its end, and an empty one; NULL = not known */
};

struct watch_sets {
	struct watch_set **item;
	size_t len;
	int inotify;
	int host; /* the steward's own mount namespace */
};

/* What a look has found of the names. */
struct ways_seen {
	const struct way *way;
	size_t ways;
	bool whole; /* these are all; else what was known before stays as well */
	const char *led; /* as in the set; NULL = the look has not found all */
	size_t led_len;
	bool sure; /* each is watched, and nothing has happened meanwhile that may have been meant for one of them */
};

/* Something has happened in a watched directory. */
struct happening {
	int wd;
	bool named; /* to a name in it; false: to the directory itself */
	uint32_t hash; /* of the name */
};

/* Whom something that has happened concerns. */
enum concern {
	CONCERNS_NOBODY,
	CONCERNS_ROOTS, /* a set, by a name in a directory that is root's alone */
	CONCERNS_OTHERS, /* a set, by a name in another */
};

/* FNV-1a. */
uint32_t crl_hash(const char *text, size_t len);

/*
 * The set of a room that shows this, a new one if need be.
 * @shown  its entries and their text become the set's, or are freed: @shown has none afterwards
 * @from   taken over; -EBADF = not known: then no other room is like this one
 * NULL: no memory; @shown has what it had.
 */
struct watch_set *crl_sets_join(struct watch_sets *sets, struct crl_showing *shown, int from);

/* A room of it is gone. With its last one goes the set, and what is watched for no other: true then. */
bool crl_sets_leave(struct watch_sets *sets, struct watch_set *set);

/* Of these watches those go that no set needs. */
void crl_sets_unwatch(const struct watch_sets *sets, const struct way *way, size_t ways);

void crl_sets_stir(struct watch_sets *sets);

/*
 * Something has happened to a name: sets that it concerns are stirred, and get concerned_ms.
 * @now_ms  where the directory is root's alone; @later_ms where not
 */
enum concern crl_sets_concern(struct watch_sets *sets, const struct happening *h, int64_t now_ms, int64_t later_ms);

/* Is that a watch of these, in a directory that others than root can write to? */
bool crl_ways_have_others(const struct way *way, size_t ways, int wd);

/* Something was mounted on the host at @point, or is not any more: the same for the sets that it may concern. */
void crl_sets_mounted(struct watch_sets *sets, const char *point, int64_t now_ms);

/* The kernel has ended this watch. */
void crl_sets_forget(struct watch_sets *sets, int wd);

/* A look at a room of it begins, and has ended. @now_ms  CLOCK_BOOTTIME */
void crl_set_begin(struct watch_set *set);
void crl_set_seen(struct watch_sets *sets, struct watch_set *set, const struct ways_seen *seen, int64_t now_ms);

/* Does a room of it need no look, whose helper began then? @began_ms  CLOCK_BOOTTIME, rounded down */
bool crl_set_is_true_for(const struct watch_set *set, int64_t began_ms);
