// SPDX-License-Identifier: Apache-2.0
/*
 * The user namespace of a room: the user owns it, its maps are written from outside, and nobody of the room needs to
 * be in it for it to live.
 *
 * Runs in: helper (root, host namespaces). Source: user_namespaces(7), setns(2), ioctl_ns(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/scope.h"
#include "plan/ids.h"

struct crl_userns_wish {
	uint32_t uid; /* who owns it */
	uint32_t gid;
	bool net; /* with a network namespace that belongs to it */
	uint64_t namespaces; /* so many user namespaces may be made in it */
};

/* One that is being made, or is. -EBADF stands for a descriptor that is not there. */
struct crl_userns {
	pid_t maker; /* a child; 0 = there is none any more */
	int pidfd;
	int answer; /* of the maker's */
	int user; /* the namespace */
	int net; /* its network's */
};

#define CRL_USERNS_INIT \
	{ \
		.pidfd = -EBADF, .answer = -EBADF, .user = -EBADF, .net = -EBADF \
	}

/*
 * Begin: a child makes it meanwhile.
 * @ret  begins with CRL_USERNS_INIT; crl_userns_done() in any case
 * Errors (stage NAMESPACE): clone(2), pipe(2).
 */
int crl_userns_start(const struct crl_userns_wish *wish, struct crl_userns *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Wait for the child, write the maps, keep the namespaces open; the child ends.
 * Errors (stage NAMESPACE): -EPERM, -ENOSPC, -EUSERS … what the kernel told the child, with the setting that is most
 * likely to blame; -ETIMEDOUT; -ENOTRECOVERABLE what is read back is not what was written.
 */
int crl_userns_finish(const struct crl_userns_wish *wish, const struct crl_subid_map *uids,
		      const struct crl_subid_map *gids, struct crl_userns *u, struct crl_err *err) CRL_MUST_CHECK;

/* End the child, and close all. */
void crl_userns_done(struct crl_userns *u);

/* Why this host lets no user make one, as a text for people; NULL = nothing is known to be in the way. */
const char *crl_userns_obstacle(void);

/* So many a user may have on this host, rooms' own and what is made in them together; UINT64_MAX = it is not known. */
uint64_t crl_userns_most(void);
