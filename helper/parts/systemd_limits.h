// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: limits as properties of slices, and taking them away again.
 *
 * Runs in: helper (root, host namespaces); crl_manager_release() in the supervisor, too.
 */
#pragma once

#include "base/err.h"

struct crl_job;
struct crl_limit_plans;
struct crl_live;
struct crl_manager_slices;
struct crl_state;

/* The right to change the slices' limits, until the job is done. Errors (stage STATE): -ETIMEDOUT; -errno. */
int crl_manager_lock(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err) CRL_MUST_CHECK;

/* With that: set them and read them back. Errors (stage LIMITS). */
int crl_manager_limit(const struct crl_job *job, const struct crl_manager_slices *slices,
		      const struct crl_limit_plans *plans, struct crl_err *err) CRL_MUST_CHECK;

/* A room beneath that slice is gone: take the limits away when no other is there. @slice a path */
void crl_manager_release(const struct crl_state *s, const char *slice);

/*
 * The same for every slice whose limits a killed supervisor or helper has left.
 * @state  the state directory's path
 * @live   as crl_live_read() has said before
 */
void crl_manager_sweep(const struct crl_state *s, const char *state, const struct crl_live *live);
