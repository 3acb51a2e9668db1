// SPDX-License-Identifier: Apache-2.0
/*
 * Which part of the connections that the host can follow rooms with a way out may have.
 *
 * Runs in: helper. Pure. Source: Documentation/networking/nf_conntrack-sysctl.rst.
 * R1: all rooms together have three quarters of them, however many rooms there are: the rest is the host's own.
 * R2: one room has a part of the ports that all rooms' connections to one port of one address leave from.
 */
#pragma once

#include <stdint.h>

struct crl_nat_share {
	uint64_t room; /* one room's, and as many again of those that come to ports which lead into it */
	uint64_t towards; /* of those of one room's that go to one port of one address by one protocol */
	uint64_t parts; /* all rooms' are counted in so many parts, a power of two: the kernel walks one to count it */
	uint64_t each; /* of such a part */
};

/* @follows  net.netfilter.nf_conntrack_max; 0 = not known, which is taken for a small host */
void crl_nat_share(uint64_t follows, struct crl_nat_share *ret);
