// SPDX-License-Identifier: Apache-2.0
/*
 * The login's cgroup: made, the application moved into it, and all of it undone. Moving runs beside the rest, in a
 * child.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include <sys/types.h>

#include "apply/limits/cgroup.h"
#include "plan/limits/cgroup.h"

struct crl_job;

struct crl_limit_plans {
	struct crl_cgroup_plan user;
	struct crl_cgroup_plan budget;
};

/* What the policy asks for; nothing when features.limits is off. Errors (stage LIMITS). */
int crl_limits_plan(const struct crl_job *job, struct crl_limit_plans *ret, struct crl_err *err) CRL_MUST_CHECK;

/* The plans as crl_cgroup_make() wants them. */
struct crl_cgroup_plans crl_limits_wish(const struct crl_job *job, const struct crl_limit_plans *plans);

/* Take out what this host has no controller for, and say so; or refuse. Errors (stage LIMITS). */
int crl_limits_fit(const struct crl_job *job, struct crl_limit_plans *plans, struct crl_err *err) CRL_MUST_CHECK;

/* The application is in its cgroup: wait for that before anybody is let in. Errors (stage LIMITS). */
int crl_limits_finish_move(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* Also in the supervisor: the application to where it came from. Returns 0 or -errno. */
int crl_limits_move_back(int root, const char *origin, pid_t pid) CRL_MUST_CHECK;

/* The application's oom_score_adj becomes the policy's. Errors (stage LIMITS). */
int crl_limits_set_oom(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
