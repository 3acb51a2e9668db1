// SPDX-License-Identifier: Apache-2.0
/*
 * Ports of the host's that lead into rooms (network.publish), as carrel's table has them: of all living rooms at once.
 *
 * Runs in: helper. Pure.
 * R1: a port leads into the room that has the link it was given with: a later room with the same addresses has another.
 * For who comes from a room such a port is the host's, as any other.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "policy/publish.h"
#include "wire/proto.h"

#define CRL_NAT_USER_MAX 64

struct crl_nat_served {
	uint32_t link; /* number of the host's end */
	uint32_t uid;
	struct crl_publish_port port; /* its to is 0: somebody else has it */
	char room[CRL_ID_MAX];
	char ipv4[INET_ADDRSTRLEN]; /* the room's */
	char ipv6[INET6_ADDRSTRLEN]; /* "-" = it has none */
	char user[CRL_NAT_USER_MAX];
};

/* Where they are kept, and the rules that go by it: the same for all rooms, and nothing of single ones. */
extern const char *const crl_nat_served_sets; /* commands before the table's chains, in lines */
extern const char *const crl_nat_served_rules[]; /* behind "add rule TABLE "; NULL-ended */

/*
 * What is kept there, anew.
 * @ret  commands of nft(8), to be freed. Returns 0 or -ENOMEM.
 */
int crl_nat_nft_served(const struct crl_nat_served *all, size_t len, char **ret) CRL_MUST_CHECK;
