// SPDX-License-Identifier: Apache-2.0
/* See netrule.h. */
#include "policy/netrule.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define ENTRY_MAX 256
#define EXPECTED \
	"\"any\", \"host\", \"@private\", \"@metadata\", \"@loopback\", an address or a network such as " \
	"\"192.0.2.0/24\""
#define EXPECTED_LISTEN \
	"\"any\", \"ports 8000-8999\", \"@private\", \"@metadata\", \"@loopback\", an address or a network such as " \
	"\"192.0.2.0/24\""

/*
 * Ready-made: what is no public address, and where clouds tell their machines secrets; both also as NAT64 has them
 * (RFC 6052, 64:ff9b::/96).
 * Source: the special-purpose address registries of IANA; manuals of AWS, Azure, Google, Oracle, Alibaba.
 */
static const char *const private_networks[] = {"10.0.0.0/8",
					       "172.16.0.0/12",
					       "192.168.0.0/16",
					       "100.64.0.0/10",
					       "169.254.0.0/16",
					       "192.0.0.0/24",
					       "198.18.0.0/15",
					       "127.0.0.0/8",
					       "0.0.0.0/8",
					       "224.0.0.0/3",
					       "fc00::/7",
					       "fe80::/10",
					       "ff00::/8",
					       "64:ff9b:1::/48",
					       "::/96",
					       "fec0::/10",
					       "64:ff9b::a00:0/104",
					       "64:ff9b::ac10:0/108",
					       "64:ff9b::c0a8:0/112",
					       "64:ff9b::6440:0/106",
					       "64:ff9b::a9fe:0/112",
					       "64:ff9b::7f00:0/104",
					       NULL};
static const char *const metadata_addresses[] = {
	"169.254.169.254",    "169.254.170.2",      "169.254.170.23",     "168.63.129.16",
	"100.100.100.200",    "192.0.0.192",        "fd00:ec2::254",      "fd00:ec2::23",
	"fd20:ce::254",       "64:ff9b::a9fe:a9fe", "64:ff9b::a9fe:aa02", "64:ff9b::a9fe:aa17",
	"64:ff9b::a83f:8110", "64:ff9b::6464:64c8", "64:ff9b::c000:c0",   NULL};

/* What is only heard by the host itself; the unspecified addresses lead there. */
static const char *const loopback_networks[] = {"127.0.0.0/8", "0.0.0.0", "::1", "::", NULL};

bool crl_netrule_has_port(const struct crl_netrule *r, uint16_t port)
{
	for (size_t i = 0; i < r->ports; i++)
		if (port >= r->port[i].first && port <= r->port[i].last)
			return true;
	return r->ports == 0;
}

bool crl_netrule_is_within(const uint8_t *address, const uint8_t *network, uint8_t bits)
{
	size_t whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff << (8 - bits % 8));

	return memcmp(address, network, whole) == 0 &&
	       (bits % 8 == 0 || (address[whole] & mask) == (network[whole] & mask));
}

static bool has_more(const uint8_t *address, size_t size, uint8_t bits)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t kept = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff << (8 - bits % 8));

		if (address[i] & (uint8_t)~kept)
			return true;
	}
	return false;
}

const char *crl_netrule_network(const char *text, int *ret_family, uint8_t ret_address[16], uint8_t *ret_bits)
{
	size_t len = strcspn(text, "/");
	char address[INET6_ADDRSTRLEN];
	uint64_t bits, most;

	if (len >= sizeof(address))
		return EXPECTED;
	memcpy(address, text, len);
	address[len] = '\0';
	memset(ret_address, 0, 16);
	*ret_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	most = *ret_family == AF_INET6 ? 128 : 32;
	bits = most;
	if (inet_pton(*ret_family, address, ret_address) != 1)
		return EXPECTED;
	if (text[len] == '/' && crl_parse_uint(text + len + 1, 0, most, &bits) < 0)
		return "an address with \"/\" and how many of its bits count";
	if (has_more(ret_address, most / 8, (uint8_t)bits))
		return "a network whose other bits are 0, or an address without \"/\"";
	*ret_bits = (uint8_t)bits;
	return NULL;
}

/* One more, in order, and one with those that it meets: a set of nftables takes no others. */
static void put_ports(struct crl_netrule *io, struct crl_netrule_ports new)
{
	size_t kept = 0, at;

	for (size_t i = 0; i < io->ports; i++) {
		struct crl_netrule_ports *old = &io->port[i];

		if (old->first <= new.last + 1 && new.first <= old->last + 1) {
			new.first = old->first < new.first ? old->first : new.first;
			new.last = old->last > new.last ? old->last : new.last;
		} else {
			io->port[kept++] = *old;
		}
	}
	for (at = kept; at > 0 && io->port[at - 1].first > new.first; at--)
		io->port[at] = io->port[at - 1];
	io->port[at] = new;
	io->ports = kept + 1;
}

