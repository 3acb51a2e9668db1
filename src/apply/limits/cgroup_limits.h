// SPDX-License-Identifier: Apache-2.0
/*
 * The limits of a user's slice: enable controllers, write, read back. The inside of crl_cgroup_make().
 *
 * Runs in: helper, root, host namespaces. Works beneath descriptors only.
 */
#pragma once

#include <sys/types.h>

#include "apply/limits/cgroup.h"
#include "plan/limits/cgroup.h"

/* One making of limits. */
struct crl_cgroup_limiting {
	int root; /* where controllers are looked for and enabled first */
	enum crl_need need;
	char *missing; /* out: CRL_CGROUP_MISSING_MAX bytes, comma-separated, starts "" */
	const char *controller[CRL_CGROUP_WRITES_MAX]; /* wanted and there: set by crl_cgroup_find_controllers() */
	size_t len;
};

/*
 * See which controllers of a plan the root has; nothing is changed. More plans add theirs. Errors: -EOPNOTSUPP and
 * others.
 */
int crl_cgroup_find_controllers(struct crl_cgroup_limiting *l, const struct crl_cgroup_plan *plan,
				struct crl_err *err) CRL_MUST_CHECK;

/* Enable what was found for the children of a cgroup. Errors: -EBUSY processes are in it; others. */
int crl_cgroup_enable(const struct crl_cgroup_limiting *l, int dir, struct crl_err *err) CRL_MUST_CHECK;

/* Does each limit of the plan stand in the cgroup's files? Errors (stage LIMITS): -ERANGE, telling which. */
int crl_cgroup_verify_limits(int dir, const struct crl_cgroup_plan *plan, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Take the limits out of a plan whose controllers the root does not have.
 * @need     REQUIRE: that is an error, -EOPNOTSUPP
 * @missing  out: comma-separated, "" when all are there
 */
int crl_cgroup_drop_missing(int root, struct crl_cgroup_plan *plan, enum crl_need need,
			    char missing[CRL_CGROUP_MISSING_MAX], struct crl_err *err) CRL_MUST_CHECK;

/*
 * In a slice: write each limit that differs and read it back, lift those that the plan leaves open. Errors as
 * crl_cgroup_make().
 */
int crl_cgroup_apply_limits(struct crl_cgroup_limiting *l, const struct crl_cgroup_plan *plan, int slice,
			    struct crl_err *err) CRL_MUST_CHECK;
