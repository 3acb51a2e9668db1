// SPDX-License-Identifier: Apache-2.0
/* See network.h. Both ends have the two addresses of a /31 and of a /127: one is the other with its last bit turned. */
#include "ctl/look/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/net/rtnl.h"
#include "apply/net/veth.h"
#include "base/dir.h"
#include "base/scope.h"
#include "ctl/look/room_init.h"
#include "plan/net/pool.h"
#include "policy/policy.h"
#include "state/rooms/rooms.h"
#include "state/served.h"

static void take_address(const struct sockaddr *a, struct ctl_network *io)
{
	if (a->sa_family == AF_INET) {
		struct in_addr four = ((const struct sockaddr_in *)(const void *)a)->sin_addr;

		four.s_addr ^= htonl(1);
		(void)inet_ntop(AF_INET, &four, io->ipv4, sizeof(io->ipv4));
	} else if (a->sa_family == AF_INET6) {
		struct in6_addr six = ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

		six.s6_addr[15] ^= 1;
		if (!IN6_IS_ADDR_LINKLOCAL(&six))
			(void)inet_ntop(AF_INET6, &six, io->ipv6, sizeof(io->ipv6));
	}
}

static void find_addresses(struct ctl_network *io)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (a->ifa_addr && strcmp(a->ifa_name, io->link) == 0)
			take_address(a->ifa_addr, io);
	freeifaddrs(all);
}

/* "8443/tcp to 443, 10004/tcp, not 53/udp" */
static void find_ports(const char *state, const char *room, struct ctl_network *io)
{
	scoped_fd dir = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped(crl_served) all = {.len = 0};
	size_t len = 0;

	if (dir < 0 || crl_served_read(dir, &all) < 0)
		return;
	for (size_t i = 0; i < all.len && len < sizeof(io->ports); i++) {
		const struct crl_publish_port *p = &all.item[i].port;
		char to[16] = "";

		if (strcmp(all.item[i].room, room) != 0)
			continue;
		if (p->to > 0 && p->to != p->port)
			(void)snprintf(to, sizeof(to), " to %u", p->to);
		len += (size_t)snprintf(io->ports + len, sizeof(io->ports) - len, "%s%s%u/%s%s", len > 0 ? ", " : "",
					p->to > 0 ? "" : "not ", p->port, crl_publish_proto_name(p->proto), to);
	}
}

bool ctl_network_find(const char *state, const char *room, struct ctl_network *ret)
{
	scoped_free struct crl_veth *link = NULL;
	scoped_fd fd = -EBADF;
	char alias[64];
	size_t len = 0;

	*ret = (struct ctl_network){
		.sent = UINT64_MAX, .received = UINT64_MAX, .sent_packets = UINT64_MAX, .received_packets = UINT64_MAX};
	(void)snprintf(alias, sizeof(alias), CRL_NAT_ALIAS "%s", room);
	if (crl_rtnl_open(&fd) < 0 || crl_veth_find(fd, CRL_NAT_LINK, &link, &len) < 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (strcmp(link[i].alias, alias) != 0)
			continue;
		(void)snprintf(ret->link, sizeof(ret->link), "%s", link[i].name);
		ret->sent = link[i].received;
		ret->received = link[i].sent;
		ret->sent_packets = link[i].received_packets;
		ret->received_packets = link[i].sent_packets;
		find_addresses(ret);
		find_ports(state, room, ret);
		return true;
	}
	return false;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void ctl_network_name(const struct crl_room_info *room, char ret[CTL_NETWORK_NAME])
{
	scoped_fd init = room->stale ? -EBADF : ctl_open_init(room); /* while it is open, its number is no other's */
	scoped(crl_dir) names = {0};
	struct stat theirs, st;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)room->init); /* fits */
	ret[0] = '\0';
	if (init < 0 || stat(path, &theirs) < 0 || stat("/proc/self/ns/net", &st) < 0)
		return;
	(void)snprintf(ret, CTL_NETWORK_NAME, "%s", is_same(&theirs, &st) ? "host" : "own");
	if (ret[0] == 'h' || crl_dir_follow(AT_FDCWD, CRL_NETNS_DIR, &names) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&names));)
		if (fstatat(crl_dir_fd(&names), name, &st, 0) == 0 && is_same(&theirs, &st))
			(void)snprintf(ret, CTL_NETWORK_NAME, "%s", name);
}
