// SPDX-License-Identifier: Apache-2.0
/*
 * What an entry's data directory holds: the upper, the frozen layers below it, and the snapshots that name them.
 *
 *   DATA/up/         the upper                      DATA/stack       which layers are below it (stack_text.h)
 *   DATA/work/       overlayfs's own                DATA/snapshots   names for what was frozen
 *   DATA/layers/N/   frozen, N = 1, 2, …            DATA/trash/      what is to be removed (gc.h)
 *   DATA/next        a change that is decided, with .new-up, .new-work, .new-layer, .new-stack, .new-snapshots
 *
 * A change goes like this: everything new is made beside (.new-*) and brought to the disk; `next` is put there by one
 * rename, which decides; then only names change: up goes to layers/N or to trash, what is new takes its place, and
 * `next` goes last. Who is killed before `next` leaves the old state and some leftovers, who is killed after it the new
 * state, of which crl_stack_ready() does the rest: each rename is done when its target is not there yet. So nothing but
 * crl_stack_ready() may come first.
 *
 * All of them take the data directory's descriptor, which may be one that only names it (O_PATH), as form.h has it.
 * The directory is the user's: everything in it is found beneath its descriptor without following a link, texts are
 * believed in their strict form alone, and what does not fit is refused in words.
 *
 * Runs in: helper, carrelctl (root), keeper (the user's uid). What does more than read needs the entry's "use" alone.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "store/stack_text.h"

#define CRL_STACK_UP "up"
#define CRL_STACK_WORK "work"
#define CRL_STACK_LAYERS "layers"
#define CRL_STACK_TRASH "trash"

/* What a new upper is like: it is what the merged directory shows of itself. */
struct crl_stack_top {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/*
 * Make what is not there yet, and finish or clear away what was interrupted.
 * @data  the data directory; for its texts' owner its own owner counts
 * @top   of the upper, when there is none yet; NULL: then that is an error
 * What spare.h keeps back is free afterwards: who mounts an overlay calls crl_spare_settle() before anybody is in.
 * Errors (stage HOME), here and below: -EBADMSG the directory does not hold what it should; -ENOENT no upper was ever
 * made; -ENOSPC, -EDQUOT it is full; -errno. What was decided is finished by the next call.
 */
int crl_stack_ready(int data, const struct crl_stack_top *top, struct crl_err *err) CRL_MUST_CHECK;

/* Will crl_stack_ready() make the first upper? */
bool crl_stack_is_new(int data);

/* Read both texts. Either may be NULL. -EINPROGRESS: a change has to be finished first. */
int crl_stack_read(int data, struct crl_stack *ret_stack, struct crl_snapshots *ret_snapshots,
		   struct crl_err *err) CRL_MUST_CHECK;

/* Open the upper, for reading. */
int crl_stack_open_up(int data, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/* Open a frozen layer, for reading. */
int crl_stack_open_layer(int data, uint32_t layer, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Freeze the upper as a layer with a name. The new upper is empty and otherwise as the old one: owner, mode, ACL.
 * @when  CLOCK_REALTIME seconds, for the record
 * @most  how many snapshots there may be
 * Errors: -EINVAL no such name can be; -EEXIST there is one; -EDQUOT there are @most; -EMLINK CRL_STACK_MAX layers.
 */
int crl_snapshot_take(int data, const char *name, int64_t when, size_t most, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Go back to a snapshot: its layers, under an empty upper. What was there since goes to the trash.
 * @keep_as  the name of a snapshot that is taken of it first, unless there is nothing to lose; NULL = none is taken
 * Errors: -ENOENT there is none of that name; as crl_snapshot_take(), where "most" is what can be at all.
 */
int crl_snapshot_restore(int data, const char *name, const char *keep_as, int64_t when,
			 struct crl_err *err) CRL_MUST_CHECK;

/* What was made elsewhere. */
struct crl_snapshot_made {
	int at; /* on the same file system */
	const char *name; /* there; a directory, on the disk as a whole. It is there no more afterwards */
};

/*
 * It becomes all that is kept: a layer under an empty upper, over the lower alone. What there was goes to the trash;
 * snapshots stay. @keep_as  as for crl_snapshot_restore()
 */
int crl_snapshot_import(int data, const struct crl_snapshot_made *made, const char *keep_as, int64_t when,
			struct crl_err *err) CRL_MUST_CHECK;

/* Forget a snapshot. Layers that nothing names any more go to the trash. Errors: -ENOENT. */
int crl_snapshot_drop(int data, const char *name, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Neighbouring layers that nothing tells apart, as a dropped snapshot leaves them, become one:
 *
 *	crl_stack_merge_find(data, &layers, err);		until layers.len is 0
 *	crl_stack_merge_begin(data, &layers, &into, err);	an empty directory, as the younger one is
 *	crl_merge_run(...);					layers/merge.h: the first two of layers, above the rest
 *	crl_stack_merge_end(data, &layers, err);		decides; the two go to the trash
 *
 * Who is interrupted before the end leaves what the next crl_stack_ready() throws away.
 * @layers  the two, and then all that are below them; len 0: there are none
 */
int crl_stack_merge_find(int data, struct crl_stack *ret, struct crl_err *err) CRL_MUST_CHECK;
int crl_stack_merge_begin(int data, const struct crl_stack *layers, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;
int crl_stack_merge_end(int data, const struct crl_stack *layers, struct crl_err *err) CRL_MUST_CHECK;

/*
 * What snapshots show stays when what lies below them is about to change: what they show of it becomes the oldest layer
 * of each.
 *
 *	crl_stack_below_begin(data, &into, err);	an empty directory
 *	crl_before_run(...);				layers/before.h
 *	crl_stack_below_end(data, err);			decides
 *
 * The present goes on without it, so that it stands on no snapshot any more. Interrupted: as for a merge.
 * Errors of the end: -EMLINK a snapshot has as many layers as can be.
 */
int crl_stack_below_begin(int data, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;
int crl_stack_below_end(int data, struct crl_err *err) CRL_MUST_CHECK;

/* Is all that is above the lower one layer, or the upper alone, that no snapshot has? Returns 1, 0 or -errno. */
int crl_stack_is_flat(int data, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Throw the present's changes away since the snapshot that it stands on; all, when it stands on none. The upper goes to
 * the trash as a whole, and an empty one takes its place; so do layers that no snapshot has.
 */
int crl_stack_empty_up(int data, struct crl_err *err) CRL_MUST_CHECK;
