// SPDX-License-Identifier: Apache-2.0
/* What this host's kernel gives, of what only some policies need. What every room needs is base/needs.h's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ctl_given {
	const char *release; /* "6.1.0-37-amd64" */
	uint32_t namespaces; /* CRL_NS_BIT() of each kind that it has */
	int landlock; /* its version; 0 = none */
	int listener; /* of a filter, crl_listenable() */
	bool nftables; /* only root may ask: everybody else is told that there are some */
	bool veth; /* likewise */
};

/* Asked once a process. @network  what rooms with a way out need is tried, too, which loads modules; else it is true */
const struct ctl_given *ctl_given_here(bool network);
