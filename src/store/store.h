// SPDX-License-Identifier: Apache-2.0
/*
 * The store: a directory for what outlives rooms, root's alone.
 *
 *   STORE/lock           held while an entry is made or moved aside, and while a project id is chosen
 *   STORE/home/UID/      kept homes, see entry.h
 *   STORE/root/UID.BASE/ kept roots, in the same way
 *   STORE/learn/         what was learned of policies, see state/learn/tally.h
 *   STORE/orphans/       entries that were moved aside: their record did not fit
 *
 * Runs in: helper, carrelctl (root).
 * Trusts: what root owns and only root can write, from "/" down.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CRL_STORE_HOMES "home"
#define CRL_STORE_ROOTS "root"
#define CRL_STORE_ORPHANS "orphans"

struct crl_store {
	int dir;
	const char *path; /* the caller's, for messages */
};

/*
 * Open the store.
 * @path  absolute; has to outlive @ret
 * @make  make it, and what is missing of it, where its parent is there and root's
 * Errors (stage HOME): -ENOENT it was never made; -ENODEV what it lies on is not mounted (unmounted.h); -EPERM it, or
 * something above it, is not root's alone; -errno.
 */
int crl_store_open(const char *path, bool make, struct crl_store *ret, struct crl_err *err) CRL_MUST_CHECK;
/*
 * The kind of file system of the directory @dir, where it is one that takes no upper of an overlay: it tells no types
 * of names, or has no attributes. Returns its name for people, or NULL.
 */
const char *crl_store_unfit(int dir);

void crl_store_done(struct crl_store *s);

/*
 * Take the store's own lock, for the moment that something is made or moved in it.
 * @patience_ms  how long is waited for who has it
 * @ret_fd       close to release
 * Errors (stage HOME): -EBUSY somebody else has it for longer; -errno.
 */
int crl_store_lock(const struct crl_store *s, int64_t patience_ms, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/* flock(2) that waits for a time. @operation LOCK_EX or LOCK_SH. Returns 0; -EWOULDBLOCK it is over; -errno. */
int crl_flock_within(int fd, int operation, int64_t patience_ms) CRL_MUST_CHECK;

/* Open a directory of root's alone in the store or STATE, made with mode 0700 when @make. 0; -EPERM; -errno. */
int crl_store_dir(int at, const char *name, bool make, int *ret_fd) CRL_MUST_CHECK;