static const char *parse_ports(char *text, struct crl_netrule *io)
{
	char *rest = NULL;

	if (text[0] == ',' || text[strlen(text) - 1] == ',' || strstr(text, ",,"))
		return "ports such as \"22\", \"80,443\" or \"8000-8999\"";
	for (char *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		char *dash = strchr(one, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (crl_parse_uint(one, 1, UINT16_MAX, &first) < 0 ||
		    crl_parse_uint(dash ? dash + 1 : one, first, UINT16_MAX, &last) < 0)
			return "ports from 1 to 65535 such as \"22\", \"80,443\" or \"8000-8999\"";
		if (io->ports == CRL_NETRULE_PORTS_MAX)
			return "at most 16 ports or ranges in one entry";
		put_ports(io, (struct crl_netrule_ports){(uint16_t)first, (uint16_t)last});
	}
	return NULL;
}

static const char *parse_protocol(const char *text, uint8_t *ret)
{
	*ret = strcmp(text, "tcp") == 0    ? IPPROTO_TCP
	       : strcmp(text, "udp") == 0  ? IPPROTO_UDP
	       : strcmp(text, "icmp") == 0 ? IPPROTO_ICMP
					   : 0;
	return *ret ? NULL : "\"tcp\", \"udp\" or \"icmp\" behind the address";
}

/* What is behind WHERE, which @io has already. */
static const char *parse_rest(char *text, struct crl_netrule *io)
{
	char *ports = strchr(text, ' ');
	const char *fault;

	if (ports)
		*ports++ = '\0';
	fault = parse_protocol(text, &io->protocol);
	if (fault || !ports)
		return fault;
	if (io->protocol == IPPROTO_ICMP)
		return "no ports behind \"icmp\"";
	return ports[0] && !strchr(ports, ' ') ? parse_ports(ports, io) : "one space between the parts of an entry";
}

/* @each  the one that all are made of */
static size_t expand(const char *const *network, const struct crl_netrule *each, struct crl_netrule *ret)
{
	size_t n = 0;

	for (; network[n]; n++) {
		ret[n] = *each;
		if (crl_netrule_network(network[n], &ret[n].family, ret[n].address, &ret[n].bits))
			ret[n].bits = 0; /* test_netrule walks the tables: each is one */
	}
	return n;
}

const char *crl_netrule_parse(const char *text, struct crl_netrule *ret, size_t *ret_len)
{
	struct crl_netrule each = {.text = text, .family = AF_UNSPEC}, unused[CRL_NETRULE_EACH_MAX];
	const char *const *group = NULL;
	const char *fault = NULL;
	char copy[ENTRY_MAX], *rest;
	size_t len;

	if (strlen(text) >= sizeof(copy))
		return "an entry of at most 255 characters";
	(void)snprintf(copy, sizeof(copy), "%s", text);
	rest = strchr(copy, ' ');
	if (rest)
		*rest++ = '\0';
	if (strcmp(copy, "@private") == 0)
		group = private_networks;
	else if (strcmp(copy, "@metadata") == 0)
		group = metadata_addresses;
	else if (strcmp(copy, "@loopback") == 0)
		group = loopback_networks;
	else if (strcmp(copy, "host") == 0)
		each.host = true;
	else if (strcmp(copy, "any") != 0)
		fault = crl_netrule_network(copy, &each.family, each.address, &each.bits);
	if (!fault && rest)
		fault = parse_rest(rest, &each);
	if (fault)
		return fault;
	ret = ret ? ret : unused;
	ret[0] = each;
	len = group ? expand(group, &each, ret) : 1;
	if (ret_len)
		*ret_len = len;
	return NULL;
}

const char *crl_netrule_parse_listen(const char *text, struct crl_netrule *ret, size_t *ret_len)
{
	static const char prefix[] = "ports ", expected[] = EXPECTED_LISTEN;
	struct crl_netrule each = {.text = text, .family = AF_UNSPEC}, unused[CRL_NETRULE_EACH_MAX];
	char copy[ENTRY_MAX];
	const char *fault;

	ret = ret ? ret : unused;
	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0) {
		fault = crl_netrule_parse(text, ret, ret_len);
		return (!fault && ret[0].host) || (fault && strcmp(fault, EXPECTED) == 0) ? expected : fault;
	}
	if (strlen(text) >= sizeof(copy))
		return "an entry of at most 255 characters";
	(void)snprintf(copy, sizeof(copy), "%s", text + sizeof(prefix) - 1);
	fault = copy[0] ? parse_ports(copy, &each) : "ports such as \"22\", \"80,443\" or \"8000-8999\"";
	if (fault)
		return fault;
	ret[0] = each;
	if (ret_len)
		*ret_len = 1;
	return NULL;
}
