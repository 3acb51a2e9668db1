// SPDX-License-Identifier: Apache-2.0
/*
 * Who is there, for the sweep: all that living rooms have, read in one pass and looked up afterwards.
 *
 * Runs in: helper, steward (root).
 * R1: a login that is on its way is in nobody's record. Its helper holds the lock STATE/rooms/ID.lock, which the kernel
 * gives free when that helper ends in whatever way, and takes it away only when the login is on record. So who looks at
 * the traces first, at the locks then and at the records last has met every login that the traces can belong to.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/words.h"
#include "state/rooms/record.h"

struct crl_live {
	struct crl_words names; /* of living rooms' files */
	struct crl_words ids; /* of their logins, and their own */
	struct crl_words units; /* every part of their slices' paths */
	struct crl_words roots; /* cgroup roots of all records, the dead ones' too */
	pid_t *app; /* applications, sorted */
	size_t apps;
};

/* What helpers say of logins that are on their way. */
struct crl_making {
	struct crl_words held; /* ids: their helpers live */
	struct crl_words roots; /* cgroup roots that dead helpers had noted */
};

/*
 * Read all records: each is opened once, and each supervisor's start time is looked at once.
 * @state  the state directory's path
 * Errors (stage STATE): as crl_rooms_read(); -EIO a record is there and cannot be read; -ENOMEM.
 */
int crl_live_read(const char *state, struct crl_live *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_live_done(struct crl_live *live);
bool crl_live_has_app(const struct crl_live *live, pid_t pid);

/* See which of the locks that bear an id are held. Errors (stage STATE): -errno of the directory, -ENOMEM. */
int crl_making_read(const struct crl_state *s, struct crl_making *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_making_done(struct crl_making *m);

/* With the making lock held: note where the login is going to have its cgroup. @root  "" = the usual, without note */
int crl_making_note(int lock, const char *root) CRL_MUST_CHECK;

/* True for what crl_id_make() can have made. */
bool crl_id_is_valid(const char *text);
