// SPDX-License-Identifier: Apache-2.0
/*
 * Errands: what the steward runs outside, for a user in a room. The parts of it.
 *
 * Runs in: carrel-steward; all but the door in a child for each errand.
 * Whatever a user sends meets, in this order: the door (how many, how fast), the kernel's word for who they are, the
 * room that they are in, what that room's policy allows, the table of arguments, the kinds of the three descriptors.
 * Only then is anything started, with their rights alone.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"
#include "policy/errands.h"
#include "state/rooms/errand_room.h"
#include "wire/errand.h"

/* errand_serve.c: one errand, from its connection to its end. Returns the child's exit status. */
int crl_errand_serve(int state, int conn, const struct ucred *peer);

/* Who asks, as the kernel tells it. */
struct crl_errand_asker {
	pid_t pid;
	int pidfd;
	uint32_t uid;
	uint32_t gid;
	mode_t umask;
	size_t groups;
	gid_t group[CRL_GROUPS_MAX];
	struct crl_errand_room room;
};

/*
 * errand_asker.c: is it the asker's own room?
 * @peer    who connected
 * @sender  who sent the request, after @ret->pidfd was opened for the first
 * Errors (stage CALLER): -EPERM, the text says what is not so.
 */
int crl_errand_asker_prove(int state, const struct ucred *peer, const struct ucred *sender,
			   struct crl_errand_asker *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Does the process live that the pidfd means? Asked after what was read by its number. */
bool crl_errand_is_alive(int pidfd);

/*
 * Into the asker's control group, so that its limits hold and the end of that login is ours. Errors (stage LIMITS):
 * -errno.
 */
int crl_errand_asker_join(const struct crl_errand_asker *a, struct crl_err *err) CRL_MUST_CHECK;

/* What is to be run. */
struct crl_errand_run {
	const struct crl_errand *errand;
	const char *path; /* real path of the program */
	const char *term; /* "" = none */
	const char *lang;
	char *const *args; /* behind argv[0] */
	size_t len;
	const int *fd; /* standard input, output, error */
};

/* errand_run.c: may these descriptors go out of the room? Errors (stage REQUEST): -EPERM. */
int crl_errand_fds_check(const int fd[CRL_ERRAND_FDS], struct crl_err *err) CRL_MUST_CHECK;

/* Killed for want of memory no later than what users run. Returns 0 or -EIO. */
int crl_errand_oom_score_usual(void) CRL_MUST_CHECK;

/*
 * Start the program as the asker.
 * Errors (stage REQUEST): -errno of whichever step failed; nothing runs then.
 */
int crl_errand_start(const struct crl_errand_asker *a, const struct crl_errand_run *run, pid_t *ret_pid, int *ret_pidfd,
		     struct crl_err *err) CRL_MUST_CHECK;
