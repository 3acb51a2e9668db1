// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's limits as files and values of cgroup v2.
 *
 * Pure. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"

struct crl_cgroup_write {
	const char *controller; /* "cpu", "memory", "pids", "io" */
	const char *file; /* "memory.max" */
	char value[128]; /* as written; for io.max the device is already resolved */
	const char *key; /* policy key to blame: "limits.memory" */
};

#define CRL_CGROUP_WRITES_MAX 64

struct crl_cgroup_plan {
	struct crl_cgroup_write write[CRL_CGROUP_WRITES_MAX];
	size_t len;
};

/*
 * Find the whole block device that holds a path (a partition's disk, since io.max takes no partitions).
 * Returns 0; -ENODEV when the path is on no block device (overlay, tmpfs, NFS, btrfs); other -errno.
 */
typedef int crl_cgroup_find_device(const char *path, uint32_t *ret_major, uint32_t *ret_minor);

/*
 * What a policy leaves open is not in the plan; crl_cgroup_make() lifts it where another policy has set it.
 * Two paths on one device are one limit, the lower of both.
 * @device  called once for each path of limits.io; may be NULL when there is none
 * Errors (stage LIMITS): -EINVAL a path without a block device, or a limit that the kernel would not take;
 * -E2BIG too many limits. @ret is then undefined.
 */
int crl_cgroup_plan_build(const struct crl_limits *l, crl_cgroup_find_device *device, struct crl_cgroup_plan *ret,
			  struct crl_err *err) CRL_MUST_CHECK;

/*
 * No limit of processor, memory or tasks higher than the one above it, which holds in any case: so that who looks at
 * his own limits finds what he can have. Those of io stay as they are.
 */
void crl_cgroup_plan_lower(struct crl_cgroup_plan *plan, const struct crl_cgroup_plan *above);
