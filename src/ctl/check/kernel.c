// SPDX-License-Identifier: Apache-2.0
/* Has this kernel what every room needs? What only some policies need is lacks.c's. */
#include "ctl/check/kernel.h"

#include "apply/landlock.h"
#include "base/needs.h"
#include "ctl/check/findings.h"

void ctl_check_kernel(struct ctl_findings *f)
{
	char text[160], release[65];

	if (crl_kernel_lacks(text, sizeof(text)))
		ctl_find(f, CTL_ERROR, NULL, 0, "boot a newer kernel, or, in a container, let it make the call",
			 "%s: every login is refused", text);
	else if (crl_kernel_is_old(release, sizeof(release)))
		ctl_find(f, CTL_WARNING, NULL, 0, "boot a newer kernel",
			 "this is Linux %s, and carrel has been tried with " CRL_KERNEL_LEAST " and newer", release);
	if (crl_landlock_version() == 0)
		ctl_find(f, CTL_WARNING, NULL, 0,
			 "a kernel with CONFIG_SECURITY_LANDLOCK, and \"landlock\" in its lsm=",
			 "the kernel has no Landlock: a room's supervisor has no capability, and yet could open all "
			 "files of root's");
}
