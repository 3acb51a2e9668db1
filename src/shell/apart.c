// SPDX-License-Identifier: Apache-2.0
/*
 * See apart.h. That it is in force is tried: a signal to the parent, which is outside, is refused.
 */
#include "shell/apart.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "apply/landlock.h"
#include "base/needs.h"

int crl_shell_be_apart(bool may_lack, struct crl_err *err)
{
	int rc = crl_landlock_apart(err);
	pid_t parent = getppid(); /* 0: of another PID namespace, where nothing could be tried */

	if (rc < 0)
		return rc;
	if (rc > 0)
		return may_lack ? 0
				: crl_err_set(
					  err, EOPNOTSUPP, CRL_STAGE_CAPS,
					  "shell.apart: this Linux %s has no Landlock domains for signals and sockets "
					  "(Linux 6.12, CONFIG_SECURITY_LANDLOCK; features.landlock is \"require\")",
					  crl_kernel_release());
	if (parent > 0 && (kill(parent, 0) == 0 || errno != EPERM))
		return crl_err_set(err, ENOTRECOVERABLE, CRL_STAGE_CAPS, "the Landlock domain is not in force");
	return 0;
}
