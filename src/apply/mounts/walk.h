// SPDX-License-Identifier: Apache-2.0
/*
 * Walk a mount plan in a new mount namespace and make its tree the root.
 *
 * Runs in: the room's init, root, before it drops everything; the caller is already in new mount, PID, IPC,
 * UTS, network and cgroup namespaces as the policy has them. Trusts: the plan's order; never a path in user
 * territory (opened beneath a descriptor, no symbolic links, as the user's fsuid).
 */
#pragma once

#include "plan/mounts/plan.h"

/* Descriptors of the new tree that the supervisor keeps; -EBADF where the plan has none. */
struct crl_mounts_view {
	int proc; /* the room's /proc, open for reading its directory */
	int utmp; /* the room's utmp, open for reading */
	char homeless[192]; /* why the room has no home, for the log; "" = it has one, or the plan has said it */
	unsigned int uncovered; /* sockets that could not be looked up, and stay open to the room */
	char covered[192]; /* mounts of the host's that could not be shown, for the log; "" = none */
};

/*
 * Build the tree and pivot into it; the old root is gone from the namespace afterwards. A mount of the host's that
 * cannot be reached is covered, so that what lies beneath it does not come to light, and named in ret->covered.
 * Errors: stage MOUNT or HOME, naming path and step. After an error the namespace is useless: the caller
 * exits.
 */
int crl_mounts_apply(const struct crl_mount_plan *plan, const struct crl_login *login, struct crl_mounts_view *ret,
		     struct crl_err *err) CRL_MUST_CHECK;
