// SPDX-License-Identifier: Apache-2.0
/*
 * Bring what the upper of an overlay changes into the real home below it, and take it out of the upper.
 *
 * At each moment, and whatever call fails or process is killed, the overlay of what is there shows the same content as
 * before, and in the real home each name has its old or its new state. The next run goes on where this one ended.
 * Names that begin with ".carrel-" and are not whole may be left until then.
 *
 * What cannot be committed is told, and stays in the upper: devices, what is immutable, what the user may not read or
 * change, and all of a new or renamed directory that has such a thing in it.
 *
 * Runs in: workers with the user's uid and groups and nothing else; marks come from their server.
 * Trusts: nothing in both trees. The overlay is not mounted meanwhile (who runs this holds the store's locks); the real
 * home may be changed at any time, also against it.
 * Descriptors: three for each level of directories, and a few hundred.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"

enum crl_commit_news {
	CRL_COMMIT_KEPT, /* could not be committed, and is a change as before */
	CRL_COMMIT_LEFT_OUT, /* a socket, which is of no use without who listens: in neither of both */
	CRL_COMMIT_LITTER, /* could not be removed: something of the old state, by a name that begins with ".carrel-" */
};

struct crl_commit {
	const struct crl_layers *layers; /* two: the upper, and the real home; top = 1 */
	int data; /* directory for the note of a commit under way, on the upper's file system */
	int trash; /* directory on the same: what is taken out of the upper by whole directories is moved here */
	const char *const *path; /* NULL-ended: only these and what is beneath; "a/b", without a slash at the ends.
				  * NULL: all */
	bool (*stop)(void *arg); /* asked between files: true ends it with -EINTR. NULL: never */
	void (*tell)(void *arg, enum crl_commit_news news, const char *path, const char *why);
	void (*progress)(void *arg, const struct crl_commit *c); /* after each file, by what follows. NULL: untold */
	void *arg; /* of all three */
	/* what came of it */
	uint64_t all_files, all_bytes; /* changes that were there: files, and the size of regular ones */
	uint64_t files, bytes; /* of these so many are through */
	uint64_t kept; /* so many things were told as KEPT */
};

/*
 * The two layers of a commit: of an upper and the home, or of an upper with nothing in it, what all was merged in, and
 * the home. Descriptors stay @all's.
 */
struct crl_layers crl_commit_layers(const struct crl_layers *all);

/*
 * Returns 0, also when something was kept (c->kept); -EINTR it was stopped; -ENOSPC, -EDQUOT, -EIO … with the rest as
 * it was. The upper is empty but for its own attributes after 0 with nothing kept and no path.
 */
int crl_commit_run(struct crl_commit *c, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Remove what an interrupted commit has left by names of its own, and commit nothing: before the upper is discarded or
 * becomes another, by whose directories those names are found. Does nothing when no commit was interrupted.
 * Of @c layers, data, stop and tell count. Returns 0 or -errno.
 */
int crl_commit_clean(struct crl_commit *c, struct crl_err *err) CRL_MUST_CHECK;
