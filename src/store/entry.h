// SPDX-License-Identifier: Apache-2.0
/*
 * One entry of the store: what is kept for one user.
 *
 *   STORE/home/UID/, STORE/root/UID.BASE/     root's, 0700
 *     owner     whose it is and what it is made of (owner.h)
 *     lock      held while the entry is mounted or changed (lock.h)
 *     use       held shared as long as somebody shows it
 *     lower     what it was last mounted over
 *     fs.img    form "image": the file system
 *     data/     forms "plain" and "project"
 *
 * An entry comes into being whole, by one rename, and has no data before form.h makes them. One whose record does not
 * fit, because its uid is somebody else's now or because it cannot be read, is never used: it is moved to
 * STORE/orphans, whole, and stays there until the operator has it removed (gc.h).
 *
 *	scoped(crl_store) store = {.dir = -EBADF};
 *	scoped(crl_entry) entry = CRL_ENTRY_INIT;
 *
 *	rc = crl_store_open(path, true, &store, err);
 *	rc = crl_entry_open(&store, &(struct crl_entry_key){.uid = uid, .user = user}, true, &entry, err);
 *	rc = crl_entry_lock(&entry, patience_ms, err);			lock.h; from here on the record is true
 *	rc = crl_form_make(&entry, &wish, err);				form.h; nothing to do when it is made
 *	rc = crl_form_open(&entry, patience_ms, &data, err);		the data directory, a detached mount
 *	rc = crl_stack_ready(data, &top, err);				stack.h; makes and recovers
 *
 * Runs in: helper, carrelctl (root).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/owner.h"
#include "store/store.h"

#define CRL_ENTRY_NAME_MAX 160 /* "home/UID" or "root/UID.BASE", with NUL */
#define CRL_ENTRY_BASE_MAX 128 /* of a root's base, with NUL */

/* Which entry. */
struct crl_entry_key {
	uint32_t uid;
	const char *user; /* as the name service has the uid now */
	const char *base; /* what a kept root stands over: an image's name or "host". NULL = the entry is a home */
};

struct crl_entry {
	const struct crl_store *store; /* has to outlive it */
	char name[CRL_ENTRY_NAME_MAX]; /* below the store; also how holders.h calls it */
	int dir;
	int lock; /* held by crl_entry_lock(), else -EBADF */
	struct crl_owner owner; /* true while the lock is held */
	char orphaned[CRL_ENTRY_NAME_MAX]; /* where in the store one was moved that did not fit; "" = there was none */
	char why[160]; /* it did not fit */
};

#define CRL_ENTRY_INIT \
	{ \
		.dir = -EBADF, .lock = -EBADF \
	}

/*
 * Open a user's entry.
 * @make  make it when it is not there, and move aside one that does not fit: ret->orphaned then says where to, and the
 *        caller tells the operator
 * Errors (stage HOME): -ENOENT it is not there, and @make is false; -ESTALE it is, but its record does not fit, and
 * @make is false; -EPROTONOSUPPORT its record is of another version: it stays where it is; -EPERM not root's alone;
 * -EBUSY it does not fit, and rooms show it; -errno.
 */
int crl_entry_open(const struct crl_store *store, const struct crl_entry_key *key, bool make, struct crl_entry *ret,
		   struct crl_err *err) CRL_MUST_CHECK;
void crl_entry_done(struct crl_entry *e);

/* With the entry's lock held: its record becomes e->owner, on the disk. Returns 0, or -errno and the old one stands. */
int crl_entry_write_owner(const struct crl_entry *e) CRL_MUST_CHECK;

/*
 * Read an entry's record.
 * Returns 0; -EBADMSG there is none, or it is no record; -EPROTONOSUPPORT it is another carrel's; -errno it could not
 * be read.
 */
int crl_entry_read_owner(int dir, struct crl_owner *ret) CRL_MUST_CHECK;

/*
 * With the store's lock held: move an entry to STORE/orphans.
 * @name  below the store
 * @ret   where it is now, below the store
 */
int crl_entry_orphan(const struct crl_store *store, const char *name, char ret[CRL_ENTRY_NAME_MAX]) CRL_MUST_CHECK;

/* What an entry was last mounted over. */
struct crl_lowers {
	char **item; /* owned; paths as they were resolved, youngest first, or a word of the caller's */
	size_t len;
};

#define CRL_LOWERS_MAX 64

/*
 * With the entry's lock held: note what it is mounted over.
 * @line  texts without a newline, at most CRL_LOWERS_MAX
 * Returns 0; -EINVAL one of them cannot be noted; -errno.
 */
int crl_entry_write_lower(const struct crl_entry *e, const char *const *line, size_t len) CRL_MUST_CHECK;

/* Returns 0; -ENOENT it was never mounted; -EBADMSG; -ENOMEM; -errno. */
int crl_entry_read_lower(const struct crl_entry *e, struct crl_lowers *ret) CRL_MUST_CHECK;
void crl_lowers_done(struct crl_lowers *l);
