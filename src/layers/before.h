// SPDX-License-Identifier: Apache-2.0
/*
 * What a commit is about to replace in the real home, as a layer: over the home as it becomes it shows the home as it
 * was. Put below what a snapshot shows, before anything is committed, it leaves the snapshot as it is: at each moment
 * of the commit, whatever becomes of it.
 *
 * It goes by paths alone, without redirects: of a directory that is deleted, replaced or was renamed all content is in
 * it. Names of one file become files of their own, and what is made belongs to who runs this.
 *
 * Runs in: workers with the user's uid and groups; marks come from their server.
 * Trusts: nothing in the trees.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"

struct crl_before {
	const struct crl_layers *layers; /* of the commit: the upper, and the real home; top = 1 */
	int into; /* an empty directory on the upper's file system */
	const char *const *path; /* of the commit: NULL-ended, or NULL = all */
	bool (*stop)(void *arg); /* asked for each name: true ends it with -EINTR. NULL: never */
	void *arg;
	uint64_t names; /* what came of it: so many things are about to change. 0: a commit changes nothing */
};

/*
 * Nothing but @into is changed.
 * Returns 0 when all is on the disk; -EINTR; -EOPNOTSUPP a device, -EACCES what the user may not read: neither can be
 * kept; -ENOSPC, -EDQUOT; -errno.
 */
int crl_before_run(struct crl_before *b, struct crl_err *err) CRL_MUST_CHECK;
