// SPDX-License-Identifier: Apache-2.0
/*
 * Which living rooms show which entry of the store: STATE/homes/ROOM.home and ROOM.root, a small text for each.
 *
 * A note is there from the moment that the room's mounts stand, before the entry's lock is given back, and goes with
 * the room. One whose init is dead counts as gone, whoever has not removed it.
 *
 * Runs in: helper, supervisor (forgets only), sweep, carrelctl (root).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "store/entry.h"

#define CRL_HOLDERS_DIR "homes" /* below STATE */
#define CRL_HOLDER_ROOM_MAX 16 /* id of a room, with NUL */
#define CRL_HOLDER_AT_MAX 1024 /* with NUL */

struct crl_holder {
	char room[CRL_HOLDER_ROOM_MAX];
	char entry[CRL_ENTRY_NAME_MAX]; /* as crl_entry.name */
	char id[CRL_OWNER_ID_MAX]; /* of its record: another store, or its next owner, has one of the same name */
	char at[CRL_HOLDER_AT_MAX]; /* where in the room it is mounted, absolute */
	pid_t init;
	uint64_t start; /* of init, as crl_process_start() */
	uint64_t device; /* st_dev of what is mounted: one for each overlay */
};

struct crl_holders {
	struct crl_holder *item; /* owned */
	size_t len;
};

/*
 * Note a room. @state  directory STATE
 * Returns 0; -EINVAL a text that cannot be noted; -errno.
 */
int crl_holder_note(int state, const struct crl_holder *h) CRL_MUST_CHECK;

/* Forget all of a room. @holders  STATE/homes, as crl_holders_open() gives it, -EBADF = nothing to do */
void crl_holder_forget(int holders, const char *room);

/* Open STATE/homes, made when it is missing. Returns a descriptor or -errno. */
int crl_holders_open(int state) CRL_MUST_CHECK;

/*
 * Rooms that live and show an entry.
 * @entry  its name and its record's id count; NULL = any
 * @ret    to be given back by crl_holders_done() in any case
 * Returns 0 or -errno; none when STATE/homes is not there.
 */
int crl_holders_read(int state, const struct crl_entry *entry, struct crl_holders *ret) CRL_MUST_CHECK;
void crl_holders_done(struct crl_holders *h);

/* Remove the notes of rooms that are dead. */
void crl_holders_sweep(int state);
