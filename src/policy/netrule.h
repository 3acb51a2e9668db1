// SPDX-License-Identifier: Apache-2.0
/*
 * One entry of network.allow, network.deny and network.listen: "WHERE", "WHERE PROTOCOL" or "WHERE PROTOCOL PORTS".
 *
 *   WHERE      "any", "host", an address, a network (192.0.2.0/24, 2001:db8::/32), "@private", "@metadata",
 *              "@loopback"
 *   PROTOCOL   "tcp", "udp" or "icmp", which is both families'
 *   PORTS      of tcp and udp: "22", "80,443", "8000-8999", CRL_NETRULE_PORTS_MAX of these at most
 *
 * Runs in: helper, carrelctl. Pure. Names are not resolved.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_NETRULE_PORTS_MAX 16
#define CRL_NETRULE_EACH_MAX 24 /* networks that one entry may stand for */

struct crl_netrule_ports {
	uint16_t first;
	uint16_t last;
};

struct crl_netrule {
	const char *text; /* the entry; the policy's */
	bool allow; /* else it is one of network.deny */
	bool host; /* the host's own addresses, all of them and nothing else; else the network that follows */
	int family; /* AF_INET, AF_INET6; AF_UNSPEC = any address of both */
	uint8_t address[16]; /* in network order: 4 or 16 bytes */
	uint8_t bits; /* that count of them */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP; 0 = any */
	struct crl_netrule_ports port[CRL_NETRULE_PORTS_MAX];
	size_t ports; /* 0 = any */
};

/*
 * Read an entry.
 * @ret  CRL_NETRULE_EACH_MAX of them, allow not set; NULL = it is only looked at
 * @ret_len  NULL with that
 * Returns NULL, or what was expected, for a message.
 */
const char *crl_netrule_parse(const char *text, struct crl_netrule *ret, size_t *ret_len) CRL_MUST_CHECK;

/* The same of network.listen: as above but for "host", or "ports PORTS", of every protocol. */
const char *crl_netrule_parse_listen(const char *text, struct crl_netrule *ret, size_t *ret_len) CRL_MUST_CHECK;

/* Is the entry about that port? */
bool crl_netrule_has_port(const struct crl_netrule *r, uint16_t port);

/* Is an address one of the @bits wide network's? Both are in network order. */
bool crl_netrule_is_within(const uint8_t *address, const uint8_t *network, uint8_t bits);

/*
 * Read "192.0.2.0/24" or an address alone.
 * Returns NULL, or what was expected: the bits that do not count have to be 0.
 */
const char *crl_netrule_network(const char *text, int *ret_family, uint8_t ret_address[16],
				uint8_t *ret_bits) CRL_MUST_CHECK;
