// SPDX-License-Identifier: Apache-2.0
/* See gate_host.h. */
#include "apply/net/gate_host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

#define RESOLV_MAX 16384

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

static void add_server(struct crl_gatehost *ret, char *text)
{
	struct crl_gate_address *a = &ret->server[ret->host.servers];

	text[strcspn(text, " \t%#;")] = '\0';
	a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a->family, text, a->address) == 1)
		ret->host.servers++;
}

/* What root's programs write: a link is followed. */
static void find_servers(struct crl_gatehost *ret)
{
	scoped_fd fd = open("/etc/resolv.conf", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char text[RESOLV_MAX], *rest = NULL;

	if (fd < 0 || crl_file_read_fd(fd, text, sizeof(text)) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		if (strncmp(line, "nameserver", 10) == 0 && (line[10] == ' ' || line[10] == '\t') &&
		    ret->host.servers < CRL_GATEHOST_SERVERS_MAX)
			add_server(ret, line + 10 + strspn(line + 10, " \t"));
	}
}

int crl_gatehost_find(struct crl_gatehost *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->host = (struct crl_gate_host){.own = ret->own, .server = ret->server};
	find_servers(ret);
	return find_own(ret);
}
