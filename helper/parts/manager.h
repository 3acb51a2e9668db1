// SPDX-License-Identifier: Apache-2.0
/*
 * Who makes, keeps and removes the cgroups of logins: carrel itself, by files of the cgroup file system, or systemd,
 * which is the one writer of its tree and is asked. A table of functions for each, chosen once; nobody else asks which.
 *
 * Runs in: helper (root, host namespaces): make, move_in, unmake, reload. Supervisor, in its sandbox: the rest.
 * Every member that is a function may be NULL where nothing is to be done, but for make, unmake, reload, path, is_over,
 * unjoined.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

struct crl_err;
struct crl_job;
struct crl_kept;
struct crl_member;
struct crl_room_info;

struct crl_manager {
	const char *name; /* as key cgroup.manager has it */
	const char *steward_option; /* for carrel-steward; NULL = none */
	/* a user's slice goes with his last login and comes anew: what his rooms show of it is put right */
	bool slice_goes;

	/* The login's cgroup, with the policy's limits in force above it; job->cgroup.dir < 0 when none is needed. */
	int (*make)(struct crl_job *job, struct crl_err *err);
	/* Begin to move the application into it, where make has not. */
	int (*move_in)(struct crl_job *job, struct crl_err *err);
	/* Whatever of that was done, after a failure. */
	void (*unmake)(struct crl_job *job);
	/* The policy's limits of now for a room that stands. */
	int (*reload)(struct crl_job *job, const struct crl_room_info *room, struct crl_err *err);
	/* The configured directory that the room's record names; NULL = the host's usual root. */
	const char *(*root)(const struct crl_job *job);

	/* What has to be known to find the login's cgroup when it is left. False: no memory. */
	bool (*remember)(struct crl_member *m, const char *path);
	/* Where the login's cgroup is, relative to the root. Returns 0 or -errno. */
	int (*path)(const struct crl_kept *room, const struct crl_member *m, char *buf, size_t size);
	/* The application out of the cgroup that is about to be killed. False: it is in there, and so may we be. */
	bool (*step_aside)(const struct crl_kept *room, const struct crl_member *m);
	/* And in again, as soon as all that was in there has its signal. Where there is the former. */
	void (*step_back)(const struct crl_member *m);
	/* The application to where it came from. */
	void (*move_back)(const struct crl_kept *room, const struct crl_member *m);
	/* It has left: is no process left of it? Then its cgroup is gone, too. */
	bool (*is_over)(const struct crl_kept *room, const struct crl_member *m);
	/* What one has left, to what another has. False: it cannot be. */
	bool (*gather)(const struct crl_kept *room, const struct crl_member *from, const struct crl_member *to);
	/* A login whose helper gave it up: out of the table, or among those that have left. */
	void (*unjoined)(struct crl_kept *room, struct crl_member *m);
	/* Remove a login's, or the room's own, by its id. Returns 0 or -errno, -EBUSY: something runs in it. */
	int (*remove)(const struct crl_kept *room, const char *id);
	/* The room's last act: limits that nobody needs any more go. */
	void (*release)(struct crl_kept *room);

	/* What the supervisor may open by name beneath the cgroup root, and may remove there (CRL_REACH_*). */
	uint32_t reach;
	const char *house; /* the only place, beside the user's slice, to which the application goes; NULL = anywhere */
	const char *dropins; /* files that release removes; NULL = none */
};

extern const struct crl_manager crl_manager_cgroupfs, crl_manager_systemd;

/* Key cgroup.manager, or what is found on this host. */
const struct crl_manager *crl_manager_of(const struct crl_job *job);
