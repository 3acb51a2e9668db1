// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-keeper: a process of the user's own that works in their kept home: it answers them as long as the room lives,
 * and does what they and the policy want when the last room that shows the home has ended.
 *
 * Runs in: two processes on the host. This one has the user's ids and groups and no power; a child serves the marks of
 * directories (layers/marks.h). Made by the room's helper, since nobody has power at the end of a room.
 * Trusts: what the helper has handed over. What is in the home, in its layers and on its socket is the user's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "helper/keeper_wire.h"
#include "layers/view.h"
#include "wire/wish.h"

enum keeper_at_end { KEEPER_KEEP, KEEPER_DISCARD, KEEPER_COMMIT, KEEPER_ASK };

struct keeper {
	const char *room; /* id */
	const char *user; /* as a field */
	uid_t uid;
	gid_t gid;
	gid_t group[KEEPER_GROUPS_MAX];
	size_t groups;
	enum keeper_at_end at_end;
	size_t snapshots; /* that there may be */
	bool debug;

	int data; /* of the home's entry in the store */
	int use; /* open file of our own: locked shared as long as a room shows the home */
	int init; /* pidfd: the room */
	int supervisor; /* pidfd: its processes are gone, and its own lock */
	int alive; /* closed by our death */
	int listen; /* where the user asks; -EBADF = nowhere */
	int lower[CRL_LAYERS_MAX]; /* what lies below the home's own layers, youngest first */
	size_t lowers;
	bool lower_is_home; /* the last of them is the user's real home */

	struct crl_marks marks;
	int64_t quiet_ms; /* no new request before */
	int64_t due_ms; /* when all requests so far have had their share of time */
	off_t use_size; /* when we took it alone: it grows when somebody wants in */
};

/* The layers of a home, those of its own first. */
struct keeper_layers {
	struct crl_layers all;
	size_t own; /* so many descriptors are closed with it */
};

void keeper_layers_done(struct keeper_layers *l);

/* Open the home's layers. @ret  given back by keeper_layers_done() in any case */
int keeper_layers_open(const struct keeper *k, struct keeper_layers *ret, struct crl_err *err) CRL_MUST_CHECK;

/* An answer on its way to the user. */
struct keeper_talk {
	const struct keeper *k;
	int conn;
	int64_t end_ms; /* by crl_now_ms(): nobody waits longer for whoever does not read */
	size_t sent; /* bytes */
	size_t len; /* of text */
	char text[CRL_WISH_TEXT_MAX]; /* not sent yet */
};

/*
 * Add to an answer. What is full is sent.
 * Errors: -EFBIG there is more than one answer may have; -ETIMEDOUT; -ECANCELED the room has ended; -EPIPE; -errno.
 */
int keeper_talk_add(struct keeper_talk *t, const char *text) CRL_MUST_CHECK;

/* Is it in vain to go on, because of its time or the room's end? */
bool keeper_talk_is_over(const struct keeper_talk *t);

/* Answer one request, from its connection to its end. */
void keeper_answer(struct keeper *k);

/*
 * The answers themselves.
 * @ret_last  the last line, of at least KEEPER_LAST_MAX bytes
 * Return an exit status, or -errno: then the conversation breaks off.
 */
#define KEEPER_LAST_MAX 512
int keeper_tell_diff(struct keeper_talk *t, char *ret_last) CRL_MUST_CHECK;
int keeper_tell_snapshots(struct keeper_talk *t, char *ret_last) CRL_MUST_CHECK;
int keeper_note_wish(const struct keeper *k, enum crl_wish_ask what, const char *name, char *ret_last) CRL_MUST_CHECK;

/* Say it in the log when the keeper before was killed at its work. */
void keeper_begin(const struct keeper *k);

/*
 * Make one layer of all that is above what lies below, under an empty upper, unless it is one. Layers of snapshots
 * stay.
 * Errors, here and below: -EINTR somebody wants in; -ENOSPC, -EDQUOT; -errno.
 */
int keeper_flatten(const struct keeper *k, struct crl_err *err) CRL_MUST_CHECK;

/* Before a commit: what snapshots show of the real home becomes a layer of theirs. */
int keeper_keep_below(const struct keeper *k, struct crl_err *err) CRL_MUST_CHECK;

/* Make one of neighbouring layers that nothing tells apart, as dropped snapshots leave them. What fails is logged. */
void keeper_thin(const struct keeper *k);

/* Carry the changes over into the real home, as far as it can be done before somebody wants in. */
void keeper_commit(const struct keeper *k);

/*
 * Remove what a commit that was killed has left in the real home by names of its own. To be called before the upper
 * goes, by whose directories they are found; without such a commit nothing is looked at.
 */
void keeper_clean(const struct keeper *k);

/* Remove what is in the trash, as far as it can be done before somebody wants in. */
void keeper_empty_trash(const struct keeper *k);

/* Somebody wants to log in: stop at the next file. @arg  the keeper */
bool keeper_is_wanted(void *arg);

/* The room has ended: do what is to be done, if this was the last that showed the home. */
void keeper_finish(struct keeper *k);
