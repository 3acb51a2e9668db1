// SPDX-License-Identifier: Apache-2.0
/*
 * What the guard hears from the kernel: of nftables' tables, and of what the host forwards.
 *
 * Runs in: carrel-net --stand.
 * Only the kernel's word counts, and what it could not deliver counts as what is waited for.
 */
#include <arpa/inet.h> /* before those of linux, which have the same */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/scope.h"
#include "helper/net/net.h"
#include "plan/net/guard.h"
#include "plan/net/pool.h"

#define EVENTS_MAX 32768 /* bytes of one message */

static int subscribe(int protocol, const int *groups, size_t len)
{
	const struct sockaddr_nl all = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	bool works = fd >= 0 && bind(fd, (const struct sockaddr *)&all, sizeof(all)) == 0;

	for (size_t i = 0; i < len && works; i++)
		works = setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) == 0;
	if (works)
		return fd;
	drop_fd(&fd);
	return -EBADF;
}

int net_hear(int *ret_rules, int *ret_links)
{
	static const int rules[] = {NFNLGRP_NFTABLES};
	static const int links[] = {RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_IFADDR,
				    RTNLGRP_IPV6_IFADDR};

	*ret_rules = subscribe(NETLINK_NETFILTER, rules, CRL_ARRAY_LEN(rules));
	*ret_links = *ret_rules < 0 ? -EBADF : subscribe(NETLINK_ROUTE, links, CRL_ARRAY_LEN(links));
	return *ret_links < 0 ? errno : 0;
}

typedef unsigned int judge(const struct nlmsghdr *h, const struct net_opened *opened);

static unsigned int read_all(int fd, judge *each, const struct net_opened *opened, unsigned int unheard)
{
	static char buf[EVENTS_MAX] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct sockaddr_nl from = {.nl_family = AF_NETLINK};
	socklen_t size = sizeof(from);
	unsigned int events = 0;
	ssize_t n;

	while ((n = recvfrom(fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&from, &size)) > 0 ||
	       (n < 0 && errno == ENOBUFS)) {
		if (n < 0 || (size_t)n > sizeof(buf))
			events |= unheard;
		if (n < 0 || (size_t)n > sizeof(buf) || from.nl_pid != 0)
			continue;
		for (const struct nlmsghdr *h = (const void *)buf; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n))
			events |= each(h, opened);
	}
	return events;
}

/* The attribute behind a message's own part of @size bytes, or NULL. */
static const struct rtattr *find(const struct nlmsghdr *h, size_t size, int type)
{
	int left = (int)h->nlmsg_len - (int)NLMSG_LENGTH(NLMSG_ALIGN(size));

	if (left < 0)
		return NULL;
	for (const struct rtattr *a = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(size)); RTA_OK(a, left);
	     a = RTA_NEXT(a, left))
		if (a->rta_type == type)
			return a;
	return NULL;
}

static bool is_text(const struct rtattr *a, const char *text)
{
	return RTA_PAYLOAD(a) == strlen(text) + 1 && memcmp(RTA_DATA(a), text, strlen(text) + 1) == 0;
}

static unsigned int judge_table(const struct nlmsghdr *h, const struct net_opened *opened)
{
	const struct nfgenmsg *g = NLMSG_DATA(h);
	bool gone = h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE);
	const struct rtattr *a;

	(void)opened;
	if ((!gone && h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE)) ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*g)) || g->nfgen_family != NFPROTO_INET)
		return 0;
	a = find(h, sizeof(*g), NFTA_TABLE_NAME);
	if (!a || !is_text(a, CRL_NAT_GUARDED))
		return 0; /* of a guard's it is enough to be woken up */
	return gone ? NET_LOST : NET_MADE;
}

static bool is_opened(const char *name, const struct net_opened *opened)
{
	for (size_t i = 0; opened->ipv4[i]; i++)
		if (strcmp(opened->ipv4[i], name) == 0)
			return true;
	for (size_t i = 0; opened->ipv6[i]; i++)
		if (strcmp(opened->ipv6[i], name) == 0)
			return true;
	return false;
}

/* The whole host's, or switched off where it is on for rooms. */
static bool is_forwarding(const struct nlmsghdr *h, const struct net_opened *opened)
{
	const struct rtattr *index = find(h, sizeof(struct netconfmsg), NETCONFA_IFINDEX);
	const struct rtattr *value = find(h, sizeof(struct netconfmsg), NETCONFA_FORWARDING);
	char name[IF_NAMESIZE];
	int which, on;

	if (!index || !value || RTA_PAYLOAD(index) < sizeof(which) || RTA_PAYLOAD(value) < sizeof(on))
		return false;
	memcpy(&which, RTA_DATA(index), sizeof(which));
	memcpy(&on, RTA_DATA(value), sizeof(on));
	if (which == NETCONFA_IFINDEX_ALL)
		return true;
	return on == 0 && which > 0 && if_indextoname((unsigned int)which, name) && is_opened(name, opened);
}

/*
 * Routers say every few minutes which addresses hosts have, and the kernel tells of each time. What is forwarded from
 * already is no news, nor is any where rooms have no IPv6, or the whole host forwards it.
 */
static bool is_news(const char *name, const struct net_opened *opened)
{
	char path[96], text[8];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/force_forwarding", name); /* fits */
	return opened->ipv6[0] && crl_file_read(AT_FDCWD, path, text, sizeof(text)) > 0 && text[0] == '0';
}

/* An interface that is no room's has an address: it may lead out. */
static bool is_way(const struct nlmsghdr *h, const struct net_opened *opened)
{
	const struct ifaddrmsg *a = NLMSG_DATA(h);
	char name[IF_NAMESIZE];

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*a)) || !if_indextoname(a->ifa_index, name) ||
	    crl_nat_link_slot(name) != 0)
		return false;
	return a->ifa_family != AF_INET6 || (a->ifa_scope == RT_SCOPE_UNIVERSE && is_news(name, opened));
}

static unsigned int judge_link(const struct nlmsghdr *h, const struct net_opened *opened)
{
	if ((h->nlmsg_type == RTM_NEWNETCONF && is_forwarding(h, opened)) ||
	    (h->nlmsg_type == RTM_NEWADDR && is_way(h, opened)))
		return NET_FORWARDING;
	return 0;
}

unsigned int net_heard_rules(int fd)
{
	return read_all(fd, judge_table, NULL, NET_LOST);
}

unsigned int net_heard_links(int fd, const struct net_opened *opened)
{
	return read_all(fd, judge_link, opened, NET_FORWARDING);
}
