// SPDX-License-Identifier: Apache-2.0
/*
 * Profiles: filters for single programs. A profile is a file of the configuration's form with one policy of its own
 * name, of which the filter counts: what carrelctl learn proposes is one when it gets that name and inherits nothing.
 *
 * Runs in: helper (root), carrelctl, carrel (as its user). Trusts: what crl_config_load() does.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"

#define CRL_PROFILE_PATH_MAX 512

/*
 * Find and read a profile: CRL_PROFILES_DIR/NAME.conf, or else profiles/NAME.conf of what carrel comes with.
 * @name   a valid name
 * @ret    of which only seccomp counts, with a base; the caller calls crl_policy_done() whatever comes back
 * @ret_groups  path of the file with the groups of calls that are meant
 * Errors (stage CONFIG, most with the profile's file and line): -ENOENT there is none, or its file has no policy of
 * that name; -EINVAL; those of crl_config_load() and crl_config_policy().
 */
int crl_profile_load(const char *name, struct crl_policy *ret, char ret_groups[CRL_PROFILE_PATH_MAX],
		     struct crl_err *err) CRL_MUST_CHECK;
