// SPDX-License-Identifier: Apache-2.0
/* See given.h. */
#include "ctl/host/given.h"

#include <stdio.h>
#include <unistd.h>

#include "apply/landlock.h"
#include "apply/listenable.h"
#include "apply/net/rtnl.h"
#include "base/needs.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/host/forwards.h"

static uint32_t find_namespaces(void)
{
	uint32_t found = 0;

	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", crl_nskinds[ns].init_name);
		if (access(path, F_OK) == 0)
			found |= CRL_NS_BIT(ns);
	}
	return found;
}

const struct ctl_given *ctl_given_here(void)
{
	static struct ctl_given here;
	static bool looked;
	int landlock = crl_landlock_version();

	if (looked)
		return &here;
	looked = true;
	here.release = crl_kernel_release();
	here.namespaces = find_namespaces();
	here.landlock = landlock > 0 ? landlock : 0;
	here.listener = geteuid() == 0 ? crl_listenable() : 0; /* anybody else would need no_new_privs for it */
	here.nftables = geteuid() != 0 || ctl_nftables_are_there();
	return &here;
}
