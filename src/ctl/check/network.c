// SPDX-License-Identifier: Apache-2.0
/*
 * See network.h. Routes are those of the main table; of other tables of nftables it is looked at what a chain that
 * drops is about, and not at what its rules come to.
 */
#include "ctl/check/network.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/host/forwards.h"
#include "plan/net/pool.h"
#include "policy/file/load.h"
#include "policy/netrule.h"
#include "policy/policy.h"
#include "policy/publish.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"

#define NFTABLES_CONF "/etc/nftables.conf"

static bool is_wanted(const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	bool wanted = false;

	for (size_t i = 0; i < rules->len && !wanted; i++) {
		scoped(crl_policy) p = {0};

		wanted = crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 && p.net_mode == CRL_NET_NAT;
	}
	return wanted;
}

static void check_program(struct ctl_findings *f, const struct ctl *c)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.*s/carrel-net", (int)(strrchr(c->helper, '/') - c->helper), c->helper);
	if (access(path, F_OK) < 0)
		ctl_find(f, CTL_ERROR, path, 0, "build with libnftables-dev, make install",
			 "is not there: logins whose policy has network.mode = \"nat\" are refused");
}

/* A network that the host or its rooms have to reach. */
struct route {
	uint8_t address[16];
	unsigned int bits;
	char link[64];
};

static bool next_ipv4(FILE *file, struct route *ret)
{
	uint32_t to, mask;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %" SCNx32 " %*x %*x %*d %*d %*d %" SCNx32, ret->link, &to, &mask) != 3)
			continue; /* the head */
		memcpy(ret->address, &to, sizeof(to));
		ret->bits = (unsigned int)__builtin_popcount(mask);
		return true;
	}
	return false;
}

static bool next_ipv6(FILE *file, struct route *ret)
{
	char line[256], to[33];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%32[0-9a-f] %x %*s %*s %*s %*s %*s %*s %*s %63s", to, &ret->bits, ret->link) != 3)
			continue;
		for (size_t i = 0; i < 16; i++) {
			const char digits[] = {to[2 * i], to[2 * i + 1], '\0'};

			ret->address[i] = (uint8_t)strtoul(digits, NULL, 16);
		}
		return true;
	}
	return false;
}

/* The default route is to all that nobody else has. */
static bool meets(const struct route *r, const uint8_t *pool, uint8_t bits)
{
	uint8_t common = r->bits < bits ? (uint8_t)r->bits : bits;

	return r->bits > 0 && strcmp(r->link, "lo") != 0 && strncmp(r->link, CRL_NAT_LINK, strlen(CRL_NAT_LINK)) != 0 &&
	       crl_netrule_is_within(r->address, pool, common);
}

static void check_routes(struct ctl_findings *f, const char *network, const char *key, const char *path)
{
	scoped_file *file = fopen(path, "re");
	uint8_t pool[16], bits;
	char text[INET6_ADDRSTRLEN];
	struct route r;
	int family;

	if (!file || !network[0] || crl_netrule_network(network, &family, pool, &bits))
		return;
	while (family == AF_INET ? next_ipv4(file, &r) : next_ipv6(file, &r)) {
		if (!meets(&r, pool, bits))
			continue;
		ctl_find(f, CTL_WARNING, NULL, 0, "another network in the main file",
			 "%s: rooms have addresses of %s, and the host has a route to %s/%u by %s, which has the same",
			 key, network, inet_ntop(family, r.address, text, sizeof(text)) ?: "?", r.bits, r.link);
		return;
	}
}

/* Whoever reloads it takes all tables away. */
static void check_flush(struct ctl_findings *f)
{
	scoped_file *file = fopen(NFTABLES_CONF, "re");
	scoped_free char *text = NULL;
	size_t size = 0;

	for (int line = 1; file && getline(&text, &size, file) > 0; line++) {
		const char *at = text + strspn(text, " \t");

		if (strncmp(at, "flush ruleset", strlen("flush ruleset")) != 0)
			continue;
		ctl_find(f, CTL_WARNING, NFTABLES_CONF, line,
			 "let it delete its own tables: table inet filter; delete table inet filter",
			 "\"flush ruleset\" takes carrel's table away, too: at each reload rooms with "
			 "network.mode = \"nat\" reach nothing until carrel-steward has it made anew, and "
			 "their connections may break");
		return;
	}
}

/* Who asks for addresses by the host's interfaces, and how it is told to leave rooms' links alone. */
static const struct manager {
	const char *name;
	const char *running; /* is there while it runs */
	const char *file[3]; /* any of them does, and it is enough that it is there unless */
	const char *word; /* a line begins with this and names the links */
	const char *mend;
} managers[] = {
	{"NetworkManager",
	 "/run/NetworkManager",
	 {"/etc/NetworkManager/conf.d/90-carrel.conf", "/usr/lib/NetworkManager/conf.d/90-carrel.conf"},
	 NULL,
	 "carrel's package, or make install, lays down /usr/lib/NetworkManager/conf.d/90-carrel.conf"},
	{"systemd-networkd",
	 "/run/systemd/netif/links",
	 {"/etc/systemd/network/10-carrel.network", "/usr/lib/systemd/network/10-carrel.network"},
	 NULL,
	 "carrel's package, or make install, lays down /usr/lib/systemd/network/10-carrel.network"},
	{"dhcpcd", "/run/dhcpcd", {"/etc/dhcpcd.conf"}, "denyinterfaces", "denyinterfaces " CRL_NAT_LINK "*"},
};

static bool has_line(const char *path, const char *word)
{
	scoped_file *file = fopen(path, "re");
	scoped_free char *text = NULL;
	size_t size = 0;

	while (file && getline(&text, &size, file) > 0)
		if (strncmp(text, word, strlen(word)) == 0 && strstr(text, CRL_NAT_LINK "*"))
			return true;
	return false;
}

