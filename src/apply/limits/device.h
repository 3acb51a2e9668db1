// SPDX-License-Identifier: Apache-2.0
/*
 * Which disk holds a path: the crl_cgroup_find_device of a real host.
 *
 * Runs in: helper, carrelctl (host namespaces). Trusts: paths of the policy (an administrator's), sysfs.
 */
#pragma once

#include "plan/limits/cgroup.h"

/*
 * Find the whole block device under a path; a partition is answered by its disk, which is what io.max takes. The path
 * needs to be there only where its file system is one that answers by itself; a network's is never asked.
 * Returns 0; -ENODEV the path is on no block device; -ELOOP a part of it is a link; -EPERM it goes on below a directory
 * that is not root's; -ENOENT; -errno.
 */
crl_cgroup_find_device crl_device_find;

/* The same by another list of mounts, of the form of /proc/self/mountinfo; -EBADMSG it has not. */
int crl_device_of(const char *mountinfo, const char *path, uint32_t *ret_major, uint32_t *ret_minor) CRL_MUST_CHECK;
