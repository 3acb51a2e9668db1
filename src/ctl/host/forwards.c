// SPDX-License-Identifier: Apache-2.0
/* See forwards.h. Source: include/uapi/linux/netfilter/nf_tables.h. */
#include "ctl/host/forwards.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "apply/net/rtnl.h"
#include "plan/net/pool.h"

struct forwards {
	struct ctl_forward *item;
	size_t len;
	uint8_t number[CTL_FORWARDS_MAX]; /* of the family */
};

static const struct {
	uint8_t number;
	const char *name;
} families[] = {{NFPROTO_IPV4, "ip"}, {NFPROTO_IPV6, "ip6"}, {NFPROTO_INET, "inet"}};

static const char *name_of(uint8_t number)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(families); i++)
		if (families[i].number == number)
			return families[i].name;
	return NULL;
}

static const struct rtattr *find(const struct rtattr *first, int left, unsigned int type)
{
	for (const struct rtattr *a = first; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static bool is_number(const struct rtattr *a, uint32_t value)
{
	uint32_t n;

	if (!a || RTA_PAYLOAD(a) < sizeof(n))
		return false;
	memcpy(&n, RTA_DATA(a), sizeof(n));
	return ntohl(n) == value;
}

static void copy(const struct rtattr *a, char *ret, size_t size)
{
	ret[0] = '\0';
	if (a)
		(void)snprintf(ret, size, "%.*s", (int)strnlen(RTA_DATA(a), RTA_PAYLOAD(a)), (const char *)RTA_DATA(a));
}

static bool is_own(const char *table)
{
	return strcmp(table, "carrel") == 0 || strncmp(table, "carrel_guard", strlen("carrel_guard")) == 0;
}

static bool drops(const struct ctl_forward *f, const struct rtattr *policy)
{
	return is_number(policy, NF_DROP) ||
	       (strcmp(f->table, "firewalld") == 0 && strcmp(f->chain, "filter_FORWARD") == 0);
}

static int take_chain(void *arg, const struct nlmsghdr *h)
{
	struct forwards *found = arg;
	const struct nfgenmsg *g = NLMSG_DATA(h);
	struct ctl_forward *f = &found->item[found->len];
	int left = (int)h->nlmsg_len - (int)NLMSG_SPACE(sizeof(*g));
	const struct rtattr *first = (const void *)((const char *)g + NLMSG_ALIGN(sizeof(*g))), *hook;

	if (left < 0 || found->len == CTL_FORWARDS_MAX || !name_of(g->nfgen_family))
		return 0;
	hook = find(first, left, NFTA_CHAIN_HOOK);
	if (!hook || !is_number(find(RTA_DATA(hook), (int)RTA_PAYLOAD(hook), NFTA_HOOK_HOOKNUM), NF_INET_FORWARD))
		return 0;
	copy(find(first, left, NFTA_CHAIN_TABLE), f->table, sizeof(f->table));
	copy(find(first, left, NFTA_CHAIN_NAME), f->chain, sizeof(f->chain));
	(void)snprintf(f->family, sizeof(f->family), "%s", name_of(g->nfgen_family));
	f->names_rooms = false;
	if (is_own(f->table) || !drops(f, find(first, left, NFTA_CHAIN_POLICY)))
		return 0;
	found->number[found->len++] = g->nfgen_family;
	return 0;
}

/* A rule compares the name of a link with what rooms' begin with, whatever else it says. */
static int take_rule(void *arg, const struct nlmsghdr *h)
{
	struct ctl_forward *f = arg;

	f->names_rooms |= memmem(h, h->nlmsg_len, CRL_NAT_LINK, strlen(CRL_NAT_LINK)) != NULL;
	return 0;
}

/* @family  and @table whose; NULL = all */
static void begin(struct crl_rtnl *m, uint16_t what, uint8_t family, const char *table)
{
	const struct nfgenmsg g = {.nfgen_family = family, .version = NFNETLINK_V0};

	crl_rtnl_begin(m, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what), 0, &g, sizeof(g));
	if (table)
		crl_rtnl_add_text(m, NFTA_RULE_TABLE, table);
}

size_t ctl_forwards_find(struct ctl_forward ret[CTL_FORWARDS_MAX])
{
	struct forwards found = {.item = ret};
	scoped_fd fd = -EBADF;
	struct crl_rtnl m;

	if (crl_rtnl_open_nftables(&fd) < 0)
		return 0;
	begin(&m, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL);
	if (crl_rtnl_dump(fd, &m, take_chain, &found) < 0)
		return 0;
	for (size_t i = 0; i < found.len; i++) {
		begin(&m, NFT_MSG_GETRULE, found.number[i], ret[i].table);
		if (crl_rtnl_dump(fd, &m, take_rule, &ret[i]) < 0)
			ret[i].names_rooms = true; /* it cannot be said */
	}
	return found.len;
}

static int pass(void *arg, const struct nlmsghdr *h)
{
	(void)arg, (void)h;
	return 1; /* one is enough */
}

bool ctl_nftables_are_there(void)
{
	scoped_fd fd = -EBADF;
	struct crl_rtnl m;

	if (crl_rtnl_open_nftables(&fd) < 0)
		return false;
	begin(&m, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL);
	return crl_rtnl_dump(fd, &m, pass, NULL) != -EINVAL; /* nobody is there who would know the request */
}
