// SPDX-License-Identifier: Apache-2.0
/*
 * What a login can reach by the network, and what its policy says of that (network.allow, deny, listen), tried for
 * real. Private to this folder.
 */
#pragma once

#include "ctl/rehearse/rehearsal.h"
#include "policy/policy.h"

/* What the probes are to try of a policy, where that has a say: with network.mode "nat", or a gate on the host's. */
void ctl_network_scene(const struct crl_policy *p, struct ctl_network_scene *ret);

bool ctl_denies_network(const struct crl_policy *p);
bool ctl_allows_network(const struct crl_policy *p);
bool ctl_holds_listen(const struct crl_policy *p);

/* rehearse: denied addresses are refused at once, allowed ones are not, ports are bound as network.listen says. */
ctl_probe ctl_try_denied, ctl_try_allowed, ctl_try_listen;

/* assess */
ctl_probe ctl_reach_private, ctl_reach_host, ctl_reach_metadata, ctl_reach_room;
