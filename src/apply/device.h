// SPDX-License-Identifier: Apache-2.0
/*
 * Which disk holds a path: the crl_device_lookup of a real host.
 *
 * Runs in: helper, host namespaces. Trusts: paths of the policy (an administrator's), sysfs.
 */
#pragma once

#include "plan/cgroup.h"

/*
 * Find the whole block device under a path; a partition is answered by its disk, which is what io.max takes.
 * Returns 0, -ENODEV when the path is on no block device, other -errno of looking at it.
 */
crl_device_lookup crl_device_find;
