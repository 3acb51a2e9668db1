// SPDX-License-Identifier: Apache-2.0
/* See nft.h. */
#include "plan/net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "plan/net/guard.h"
#include "plan/net/pool.h"
#include "plan/net/served.h"
#include "plan/net/share.h"
#include "policy/publish.h"

#define FROM "iifname \"" CRL_NAT_LINK "*\" "
#define TO "oifname \"" CRL_NAT_LINK "*\" "
#define REJECT "reject with icmpx type admin-prohibited"
#define RELATED_ICMP "ct state related meta l4proto { icmp, ipv6-icmp } "
#define COUNTED "ct state new jump counted"
#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)
/* Below what local programs are given, where hardly a service listens. */
#define PORTS ":" TEXT(CRL_PUBLISH_LEAVE_FIRST) "-" TEXT(CRL_PUBLISH_LEAVE_LAST) " fully-random"
#define SEEN "meta mark set meta mark | " CRL_NAT_MARK /* R8 */
/* As many as sixteen rooms have connections. A full one counts no more: so many rooms could have all ports anyway. */
#define TOWARDS "size 131072 ; flags dynamic ; }\n"
#define GROUP_OURS 0x80000000u

/* Chains that hooks call, with their rules; what is the same on each host. */
static const char *const chains[] = {
	"pieces { type filter hook prerouting priority -450 ; policy accept ; }", /* before they are put together */
	"arrive { type filter hook prerouting priority -150 ; policy accept ; }",
	"pass { type filter hook forward priority 0 ; policy accept ; }",
	"enter { type filter hook input priority 0 ; policy accept ; }",
	"names { type nat hook prerouting priority -100 ; policy accept ; }",
	"come { type nat hook prerouting priority -100 ; policy accept ; }", /* apart: names is written anew */
	"local { type nat hook input priority 100 ; policy accept ; }",
	"leave { type nat hook postrouting priority 100 ; policy accept ; }",
	"send { type filter hook postrouting priority 150 ; policy accept ; }",
	"ask { type nat hook output priority -100 ; policy accept ; }",
	"counted",
	"led",
};

/* R11. A table that is made anew by what a version before has kept has none of them. */
static const char name_sets[] = "add set " CRL_NAT_TABLE " names4 { type ipv4_addr ; }\n"
				"add set " CRL_NAT_TABLE " names6 { type ipv6_addr ; }\n"
				"add set " CRL_NAT_TABLE " asked { type ipv4_addr ; }\n";

/*
 * R12. What waits for its other pieces does so for 30 seconds, and has 4 MB (net.ipv4.ipfrag_high_thresh): what a room
 * may send of it is a fifth of that. The largest datagram of all, 46 pieces, goes through at once.
 */
#define PIECES "update @split { meta iif timeout 1m limit rate over 8/second burst 96 packets } drop"
#define PIECES_SIZE \
	"update @split_size { meta iif timeout 1m limit rate over 16384 bytes/second burst 163840 bytes } drop"
#define IPV4_PIECE "ip frag-off & 0x3fff != 0 "
#define IPV6_PIECE "exthdr frag exists "

static const char *const rules[] = {
	"pieces " FROM IPV4_PIECE PIECES,
	"pieces " FROM IPV4_PIECE PIECES_SIZE,
	"pieces " FROM IPV6_PIECE PIECES,
	"pieces " FROM IPV6_PIECE PIECES_SIZE,
	/* R1. The kernel would send an answer to the source by the link that the packet came from, or it is not its. */
	"arrive " FROM "fib saddr . iif oif eq 0 drop",
	/* All addresses of a link's own come by any: the room has one (network_link.c), and the host notes who asks. */
	"arrive " FROM "ip6 saddr fe80::/10 ip6 saddr != fe80::2 drop",
	"arrive " FROM "icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect } drop",
	"arrive " FROM "ip daddr 127.0.0.0/8 drop",
	"arrive " FROM "ip6 daddr ::1 drop",
	"arrive " FROM "iifgroup vmap @egress_by", /* R9 */
	"send " TO "oifgroup vmap @ingress_by",
	"pass " FROM SEEN,
	"pass " TO SEEN,
	"enter " FROM SEEN,
	"pass " FROM TO REJECT, /* R2 */
	"pass " FROM RELATED_ICMP "drop", /* R6 */
	"pass " FROM "ct state established,related accept",
	"pass " FROM "ct state invalid drop",
	"pass " FROM COUNTED, /* R5 */
	"pass " FROM "iifgroup vmap @pass_by",
	"pass " FROM "drop", /* R3 */
	"pass " TO "ct state established,related accept",
	"pass " TO "ct state new ct status dnat jump led", /* R5 */
	"pass " TO "ct status dnat oif . meta l4proto . th dport @served accept", /* a port that leads there */
	"pass " TO "drop",
	"pass meta nfproto ipv4 iifname @opened4 drop", /* R4 */
	"pass meta nfproto ipv6 iifname @opened6 drop",
	"enter " FROM RELATED_ICMP "drop", /* R6 */
	"enter " FROM "ct state established,related accept",
	"enter " FROM "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
	"enter " FROM COUNTED, /* R5 */
	"leave " FROM "oifname != \"" CRL_NAT_LINK
	"*\" meta l4proto { tcp, udp, sctp, dccp } masquerade to " PORTS, /* R7 */
	"leave " FROM "oifname != \"" CRL_NAT_LINK "*\" masquerade",
};

