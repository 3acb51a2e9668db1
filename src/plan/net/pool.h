// SPDX-License-Identifier: Apache-2.0
/*
 * Addresses of rooms with a way out: each has a number, from which its link's name and the addresses of both ends
 * follow. Number 0 is nobody's: its addresses are where rooms ask for names (crl_nat_pool_service()).
 *
 * Runs in: helper, carrelctl. Pure. Source: RFC 3021 (/31), RFC 6164 (/127).
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_NAT_LINK "crl-" /* what names of links of rooms begin with, and no other's */
#define CRL_NAT_ALIAS "carrel room " /* before the id of the room, as alias of its link */
#define CRL_NAT_LINK_SIZE 16
#define CRL_NAT_ROOMS_MAX 65536u

struct crl_nat_pool {
	uint8_t ipv4[16]; /* 4 of them */
	uint8_t ipv6[16];
	bool has_ipv6;
	uint32_t slots; /* numbers are 1 to slots - 1 */
};

/* One end of a link. */
struct crl_nat_end {
	uint8_t ipv4[4]; /* of a /31 */
	uint8_t ipv6[16]; /* of a /127; of a pool without IPv6 all 0 */
};

/*
 * @ipv4  as crl_config_ipv4()
 * @ipv6  as crl_config_ipv6(); "" = none
 * Returns 0, or -EINVAL where one of them is no network.
 */
int crl_nat_pool_make(const char *ipv4, const char *ipv6, struct crl_nat_pool *ret) CRL_MUST_CHECK;

/* The number that is tried first for a user, and the one after @slot; both in 1 to slots - 1. */
uint32_t crl_nat_pool_first(const struct crl_nat_pool *pool, uint32_t uid);
uint32_t crl_nat_pool_next(const struct crl_nat_pool *pool, uint32_t slot);

void crl_nat_pool_ends(const struct crl_nat_pool *pool, uint32_t slot, struct crl_nat_end *ret_host,
		       struct crl_nat_end *ret_room);

/* The address at which rooms ask for names where the host's name server is reached by its loopback alone. */
void crl_nat_pool_service(const struct crl_nat_pool *pool, char ret[INET_ADDRSTRLEN]);

/* "crl-NUMBER", and back: 0 = that is no such name. */
void crl_nat_link_name(uint32_t slot, char ret[CRL_NAT_LINK_SIZE]);
uint32_t crl_nat_link_slot(const char *name);

/* May the name of an interface stand in a command of nft(8)? The kernel takes quotes, braces and the like, too. */
bool crl_nat_is_word(const char *name);
