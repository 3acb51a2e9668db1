// SPDX-License-Identifier: Apache-2.0
/*
 * The public layer: what of the host's own tree somebody may be given who is root there. Whoever is root in a user
 * namespace over an idmapped tree reads all that root reads in it; so such a room never has the host's tree but below
 * this layer, which shows what everybody may read, and nothing else.
 *
 *   STORE/public/          root's, 0700
 *     trees.KEY            what is closed in the trees that are shown as they are (public_walk.h), and how each
 *                          directory was when it was looked at. KEY: of which host, with which trees
 *     files.N/r            copies of what is not shown so (public_copy.h)
 *     files.N/seen         what they were made by
 *     files.N/use          held shared as long as a room shows them
 *     lock                 held by who makes one of them
 *
 * All rooms share them. At each login they are compared with the host, and made anew where it has changed.
 *
 * Runs in: helper, its sweep (root).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct crl_public_wish {
	const char *store; /* path */
	const char *const *show; /* trees beside the usual ones, absolute */
	size_t show_len;
	int64_t patience_ms; /* how long is waited for who looks through the host already */
};

/* -EBADF stands for a descriptor that is not there. */
struct crl_public {
	int files; /* a mount of the copies: nowhere attached */
	int host; /* the same of the host's root, without what is mounted in it. To be seen below the layer alone */
	int closed; /* what is closed in it, for public_list.h */
	int use; /* to be held as long as a room shows the copies */
	uint64_t number; /* which copies they are */
};

#define CRL_PUBLIC_INIT \
	{ \
		.files = -EBADF, .host = -EBADF, .closed = -EBADF, .use = -EBADF \
	}

/*
 * Take the layer as the host is now.
 * @ret  begins with CRL_PUBLIC_INIT; crl_public_done() in any case
 * Errors (stage MOUNT or HOME): -EBUSY somebody is at it for longer; -EXDEV, -EINVAL, -ENOENT, -EACCES a tree cannot be
 * shown; -errno.
 */
int crl_public_take(const struct crl_public_wish *wish, struct crl_public *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_public_done(struct crl_public *p);

/*
 * Make both mounts read-only ones whose owners are mapped. Before this they are nobody's to see.
 * @store  where the copies are, for the text of an error
 * @ids    user namespace
 * Errors (stage MOUNT): -EOPNOTSUPP a file system cannot map owners; -errno.
 */
int crl_public_map(const struct crl_public *p, const char *store, int ids, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Hold the copies that another room of the same root has, since this one shows them after its end.
 * @number   of those that it took
 * @ret_use  as in struct crl_public
 * Errors (stage MOUNT): -ENOENT they are gone; -errno.
 */
int crl_public_hold(const char *store, uint64_t number, int *ret_use, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Remove copies that no room shows any more, and look through all trees again whose look is old: who changes the mode
 * of a file is seen by that alone.
 * Returns how much was removed or found to be otherwise. Errors (stage MOUNT): -errno.
 */
int crl_public_sweep(const char *store, struct crl_err *err) CRL_MUST_CHECK;
