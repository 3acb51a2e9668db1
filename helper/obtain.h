// SPDX-License-Identifier: Apache-2.0
/*
 * The system call filter of a login's policy: from the cache, or compiled.
 *
 * Runs in: helper (root). Changes nothing but the filter cache.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct crl_callset;
struct crl_filter;
struct crl_job;

/* Does the room's filter, or that it has none, let the user nest rooms in it? See plan/filter/nest.h. */
int crl_obtain_nest(const struct crl_job *job, bool *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Fill in filter and filter_name of the job, by policy and holds_projects. Errors (stage FILTER). */
int crl_obtain_filter(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* The calls of the group @core, which every program makes: a filter that learns does not tell of them. */
int crl_obtain_core(const struct crl_job *job, struct crl_callset *ret, struct crl_err *err) CRL_MUST_CHECK;

/* As crl_obtain_filter(), for what carrel-shell loads in the room. @ret  its len is 0 when the policy asks for none */
int crl_obtain_shell_filter(const struct crl_job *job, struct crl_filter *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The filter of a profile, for carrel-shell as well.
 * Errors (stage CONFIG or FILTER) name the profile, and its file and line where it is that which is wrong.
 */
int crl_obtain_profile(const struct crl_job *job, const char *profile, struct crl_filter *ret,
		       struct crl_err *err) CRL_MUST_CHECK;
