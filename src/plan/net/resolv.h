// SPDX-License-Identifier: Apache-2.0
/*
 * The resolv.conf of a room with a way out: it names servers that the room reaches.
 *
 * Runs in: helper, carrelctl. Pure. Source: resolv.conf(5), systemd-resolved.service(8).
 * R1: a server on the host's loopback is none for a room. In its place stand those that systemd-resolved asks itself,
 * or the service address of the pool, from where the host's rules pass questions on to the loopback.
 * R2: a server with a link-local address is none for a room, which is on no link of the host's.
 * R3: without a server, or by an address of all zeros, a program asks the loopback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_NAT_SERVERS_MAX 8
#define CRL_NAT_RESOLV "/etc/resolv.conf"
#define CRL_NAT_RESOLV_UPLINK "/run/systemd/resolve/resolv.conf" /* whom systemd-resolved itself asks */
#define CRL_NAT_RESOLV_MAX 16384 /* bytes that are read of either */

struct crl_nat_server {
	int family;
	uint8_t address[16];
	bool service; /* it is the pool's service address */
};

/* Zero-initialise; crl_nat_resolv_done() frees. */
struct crl_nat_resolv {
	char *text;
	struct crl_nat_server server[CRL_NAT_SERVERS_MAX];
	size_t servers;
	char loopback[16]; /* the host's server that questions are passed on to, an IPv4 address; "" = none are */
};

/*
 * @host     the host's resolv.conf; "" = there is none, and its server is the loopback
 * @uplink   what systemd-resolved writes of the servers that it asks, NULL = there is no such file
 * @service  crl_nat_pool_service()
 * Returns 0 or -ENOMEM.
 */
int crl_nat_resolv_make(const char *host, const char *uplink, const char *service,
			struct crl_nat_resolv *ret) CRL_MUST_CHECK;

/*
 * R3. Whom a program with the host's own network asks.
 * @host  the host's resolv.conf; "" = there is none
 * @ret   @max of them; returns how many were found
 */
size_t crl_nat_resolv_servers(const char *host, struct crl_nat_server *ret, size_t max);

void crl_nat_resolv_done(struct crl_nat_resolv *r);
