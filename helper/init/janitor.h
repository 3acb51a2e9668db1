// SPDX-License-Identifier: Apache-2.0
/*
 * What PID 1 needs to tidy up when the supervisor is killed.
 *
 * Runs in: the room's init; crl_janitor_tidy_up() in its sandbox.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "state/rooms/record.h"

struct crl_job;

struct crl_janitor {
	struct crl_state state; /* only .rooms is kept */
	char name[CRL_KEY_MAX];
	char room[CRL_ID_MAX];
	char slice[CRL_SLICE_MAX];
	bool shared;
	int cgroup_root; /* -EBADF = no cgroup is used */
	int way_out; /* cgroup.procs of a cgroup outside of the user's slice */
	int orders; /* from the supervisor */
	int signals; /* children that ended, and the supervisor's end */
	int proc; /* the room's */
	uint64_t grace_s;
};

/* Before anything is built: copies, beyond what is closed later. @channel  from the supervisor. Returns 0 or -errno. */
int crl_janitor_prepare(struct crl_janitor *j, const struct crl_job *job, int channel) CRL_MUST_CHECK;

/* @proc  the room's /proc, by which it knows its processes */
void crl_janitor_keep_proc(struct crl_janitor *j, int proc);

/* Every descriptor but its own. */
void crl_janitor_close_others(const struct crl_janitor *j);

/* The supervisor is dead: end everything inside, remove the room's files and cgroups, exit. */
_Noreturn void crl_janitor_tidy_up(struct crl_janitor *j);
