// SPDX-License-Identifier: Apache-2.0
/*
 * Rooms show what the host has, while they live: what the parts of this duty share.
 *
 * A room is looked at as a whole: a child enters it, compares each thing that it shows with the host's, and renews what
 * is another by now. When to look is told by inotify: each directory in which a name on the way to one of these things
 * stands is watched. So nothing is remembered but whom a directory concerns (sets.h).
 *
 * Runs in: carrel-steward, inside of helper/steward only.
 */
#pragma once

#include <limits.h>

#include "helper/steward/sets.h"
#include "helper/steward/steward.h"
#include "state/rooms/shown.h"

#define CRL_WAYS_MAX 4096 /* names on the ways of one room; what is beyond waits until something else changes */
#define CRL_TROUBLE_MAX 16 /* things that could not be looked at in time, at a time */
#define CRL_STEP_TEXT_MAX 160
#define CRL_LED_MAX 65536 /* bytes of paths to which links lead */

/* What a child says, in memory that it shares with the steward. */
struct report {
	uint32_t ways;
	struct way way[CRL_WAYS_MAX];
	uint32_t at; /* the entry that it is at, by which one that hangs is known */
	uint32_t whole; /* it came to the end */
	uint32_t passed; /* entries that it passed over */
	uint32_t unwatched; /* names of which nothing will be told */
	uint32_t renewed;
	uint32_t names; /* of these, files that say whom rooms with a way out ask for names */
	int32_t error; /* of the last entry that could not be renewed, positive; 0 = none */
	uint32_t failed; /* which */
	char step[CRL_STEP_TEXT_MAX];
	uint32_t lost; /* ways of which it is not known where they lead, or no change of a link is told */
	uint32_t led_len;
	char led[CRL_LED_MAX]; /* where links lead: paths, each with its end */
};

struct rooms;

/* A room that is followed. */
struct followed {
	struct crl_showing shown; /* without its entries: those are its set's */
	char *host_name; /* in its /etc/hosts; owned: users' rooms of one policy may differ in nothing else */
	struct watch_set *set; /* NULL = it shows the host itself, or nothing of it */
	struct rooms *rooms;
	size_t at; /* among them */
	int pidfd; /* of its init: the room's life */
	int64_t due_ms; /* when it is to be looked at; 0 = nothing has changed */
	struct followed *next_due, **prev_due; /* among those with another due_ms than 0 */
	bool by_others; /* what has changed others than root can change */
	int64_t credit_ms; /* by when as many looks as it has had would have been due at the steady pace */
	uint32_t told; /* hash of the trouble that is in the log */
};

/* What is passed over for a while, since looking at it takes too long. */
struct trouble {
	char path[PATH_MAX]; /* whole: of two paths with one hash a user would choose the second */
	int64_t until_ms;
};

/* rooms.c: the rooms that live, by STATE/shown. */
struct rooms {
	struct followed **item;
	size_t len;
	int shown; /* STATE/shown */
	struct watch_sets sets;
};

/*
 * Take up the room of that file in STATE/shown, when it is one, lives, and is not known yet.
 * @on_new  told of it then
 */
void crl_steward_take(struct crl_steward *s, struct rooms *rooms, const char *name, void (*on_new)(struct followed *f));

/* Take every room of which there is a file. */
void crl_steward_look(struct crl_steward *s, struct rooms *rooms, void (*on_new)(struct followed *f));

/* follow.c: told of a room that is gone, before it is freed. */
void crl_follow_forget(struct followed *f);

/* What a walk works with. */
struct watching {
	int root; /* of the mount namespace that the room was made from */
	int fds; /* /proc/self/fd */
	int inotify;
	struct report *report;
};

/* ways.c: watch the directories on the way to @path; the report gets them. The working directory changes. */
void crl_ways_watch(const struct watching *w, const char *path);

/*
 * The same for a name that anybody may have said: nothing is asked but the kernel's cache, and only the directory that
 * it stands in is watched.
 */
void crl_steward_watch_cached(const struct watching *w, const char *path);

/* In a directory that is watched already: be told, too, of a file that was written in place. @path  relative */
void crl_steward_watch_text(const struct watching *w, const char *path);

/* look.c: the mount namespace of that process, proved by its start time; -EBADF when it is gone. */
int crl_follow_open_namespace(pid_t pid, uint64_t start);

/* In a child: look at all that the room shows. @trouble  CRL_TROUBLE_MAX of them */
_Noreturn void crl_follow_work(const struct followed *f, int inotify, const struct trouble *trouble,
			       struct report *report);
