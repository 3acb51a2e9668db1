// SPDX-License-Identifier: Apache-2.0
/* See served.h. */
#include "plan/net/served.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/net/nft.h"
#include "plan/net/pool.h"

#define OTHERS "iifname != \"" CRL_NAT_LINK "*\" "
#define OURS "fib daddr type local "

const char *const crl_nat_served_sets = /* one literal */
	"add map " CRL_NAT_TABLE " publish4 { type inet_proto . inet_service : ipv4_addr . inet_service ; }\n"
	"add map " CRL_NAT_TABLE " publish6 { type inet_proto . inet_service : ipv6_addr . inet_service ; }\n"
	"add set " CRL_NAT_TABLE " served { type iface_index . inet_proto . inet_service ; }\n";

/* The host itself has them at its own addresses: what it says to its loopback stays there. */
const char *const crl_nat_served_rules[] = {
	"come " OTHERS OURS "dnat ip to meta l4proto . th dport map @publish4",
	"come " OTHERS OURS "dnat ip6 to meta l4proto . th dport map @publish6",
	"ask " OURS "ip daddr != 127.0.0.0/8 dnat ip to meta l4proto . th dport map @publish4",
	"ask " OURS "ip6 daddr != ::1 dnat ip6 to meta l4proto . th dport map @publish6",
	NULL,
};

static void put_one(FILE *f, const struct crl_nat_served *s)
{
	const char *proto = crl_publish_proto_name(s->port.proto);

	fprintf(f, "add element " CRL_NAT_TABLE " publish4 { %s . %u : %s . %u }\n", proto, s->port.port, s->ipv4,
		s->port.to);
	if (strcmp(s->ipv6, "-") != 0)
		fprintf(f, "add element " CRL_NAT_TABLE " publish6 { %s . %u : %s . %u }\n", proto, s->port.port,
			s->ipv6, s->port.to);
	/* R1 */
	fprintf(f, "add element " CRL_NAT_TABLE " served { %" PRIu32 " . %s . %u }\n", s->link, proto, s->port.to);
}

int crl_nat_nft_served(const struct crl_nat_served *all, size_t len, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	fputs("flush map " CRL_NAT_TABLE " publish4\nflush map " CRL_NAT_TABLE " publish6\nflush set " CRL_NAT_TABLE
	      " served\n",
	      f);
	for (size_t i = 0; i < len; i++)
		if (all[i].port.to > 0)
			put_one(f, &all[i]);
	if (fclose(f) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}
