// SPDX-License-Identifier: Apache-2.0
/*
 * The rules about arguments that a filter has.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "plan/filter/filter.h"
#include "plan/filter/guard.h"
#include "plan/filter/set.h"

/* What a filter is made from. */
struct crl_filter_job {
	const struct crl_seccomp *wish;
	const struct crl_callset *set;
	struct crl_filter_room room;
};

/*
 * Add the guards.
 * Errors (stage FILTER): -EINVAL a socket family that does not exist or cannot be allowed; -E2BIG no room.
 */
int crl_filter_args_add(const struct crl_filter_job *job, struct crl_guards *guards,
			struct crl_err *err) CRL_MUST_CHECK;
