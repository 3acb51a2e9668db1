// SPDX-License-Identifier: Apache-2.0
/*
 * The two locks of an entry of the store, each a file under flock(2): whatever kills who has one, the kernel gives it
 * free. A lock is held by every descriptor of one opening; forked and handed-on ones share it.
 *
 *   lock     alone: who mounts the entry or changes what is in it. A login has it until its room stands, a command
 *            until it is done
 *   use      shared: whose room shows the entry, and whose keeper may still work in it. Alone: who changes it while
 *            nobody is in, and recovers or tidies it. A login that finds it held alone makes the file one byte longer
 *            and waits: who holds it looks at the length between two files, stops when it has grown, and gives way
 *
 * Whoever takes two takes "lock" first.
 *
 * Runs in: helper, supervisor, carrelctl (root), keeper (the user's uid; by descriptors that it was given).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/entry.h"

/* Make the files of the locks in a new entry. Returns 0 or -errno. */
int crl_entry_make_locks(int dir) CRL_MUST_CHECK;

/*
 * Take the lock "lock" and read the record again: it may have been changed before.
 * @patience_ms  how long is waited for who has it
 * Errors (stage HOME): -EBUSY somebody has it for longer; -ESTALE the entry was moved aside, and it has to be opened
 * anew; -errno.
 */
int crl_entry_lock(struct crl_entry *e, int64_t patience_ms, struct crl_err *err) CRL_MUST_CHECK;

/* Give it back. */
void crl_entry_unlock(struct crl_entry *e);

/*
 * Take the lock "use".
 * @alone   for who changes the entry; else shared, for who shows it; who has it alone is told that it is wanted
 * @ret_fd  holds it, also in other processes that it is handed to
 * Errors (stage HOME): -EBUSY rooms show it, or somebody changes it, for longer than @patience_ms; -errno.
 */
int crl_entry_use(const struct crl_entry *e, bool alone, int64_t patience_ms, int *ret_fd,
		  struct crl_err *err) CRL_MUST_CHECK;

/*
 * Make a shared "use" one that is held alone, which is so when no other opening holds it.
 * Returns 0; -EBUSY somebody else holds it too, and @use_fd is shared as before; -errno.
 * For a moment it is not held: who got it alone in between is told that it is wanted, and waited for: it is mostly a
 * keeper, which its user can stop. -ETIMEDOUT it has it for longer than @patience_ms, and @use_fd holds nothing.
 */
int crl_use_make_alone(int use_fd, int64_t patience_ms) CRL_MUST_CHECK;

/* Both, alone. */
struct crl_held {
	int lock;
	int use;
};

#define CRL_HELD_INIT \
	{ \
		.lock = -EBADF, .use = -EBADF \
	}

/*
 * Hold both alone, for who moves or removes the entry whole. One that has lost its locks has nobody who holds them.
 * @dir  the entry's
 * @ret  begins with CRL_HELD_INIT; crl_held_done() in any case
 * Returns 0; -EBUSY a room shows it, or somebody is at work in it; -errno.
 */
int crl_entry_hold_still(int dir, struct crl_held *ret) CRL_MUST_CHECK;
void crl_held_done(struct crl_held *h);

/*
 * Alone becomes shared. Waits for nobody but who takes it alone in between, without "lock". Returns 0; -ETIMEDOUT who
 * does has it for longer, and @use_fd holds nothing; -errno.
 */
int crl_use_share(int use_fd, int64_t patience_ms) CRL_MUST_CHECK;
