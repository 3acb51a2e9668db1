// SPDX-License-Identifier: Apache-2.0
/*
 * What a process that had a room before has lost: told by the kernel, since nothing else remembers.
 *
 * Runs in: the PAM application, as root. Changes nothing: the calls that are tried do nothing where they are allowed.
 */
#include "door/power.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_NUMBER_MAX 63

/*
 * An exec leaves root no capability that its bounding set has not. So one that is permitted and not in that set was
 * taken out of it since: by pam_carrel at an earlier session, or by the application itself.
 */
static int check_bounding(struct crl_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot read the capabilities");
	for (unsigned int cap = 0; cap <= CAP_NUMBER_MAX; cap++) {
		if ((data[cap / 32].permitted & 1u << cap % 32) && prctl(PR_CAPBSET_READ, (unsigned long)cap) == 0)
			return crl_err_set(err, EPERM, CRL_STAGE_CALLER,
					   "this process had a room before and has given up its power (capability %u): "
					   "one process, one login",
					   cap);
	}
	return 0;
}

/* Neither call does anything; a filter that refuses them lets the helper make no namespace. */
static bool filter_is_in_the_way(void)
{
	if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		return false;
	return unshare(0) < 0 || (setns(-1, 0) < 0 && errno != EBADF);
}

int crl_power_check(struct crl_err *err)
{
	int rc = check_bounding(err);

	if (rc < 0)
		return rc;
	if (filter_is_in_the_way())
		return crl_err_set(
			err, EPERM, CRL_STAGE_CALLER,
			"this process had a room before and has given up its power, or its service has a system "
			"call filter that lets no room be made (RestrictNamespaces=): one process, one login");
	return 0;
}
