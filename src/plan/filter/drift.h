// SPDX-License-Identifier: Apache-2.0
/*
 * Drift: a kernel or a libseccomp that knows system calls of which the groups know nothing, and the other way round.
 *
 * Runs in: carrelctl. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "policy/filter/sysgroups.h"
#include "policy/policy.h"

#define CRL_DRIFT_LINUX "7.0" /* the youngest kernel whose calls are all in the shipped groups */

/* Names of calls, each once. */
struct crl_drift {
	struct crl_strv kernel; /* the kernel has them, and no group does: they answer ENOSYS */
	struct crl_strv library; /* libseccomp knows them as native ones, and no group does */
	struct crl_strv numbered; /* the groups have them, and libseccomp knows them by no name */
};

/*
 * Compare.
 * @kernel  names as the kernel calls its functions, without what all begin with ("newfstat"); empty = not known
 * Returns 0 or -ENOMEM.
 */
int crl_drift_find(const struct crl_sysgroups *groups, const struct crl_strv *kernel,
		   struct crl_drift *ret) CRL_MUST_CHECK;
void crl_drift_done(struct crl_drift *d);

/* Is a kernel of that release ("6.18.44-amd64") younger than CRL_DRIFT_LINUX? */
bool crl_drift_is_younger(const char *release);
