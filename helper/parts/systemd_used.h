// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: who still needs a slice's limits, whatever is on record (see systemd_used.c).
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "wire/proto.h"

struct crl_job;
struct crl_kept;
struct crl_manager_slices;
struct crl_state;

/* Hold the slices' limits for a room's life; with the limits' locks held. Errors (stage STATE). */
int crl_manager_use(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err) CRL_MUST_CHECK;

/* What the job holds for the room, the room holds for itself. Returns 0 or -errno. */
int crl_manager_keep_using(const struct crl_job *job, struct crl_kept *room) CRL_MUST_CHECK;

/* Before crl_manager_release(): who asks must not find himself. @used  a job's or a room's */
void crl_manager_use_no_more(int used[2]);

/* With the unit's limits lock held alone: does a supervisor or helper hold its limits? If not, the lock's file goes. */
bool crl_manager_is_used(const struct crl_state *s, const char *unit);

/* "limits-user-1000" of "user-1000.slice". */
void crl_manager_limits_lock_name(char buf[CRL_KEY_MAX], const char *unit);
