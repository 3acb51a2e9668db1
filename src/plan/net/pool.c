// SPDX-License-Identifier: Apache-2.0
/* See pool.h. */
#include "plan/net/pool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "policy/netrule.h"

#define SERVICE 1 /* of the two addresses of number 0: the other is that of the network itself */

/* Two addresses each, of as many as the network has. */
static uint32_t slots_of(unsigned int free_bits)
{
	return free_bits > 17 ? CRL_NAT_ROOMS_MAX : 1u << (free_bits - 1);
}

int crl_nat_pool_make(const char *ipv4, const char *ipv6, struct crl_nat_pool *ret)
{
	struct crl_nat_pool made = {.has_ipv6 = ipv6[0] != '\0'};
	uint8_t bits = 0;
	int family;

	if (crl_netrule_network(ipv4, &family, made.ipv4, &bits) || family != AF_INET || bits < 8 || bits > 28)
		return -EINVAL;
	made.slots = slots_of(32u - bits);
	if (made.has_ipv6) {
		if (crl_netrule_network(ipv6, &family, made.ipv6, &bits) || family != AF_INET6 || bits < 8 ||
		    bits > 120)
			return -EINVAL;
		if (slots_of(128u - bits) < made.slots)
			made.slots = slots_of(128u - bits);
	}
	*ret = made;
	return 0;
}

uint32_t crl_nat_pool_first(const struct crl_nat_pool *pool, uint32_t uid)
{
	return 1 + uid % (pool->slots - 1);
}

uint32_t crl_nat_pool_next(const struct crl_nat_pool *pool, uint32_t slot)
{
	return slot + 1 < pool->slots ? slot + 1 : 1;
}

/* @size bytes, the last four of which have room for @n. */
static void add(const uint8_t *network, size_t size, uint32_t n, uint8_t *ret)
{
	memcpy(ret, network, size);
	for (size_t i = 0; i < 4; i++)
		ret[size - 1 - i] |= (uint8_t)(n >> (8 * i));
}

void crl_nat_pool_ends(const struct crl_nat_pool *pool, uint32_t slot, struct crl_nat_end *ret_host,
		       struct crl_nat_end *ret_room)
{
	*ret_host = *ret_room = (struct crl_nat_end){.ipv4 = {0}};
	add(pool->ipv4, 4, 2 * slot, ret_host->ipv4);
	add(pool->ipv4, 4, 2 * slot + 1, ret_room->ipv4);
	if (!pool->has_ipv6)
		return;
	add(pool->ipv6, 16, 2 * slot, ret_host->ipv6);
	add(pool->ipv6, 16, 2 * slot + 1, ret_room->ipv6);
}

void crl_nat_pool_service(const struct crl_nat_pool *pool, char ret[INET_ADDRSTRLEN])
{
	uint8_t address[4];

	add(pool->ipv4, 4, SERVICE, address);
	(void)inet_ntop(AF_INET, address, ret, INET_ADDRSTRLEN); /* fits */
}

void crl_nat_link_name(uint32_t slot, char ret[CRL_NAT_LINK_SIZE])
{
	(void)snprintf(ret, CRL_NAT_LINK_SIZE, CRL_NAT_LINK "%" PRIu32, slot); /* fits */
}

uint32_t crl_nat_link_slot(const char *name)
{
	uint64_t slot;

	if (strncmp(name, CRL_NAT_LINK, strlen(CRL_NAT_LINK)) != 0 ||
	    crl_parse_uint(name + strlen(CRL_NAT_LINK), 1, CRL_NAT_ROOMS_MAX - 1, &slot) < 0)
		return 0;
	return (uint32_t)slot;
}

bool crl_nat_is_word(const char *name)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+";
	size_t len = strlen(name);

	return len > 0 && len < CRL_NAT_LINK_SIZE && strspn(name, word) == len;
}
