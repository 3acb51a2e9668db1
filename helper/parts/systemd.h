// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd` (see systemd.c).
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include "base/err.h"
#include "wire/proto.h"

struct crl_job;
struct crl_room_info;

/* Units that hold limits. */
struct crl_manager_slices {
	char user[CRL_KEY_MAX];
	char budget[CRL_KEY_MAX]; /* "" = none */
};

/*
 * Put the policy's limits on the user's slice, find or start the login's scope, read both back. Takes the locks of the
 * limits, which crl_job_done() gives free. Errors (stage LIMITS): what systemd says; -EXDEV, -ERANGE when the
 * kernel's files tell otherwise.
 */
int crl_systemd_make(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* The same for a room that stands. -EXDEV when its logins are beneath another slice now. */
int crl_systemd_reload(struct crl_job *job, const struct crl_room_info *room, struct crl_err *err) CRL_MUST_CHECK;
