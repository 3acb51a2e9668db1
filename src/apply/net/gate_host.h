// SPDX-License-Identifier: Apache-2.0
/*
 * What of the host a gate has to know: its addresses and its name servers, as they are now.
 *
 * Runs in: helper (root, host namespaces), carrelctl. Source: getifaddrs(3), resolv.conf(5).
 */
#pragma once

#include "base/scope.h"
#include "plan/net/gate_program.h"

#define CRL_GATEHOST_OWN_MAX 256 /* of the host's addresses; more are found by the egress program alone */
#define CRL_GATEHOST_SERVERS_MAX 8

struct crl_gatehost {
	struct crl_gate_address own[CRL_GATEHOST_OWN_MAX];
	struct crl_gate_address server[CRL_GATEHOST_SERVERS_MAX];
	struct crl_gate_host host; /* what both come to; points into this */
};

/* Returns 0 or -errno: the addresses cannot be told. A resolv.conf that is not there names the loopback. */
int crl_gatehost_find(struct crl_gatehost *ret) CRL_MUST_CHECK;