static void check_managers(struct ctl_findings *f)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(managers); i++) {
		const struct manager *m = &managers[i];
		bool told = access(m->running, F_OK) < 0;

		for (size_t j = 0; j < CRL_ARRAY_LEN(m->file) && m->file[j] && !told; j++)
			told = m->word ? has_line(m->file[j], m->word) : access(m->file[j], F_OK) == 0;
		if (!told)
			ctl_find(f, CTL_WARNING, m->file[0], 0, m->mend,
				 "%s runs and is not told to leave " CRL_NAT_LINK "* alone: who is root of a room "
				 "could answer when it asks for an address there",
				 m->name);
	}
}

#define LOCAL_PORTS "/proc/sys/net/ipv4/ip_local_port_range"
#define RESERVED_PORTS "/proc/sys/net/ipv4/ip_local_reserved_ports"

/* "8080,9000-9100" */
static bool is_reserved(uint64_t port)
{
	scoped_file *file = fopen(RESERVED_PORTS, "re");
	unsigned int first, last;
	int n;

	while (file && (n = fscanf(file, "%u-%u", &first, &last)) >= 1) {
		if (port >= first && port <= (n == 2 ? last : first))
			return true;
		if (fgetc(file) != ',')
			break;
	}
	return false;
}

/* Programs of the host have these for connections of their own, now and then. */
static void check_local(struct ctl_findings *f, const struct crl_rule *r, const struct crl_publish *p)
{
	uint64_t first = p->port ?: p->first;
	uint64_t last = p->port ?: first < CRL_PUBLISH_LEAVE_FIRST ? CRL_PUBLISH_LEAVE_FIRST - 1 : UINT16_MAX;
	scoped_file *file = fopen(LOCAL_PORTS, "re");
	unsigned int low, high;

	if (!file || fscanf(file, "%u %u", &low, &high) != 2 || last < low || first > high ||
	    is_reserved(first > low ? first : low))
		return;
	ctl_find(f, CTL_WARNING, r->file, r->line, "a lower port, or net.ipv4.ip_local_reserved_ports",
		 "network.publish of policy %s: %s%" PRIu64
		 " is one of the ports %u to %u that programs of the host have for "
		 "connections of their own: while one has it, no room gets it",
		 r->policy, p->port ? "port " : "the range from ", first, low, high);
}

static bool is_for_one(const struct crl_rule *r)
{
	const struct crl_strv *users = &r->is[CRL_COND_USER];

	return users->len == 1;
}

/* One room at a time has a port. */
static void check_publish(struct ctl_findings *f, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule *r = &rules->item[i];
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, r->policy, &p, NULL) < 0 || p.net_mode != CRL_NET_NAT)
			continue;
		for (size_t j = 0; j < p.publish_len; j++) {
			const struct crl_publish *one = &p.publish[j];

			if (one->port > 0 && !is_for_one(r))
				ctl_find(f, CTL_WARNING, r->file, r->line,
					 "first and count, which give each user ports of their own",
					 "this rule gives policy %s to more than one user, and port %" PRIu64
					 " of its network.publish leads into one room at a time: all others go on "
					 "without",
					 r->policy, one->port);
			check_local(f, r, one);
		}
	}
}

/* Of those that iptables before nf_tables made nothing can be seen but that they are there. */
static void check_others(struct ctl_findings *f)
{
	struct ctl_forward other[CTL_FORWARDS_MAX];
	size_t len = ctl_forwards_find(other);
	scoped_file *old = fopen("/proc/net/ip_tables_names", "re");
	char name[64];

	for (size_t i = 0; i < len; i++)
		if (!other[i].names_rooms)
			ctl_find(f, CTL_WARNING, NULL, 0, CTL_FORWARD_MEND, CTL_FORWARD_TEXT, other[i].family,
				 other[i].table, other[i].chain);
	while (old && fgets(name, sizeof(name), old))
		if (strcmp(name, "filter\n") == 0)
			ctl_find(f, CTL_NOTE, NULL, 0, "iptables-legacy -S FORWARD",
				 "there are rules of iptables-legacy, which are not looked at: what they drop of rooms "
				 "with network.mode = \"nat\" stays dropped");
}

static void check_ipv6(struct ctl_findings *f, const struct crl_config *config)
{
	scoped_file *file = fopen("/proc/net/ipv6_route", "re");
	struct route r;
	bool leads_out = false;

	while (file && next_ipv6(file, &r))
		leads_out |= r.bits == 0 && strcmp(r.link, "lo") != 0;
	if (leads_out && crl_config_ipv6(config)[0] &&
	    access("/proc/sys/net/ipv6/conf/all/force_forwarding", F_OK) < 0) {
		scoped_file *all = fopen("/proc/sys/net/ipv6/conf/all/forwarding", "re");

		if (all && fgetc(all) == '0')
			ctl_find(f, CTL_NOTE, NULL, 0,
				 "net.ipv6.conf.all.forwarding = 1, with accept_ra = 2 where routers are listened "
				 "to; or Linux 6.17",
				 "the host does not forward IPv6, and this kernel cannot for single interfaces: "
				 "rooms with network.mode = \"nat\" have IPv4 alone");
	}
}

void ctl_check_network(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config)
{
	if (!is_wanted(config))
		return;
	check_program(f, c);
	check_routes(f, crl_config_ipv4(config), "addresses.ipv4", "/proc/net/route");
	check_routes(f, crl_config_ipv6(config), "addresses.ipv6", "/proc/net/ipv6_route");
	check_flush(f);
	check_managers(f);
	check_others(f);
	check_ipv6(f, config);
	check_publish(f, config);
}
