// SPDX-License-Identifier: Apache-2.0
/*
 * Make one thing that a room shows of the host true again, in a room that lives: a fresh clone in the place of the old
 * one, with the same attributes, found by the same rules for links.
 *
 * Runs in: a child of carrel-steward, root, single-threaded, which has a deadline: what it looks at may be a dead
 * server's. It changes the mount namespace of its process, and the working directory.
 */
#pragma once

#include "base/scope.h"
#include "plan/mounts/mountop.h"

struct crl_renewal {
	int from; /* mount namespace that the room was made from */
	int room; /* the room's own */
	int fds; /* /proc/self/fd, opened before either was entered: the room's /proc does not know us */
	const char *step; /* what failed */
};

/*
 * @op  as it was in the plan; of its place only place_tree counts
 * What is not there any more on the host is taken away, as nobody would find it there. Where the kernel has it (6.5)
 * the new one comes beneath the old one, which goes then, so that nobody finds nothing meanwhile.
 * Returns 1: it was renewed; 0: it was true; -errno with w->step: left as it was, or shows nothing.
 */
int crl_renew(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