static const char *const last[] = {
	"enter " FROM "iifgroup vmap @enter_by", "enter " FROM "drop", /* R2, R3 */
};

static void add_base(FILE *f)
{
	fputs("add table " CRL_NAT_TABLE "\n", f);
	fputs("add map " CRL_NAT_TABLE " pass_by { type devgroup : verdict ; }\n", f);
	fputs("add map " CRL_NAT_TABLE " enter_by { type devgroup : verdict ; }\n", f);
	fputs("add map " CRL_NAT_TABLE " egress_by { type devgroup : verdict ; }\n", f);
	fputs("add map " CRL_NAT_TABLE " ingress_by { type devgroup : verdict ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " connections { type iface_index ; size 65535 ; flags dynamic ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " led_now { type iface_index ; size 65535 ; flags dynamic ; }\n", f);
	fputs("add set " CRL_NAT_TABLE
	      " towards4 { type iface_index . ipv4_addr . inet_proto . inet_service ; " TOWARDS,
	      f);
	fputs("add set " CRL_NAT_TABLE
	      " towards6 { type iface_index . ipv6_addr . inet_proto . inet_service ; " TOWARDS,
	      f);
	fputs("add set " CRL_NAT_TABLE " together { type mark ; size 4096 ; flags dynamic ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " sent { type iface_index ; size 65535 ; flags dynamic,timeout ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " received { type iface_index ; size 65535 ; flags dynamic,timeout ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " split { type iface_index ; size 65535 ; flags dynamic,timeout ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " split_size { type iface_index ; size 65535 ; flags dynamic,timeout ; }\n", f);
	fputs(crl_nat_served_sets, f);
	fputs(name_sets, f);
	fputs("add set " CRL_NAT_TABLE " opened4 { type ifname ; }\n", f);
	fputs("add set " CRL_NAT_TABLE " opened6 { type ifname ; }\n", f);
	for (size_t i = 0; i < CRL_ARRAY_LEN(chains); i++) {
		int name = (int)strcspn(chains[i], " ");

		fprintf(f, "add chain " CRL_NAT_TABLE " %s\n", chains[i]);
		fprintf(f, "flush chain " CRL_NAT_TABLE " %.*s\n", name, chains[i]);
	}
}

/* R5. @which  of the links is the room's: iif, oif */
static void add_share(FILE *f, const char *chain, const char *set, const char *which, uint64_t most)
{
	fprintf(f, "add rule " CRL_NAT_TABLE " %s add @%s { meta %s ct count over %" PRIu64 " } drop\n", chain, set,
		which, most);
}

/* R10 */
static void add_towards(FILE *f, const char *family, const char *set, uint64_t most)
{
	fprintf(f,
		"add rule " CRL_NAT_TABLE
		" counted meta l4proto { tcp, udp } add @%s { iif . %s daddr . meta l4proto . "
		"th dport ct count over %" PRIu64 " } drop\n",
		set, family, most);
}

/* R5. What a connection is counted with among all rooms' nobody can choose: its id is a keyed digest. */
static void add_together(FILE *f, const char *chain, const struct crl_nat_share *share)
{
	fprintf(f,
		"add rule " CRL_NAT_TABLE " %s add @together { ct id & %" PRIu64 " ct count over %" PRIu64 " } drop\n",
		chain, share->parts - 1, share->each);
}

static void add_counted(FILE *f, const struct crl_nat_wish *w)
{
	struct crl_nat_share share;

	crl_nat_share(w->follows, &share);
	add_share(f, "counted", "connections", "iif", share.room);
	add_towards(f, "ip", "towards4", share.towards);
	add_towards(f, "ip6", "towards6", share.towards);
	add_together(f, "counted", &share);
	add_share(f, "led", "led_now", "oif", share.room); /* apart: who is outside takes nothing of the room's own */
	add_together(f, "led", &share);
}

static void add_rules(FILE *f, const struct crl_nat_wish *w)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(rules); i++)
		fprintf(f, "add rule " CRL_NAT_TABLE " %s\n", rules[i]);
	for (size_t i = 0; crl_nat_served_rules[i]; i++)
		fprintf(f, "add rule " CRL_NAT_TABLE " %s\n", crl_nat_served_rules[i]);
	add_counted(f, w);
	/* What others turn to the loopback is no question for names. */
	fprintf(f,
		"add rule " CRL_NAT_TABLE " enter " FROM
		"ip daddr @asked ct original ip daddr %s ct status dnat accept\n",
		w->service);
	for (size_t i = 0; i < CRL_ARRAY_LEN(last); i++)
		fprintf(f, "add rule " CRL_NAT_TABLE " %s\n", last[i]);
}

/* R11 */
static void add_names(FILE *f, const struct crl_nat_resolv *r, const char *service)
{
	static const char *const protocols[] = {"udp", "tcp"};
	static const char *const sets[] = {"names4", "names6", "asked"}, *const hooks[] = {"names", "local"};
	char text[INET6_ADDRSTRLEN];

	fputs(name_sets, f);
	for (size_t i = 0; i < CRL_ARRAY_LEN(sets); i++)
		fprintf(f, "flush set " CRL_NAT_TABLE " %s\n", sets[i]);
	for (size_t i = 0; i < CRL_ARRAY_LEN(hooks); i++)
		fprintf(f, "flush chain " CRL_NAT_TABLE " %s\n", hooks[i]);
	for (size_t i = 0; i < r->servers; i++)
		if (!r->server[i].service)
			fprintf(f, "add element " CRL_NAT_TABLE " names%d { %s }\n",
				r->server[i].family == AF_INET6 ? 6 : 4,
				inet_ntop(r->server[i].family, r->server[i].address, text, sizeof(text)) ?: "?");
	if (!r->loopback[0])
		return;
	fprintf(f, "add element " CRL_NAT_TABLE " asked { %s }\n", r->loopback);
	for (size_t i = 0; i < CRL_ARRAY_LEN(protocols); i++)
		fprintf(f,
			"add rule " CRL_NAT_TABLE " names " FROM "ip daddr %s %s dport 53 dnat ip to %s\n"
			"add rule " CRL_NAT_TABLE " local " FROM "ip daddr %s %s dport 53 snat ip to 127.0.0.1\n",
			service, protocols[i], r->loopback, r->loopback, protocols[i]);
}

static void put_address(FILE *f, int family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(f, "%s daddr %s", family == AF_INET6 ? "ip6" : "ip",
		inet_ntop(family, address, text, sizeof(text)) ?: "?");
}

static void put_entry(FILE *f, const struct crl_netrule *r)
{
	if (!r->host && r->family != AF_UNSPEC) {
		put_address(f, r->family, r->address);
		fprintf(f, "/%u ", r->bits);
	}
	if (r->protocol == IPPROTO_ICMP)
		fputs("meta l4proto { icmp, ipv6-icmp } ", f);
	else if (r->protocol && r->ports == 0)
		fprintf(f, "meta l4proto %s ", r->protocol == IPPROTO_TCP ? "tcp" : "udp");
	else if (r->protocol)
		fprintf(f, "%s dport {", r->protocol == IPPROTO_TCP ? "tcp" : "udp");
	for (size_t i = 0; i < r->ports; i++)
		fprintf(f, "%s %u-%u", i > 0 ? "," : "", r->port[i].first, r->port[i].last);
	fprintf(f, "%s%s\n", r->ports > 0 ? " } " : "", r->allow ? "accept" : REJECT);
}

/* One chain of a policy. @host  for what goes to the host itself; @head  before each rule */
static void put_chain(FILE *f, const struct crl_nat_wish *w, bool host, const char *head)
{
	static const char *const asks[] = {"ip daddr @names4 udp", "ip daddr @names4 tcp", "ip6 daddr @names6 udp",
					   "ip6 daddr @names6 tcp"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(asks); i++) /* R11 */
		fprintf(f, "%s%s dport 53 accept\n", head, asks[i]);
	for (size_t i = 0; i < w->rules->len; i++) {
		if (w->rules->item[i].host != host)
			continue;
		fputs(head, f);
		put_entry(f, &w->rules->item[i]);
	}
	fprintf(f, "%s%s\n", head, host ? REJECT : "accept");
}

/* R9. @set  where each room's is counted; the kernel lets a second's worth pass at once, and that much more. */
static void put_rate(FILE *f, const char *set, uint64_t bits)
{
	fprintf(f,
		"update @%s { meta %s timeout 1m limit rate over %" PRIu64 " bytes/second burst 262144 bytes } drop\n",
		set, strcmp(set, "sent") == 0 ? "iif" : "oif", bits / 8);
}

int crl_nat_group(const struct crl_nat_wish *w, uint32_t *ret)
{
	char digest[CRL_SHA256_TEXT];
	struct crl_sha256 sum;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int rc = f ? 0 : -ENOMEM;

	if (f) {
		put_chain(f, w, false, "pass ");
		put_chain(f, w, true, "enter ");
		if (w->egress != CRL_UNLIMITED)
			put_rate(f, "sent", w->egress);
		if (w->ingress != CRL_UNLIMITED)
			put_rate(f, "received", w->ingress);
		rc = fclose(f) == 0 ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		crl_sha256_begin(&sum);
		crl_sha256_add(&sum, text, size);
		crl_sha256_end(&sum, digest);
		digest[8] = '\0';
		*ret = GROUP_OURS | (uint32_t)strtoul(digest, NULL, 16);
	}
	free(text);
	return rc;
}

static void add_policy(FILE *f, const struct crl_nat_wish *w, uint32_t group)
{
	static const char *const ways[] = {"pass", "enter"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(ways); i++) {
		char name[32], head[80];

		(void)snprintf(name, sizeof(name), "%s_%08" PRIx32, ways[i], group);
		(void)snprintf(head, sizeof(head), "add rule " CRL_NAT_TABLE " %s ", name);
		fprintf(f, "add chain " CRL_NAT_TABLE " %s\nflush chain " CRL_NAT_TABLE " %s\n", name, name);
		put_chain(f, w, i == 1, head);
		fprintf(f, "add element " CRL_NAT_TABLE " %s_by { %" PRIu32 " : jump %s }\n", ways[i], group, name);
	}
}

static void add_rate(FILE *f, const char *way, uint64_t bits, uint32_t group)
{
	char name[32];

	if (bits == CRL_UNLIMITED)
		return;
	(void)snprintf(name, sizeof(name), "%s_%08" PRIx32, way, group);
	fprintf(f, "add chain " CRL_NAT_TABLE " %s\nflush chain " CRL_NAT_TABLE " %s\n", name, name);
	fprintf(f, "add rule " CRL_NAT_TABLE " %s ", name);
	put_rate(f, way[0] == 'e' ? "sent" : "received", bits);
	fprintf(f, "add element " CRL_NAT_TABLE " %s_by { %" PRIu32 " : jump %s }\n", way, group, name);
}

static void add_opened(FILE *f, const char *set, const char *const *names)
{
	fprintf(f, "flush set " CRL_NAT_TABLE " %s\n", set);
	for (; *names; names++)
		fprintf(f, "add element " CRL_NAT_TABLE " %s { \"%s\" }\n", set, *names);
}

int crl_nat_nft_begin(const struct crl_nat_wish *w, const struct crl_nat_opened *opened, char **ret)
{
	char *text = NULL;
	uint32_t group;
	size_t size;
	FILE *f;
	int rc = crl_nat_group(w, &group);

	if (rc < 0)
		return rc;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	add_base(f);
	add_rules(f, w);
	add_policy(f, w, group);
	add_rate(f, "egress", w->egress, group);
	add_rate(f, "ingress", w->ingress, group);
	add_opened(f, "opened4", opened->ipv4);
	add_opened(f, "opened6", opened->ipv6);
	add_names(f, w->resolv, w->service);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int crl_nat_nft_opened(const struct crl_nat_opened *opened, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	add_opened(f, "opened4", opened->ipv4);
	add_opened(f, "opened6", opened->ipv6);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int crl_nat_nft_names(const struct crl_nat_resolv *resolv, const char *service, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	add_names(f, resolv, service);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

void crl_nat_nft_ask(uint32_t group, char ret[CRL_NAT_ASK_SIZE])
{
	(void)snprintf(ret, CRL_NAT_ASK_SIZE, "list chain " CRL_NAT_TABLE " pass_%08" PRIx32 "\n", group); /* fits */
}

bool crl_nat_is_group(uint32_t group)
{
	return (group & GROUP_OURS) != 0;
}
