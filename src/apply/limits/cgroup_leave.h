// SPDX-License-Identifier: Apache-2.0
/*
 * Out of a control group that is a user's: systemd hands the part of the tree below user@UID.service to its user, who
 * may stop, starve or kill what is in there, root's processes as well. What su or sudo starts there is in it, too. In
 * a user's slice, where pam_systemd has put a login before carrel is asked, their limits starve root's processes.
 *
 * Runs in: helper (root, host namespaces), before it takes a lock or begins anything for the host.
 */
#pragma once

#include "base/scope.h"

/*
 * Where this process is in such a one, it goes to that of the host's first process.
 * Returns 1 it has; 0 it is in none, or this host has no cgroup v2; -EPERM the first process's is a user's as well;
 * other -errno: it is there still.
 */
int crl_cgroup_leave_users(void) CRL_MUST_CHECK;
