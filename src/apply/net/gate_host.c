// SPDX-License-Identifier: Apache-2.0
/* See gate_host.h. */
#include "apply/net/gate_host.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "apply/net/resolv_host.h"
#include "base/err.h"

static int find_own(struct crl_gatehost *ret)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *i = all; i && ret->host.owns < CRL_GATEHOST_OWN_MAX; i = i->ifa_next) {
		struct crl_gate_address *a = &ret->own[ret->host.owns];

		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		a->family = i->ifa_addr->sa_family;
		if (a->family == AF_INET6)
			memcpy(a->address, &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr, 16);
		else
			memcpy(a->address, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, 4);
		ret->host.owns++;
	}
	freeifaddrs(all);
	return 0;
}

static void find_servers(struct crl_gatehost *ret)
{
	struct crl_nat_server server[CRL_GATEHOST_SERVERS_MAX];
	char text[CRL_NAT_RESOLV_MAX];

	(void)crl_resolvhost_read(CRL_NAT_RESOLV, text);
	ret->host.servers = crl_nat_resolv_servers(text, server, CRL_GATEHOST_SERVERS_MAX);
	for (size_t i = 0; i < ret->host.servers; i++) {
		ret->server[i].family = server[i].family;
		memcpy(ret->server[i].address, server[i].address, sizeof(server[i].address));
	}
}

int crl_gatehost_find(struct crl_gatehost *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->host = (struct crl_gate_host){.own = ret->own, .server = ret->server};
	find_servers(ret);
	return find_own(ret);
}
