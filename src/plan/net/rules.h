// SPDX-License-Identifier: Apache-2.0
/*
 * What network.allow and network.deny come to: one list, the first match of which decides.
 *
 * Runs in: helper, carrelctl. Pure.
 * R1: of two entries that both match, the one with the smaller network decides; of equal networks the one with ports,
 * then the one with a protocol; where nothing is left to tell them apart, network.deny.
 * R2: the host's own addresses are reached by "host" alone, and are denied where nothing says so; all else is allowed
 * where nothing says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "policy/netrule.h"
#include "policy/policy.h"

/* Zero-initialise; crl_nat_rules_done() frees. Its texts are the policy's. */
struct crl_nat_rules {
	struct crl_netrule *item; /* in the order in which they decide */
	size_t len;
};

/* Returns 0 or -ENOMEM; -EINVAL an entry that no policy can have been read with. */
int crl_nat_rules_make(const struct crl_policy *p, struct crl_nat_rules *ret) CRL_MUST_CHECK;
void crl_nat_rules_done(struct crl_nat_rules *r);

/* Where a program wants to go. */
struct crl_nat_target {
	bool host; /* the address is one of the host's own */
	int family;
	uint8_t address[16];
	uint8_t protocol; /* IPPROTO_*; ICMPv6 is IPPROTO_ICMP here */
	uint16_t port; /* 0 = it has none */
};

/*
 * May it? @ret  the entry that decides, NULL = none does and R2 holds; may itself be NULL
 */
bool crl_nat_rules_allow(const struct crl_nat_rules *r, const struct crl_nat_target *t, const struct crl_netrule **ret);
