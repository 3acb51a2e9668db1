// SPDX-License-Identifier: Apache-2.0
/*
 * Does this process read the host's clock? Where a record's room lives is told by when its supervisor started, and the
 * kernel tells that by the clock of whoever asks.
 *
 * Runs in: helper (root), before anything is looked at.
 * R1: in another time namespace than PID 1 every living room would look dead, and a room that is made there would look
 * dead to everybody else: nothing is swept, and none is made. A room without mounts of its own, in which its people may
 * become root, starts helpers so.
 */
#include "helper/process/clock.h"

#include <sys/stat.h>

#include "base/err.h"

/* R1 */
int crl_check_clock(struct crl_err *err)
{
	struct stat mine, hosts;

	/* A kernel without time namespaces has one clock. Who hides PID 1 from root tells of no other, either. */
	if (stat("/proc/self/ns/time", &mine) < 0 || stat("/proc/1/ns/time", &hosts) < 0 ||
	    (mine.st_ino == hosts.st_ino && mine.st_dev == hosts.st_dev))
		return 0;
	return crl_err_set(
		err, EXDEV, CRL_STAGE_CALLER,
		"this process has another clock than the host (a room's time namespace): by it all rooms look dead");
}
