// SPDX-License-Identifier: Apache-2.0
/*
 * What the helper does for carrel-keeper, which answers a user about their kept home and does at the end of its last
 * room what the policy says.
 *
 * Runs in: helper (root, host namespaces). What fails keeps nobody out: without a keeper all changes are kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* All descriptors stay the caller's. */
struct crl_keeper_start {
	const char *room; /* id */
	const char *user;
	uint32_t uid;
	uint32_t gid;
	const uint32_t *group; /* all groups of the user */
	size_t groups;
	int data; /* directory of the home's entry in the store that is the user's */
	int use; /* `use` of the entry, opened for this alone: the keeper shares its lock */
	const int *lower; /* what the home's own layers lie on, youngest first */
	size_t lowers;
	bool lower_is_home; /* the last of them is the real home: what is committed goes there */
	int init; /* pidfd of the room's init */
	int listen; /* crl_keeper_listen(); -EBADF = its user cannot ask */
	const char *at_end; /* of the policy: "keep", "discard", "commit", "ask" */
	uint64_t snapshots; /* that there may be */
	bool debug;
};

/*
 * Make the socket at which the user asks, in the room's own /run, open to them alone.
 * @init  of the room, whose mounts stand
 * Errors (stage HOME): -errno.
 */
int crl_keeper_listen(pid_t init, uint32_t uid, int *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Start the keeper of a room; this process is the room's supervisor from then on, at the latest. It takes over this
 * process's cgroup.
 * @ret_alive  hung up when the keeper has ended
 * Errors (stage HOME): -EBUSY `use` is somebody's alone; -errno.
 */
int crl_keeper_start(const struct crl_keeper_start *s, int *ret_alive, struct crl_err *err) CRL_MUST_CHECK;
