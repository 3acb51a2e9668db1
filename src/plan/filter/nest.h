// SPDX-License-Identifier: Apache-2.0
/*
 * Does a policy's filter let a user make a user namespace and mount in it, as bubblewrap and its kind do?
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "plan/filter/set.h"

/*
 * A first answer from the names in the policy alone, so that a login under any other policy reads no groups.
 * False: the shipped groups cannot let the user. True: ask crl_callset_lets_nest(), unless there is no filter at all.
 */
bool crl_filter_may_nest(const struct crl_seccomp *s);

/* The answer of the whole set: unshare, or clone with any flags, and one of the two ways to mount. */
bool crl_callset_lets_nest(const struct crl_callset *set);
