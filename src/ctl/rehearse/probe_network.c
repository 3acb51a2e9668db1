// SPDX-License-Identifier: Apache-2.0
/*
 * See probe_network.h.
 *
 * Runs in: a process of the user inside the room; ctl_network_scene() in carrelctl.
 * R1: refused by a policy is what the kernel says of it (EPERM of a gate, "administratively prohibited" of carrel's
 * rules), and not what some router says, or that nobody answers.
 */
#include "ctl/rehearse/probe_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "plan/net/gate.h"
#include "plan/net/rules.h"
#include "wire/proto.h"

#define TCP_WAIT_MS 1000
#define UDP_WAIT_MS 300
#define DISCARD 9 /* a port at which hardly anybody listens */
#define ANYBODY "192.0.2.1" /* of RFC 5737: nobody has it */
#define PRIVATE "10.255.255.254"
#define METADATA "169.254.169.254"

/* ---- what a policy says ---- */

static bool may_reach(const struct crl_policy *p, const struct crl_nat_rules *rules, const struct crl_gate *gate,
		      const struct crl_nat_target *t)
{
	return p->net_mode == CRL_NET_NAT ? crl_nat_rules_allow(rules, t, NULL) : crl_gate_may_reach(gate, t, NULL);
}

/* An address of the entry's, by TCP. False: it is about none. */
static bool target_of(const struct crl_netrule *r, struct crl_nat_target *ret)
{
	size_t last = r->family == AF_INET6 ? 15 : 3;

	if (r->host || (r->protocol != 0 && r->protocol != IPPROTO_TCP))
		return false;
	*ret = (struct crl_nat_target){
		.family = r->family, .protocol = IPPROTO_TCP, .port = r->ports > 0 ? r->port[0].first : DISCARD};
	memcpy(ret->address, r->address, sizeof(ret->address));
	if (r->family == AF_UNSPEC) { /* "any" */
		ret->family = AF_INET;
		return inet_pton(AF_INET, ANYBODY, ret->address) == 1;
	}
	if (r->bits < 8 * (last + 1))
		ret->address[last] |= 1;
	return true;
}

static void add_target(struct ctl_network_scene *s, const struct crl_nat_target *t, bool allowed)
{
	struct ctl_network_target *list = allowed ? s->allowed : s->denied;
	size_t *len = allowed ? &s->alloweds : &s->denieds;

	if (*len == CTL_NETWORK_TARGETS || t->port == 0)
		return;
	list[*len].family = t->family;
	list[*len].port = t->port;
	memcpy(list[(*len)++].address, t->address, sizeof(t->address));
}

/* Of what is allowed only single addresses: of a network nobody says where somebody is. */
static void add_entry(const struct crl_policy *p, const struct crl_nat_rules *rules, const struct crl_gate *gate,
		      const struct crl_netrule *r, struct ctl_network_scene *s)
{
	uint8_t whole = r->family == AF_INET6 ? 128 : 32;
	struct crl_nat_target t;

	if (!target_of(r, &t) || may_reach(p, rules, gate, &t) != r->allow)
		return; /* another entry decides */
	if (!r->allow || (r->bits == whole && r->ports > 0))
		add_target(s, &t, r->allow);
}

/* A port that may be listened at, and one that may not. */
static void find_ports(const struct crl_gate *gate, struct ctl_network_scene *s)
{
	struct crl_nat_target t = {.family = AF_INET, .protocol = IPPROTO_TCP, .address = {127, 0, 0, 1}};

	for (uint32_t port = 1024; port <= UINT16_MAX && (s->may_listen == 0 || s->may_not_listen == 0); port++) {
		uint16_t *to;

		t.port = (uint16_t)port;
		to = crl_gate_may_listen(gate, &t) ? &s->may_listen : &s->may_not_listen;
		if (*to == 0)
			*to = t.port;
	}
}

void ctl_network_scene(const struct crl_policy *p, struct ctl_network_scene *ret)
{
	scoped(crl_nat_rules) rules = {.len = 0};
	scoped(crl_gate) gate = {.holds_reach = false};
	bool nat = p->net_mode == CRL_NET_NAT, host = p->net_mode == CRL_NET_HOST && crl_policy_has_gate(p);
	const struct crl_nat_rules *all = nat ? &rules : &gate.reach;

	*ret = (struct ctl_network_scene){.denieds = 0};
	if ((!nat && !host) || (nat ? crl_nat_rules_make(p, &rules) : crl_gate_make(p, &gate)) < 0)
		return;
	for (size_t i = 0; i < all->len; i++)
		add_entry(p, &rules, &gate, &all->item[i], ret);
	if (host && gate.holds_listen)
		find_ports(&gate, ret);
}

bool ctl_denies_network(const struct crl_policy *p)
{
	struct ctl_network_scene s;

	ctl_network_scene(p, &s);
	return s.denieds > 0;
}

bool ctl_allows_network(const struct crl_policy *p)
{
	struct ctl_network_scene s;

	ctl_network_scene(p, &s);
	return s.alloweds > 0;
}

bool ctl_holds_listen(const struct crl_policy *p)
{
	struct ctl_network_scene s;

	ctl_network_scene(p, &s);
	return s.may_listen > 0 || s.may_not_listen > 0;
}

/* ---- what is so ---- */

enum outcome { OUTCOME_OPEN, OUTCOME_DENIED, OUTCOME_NONE, OUTCOME_SILENT, OUTCOMES };

static socklen_t fill(const struct ctl_network_target *t, struct sockaddr_storage *ret)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(t->port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(t->port)};

	memset(ret, 0, sizeof(*ret));
	if (t->family == AF_INET6) {
		memcpy(&six.sin6_addr, t->address, 16);
		memcpy(ret, &six, sizeof(six));
		return sizeof(six);
	}
	memcpy(&four.sin_addr, t->address, 4);
	memcpy(ret, &four, sizeof(four));
	return sizeof(four);
}

static void name(const struct ctl_network_target *t, char ret[INET6_ADDRSTRLEN + 16])
{
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(t->family, t->address, text, sizeof(text));
	(void)snprintf(ret, INET6_ADDRSTRLEN + 16, t->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, t->port);
}

/* R1. What came back of a packet: was it a rule that refused it? */
static bool was_prohibited(int fd)
{
	char control[512] __attribute__((aligned(__alignof__(struct cmsghdr))));
	struct msghdr m = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct sock_extended_err e;

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (e.ee_origin == SO_EE_ORIGIN_ICMP)
			return e.ee_type == ICMP_DEST_UNREACH && e.ee_code == ICMP_PKT_FILTERED;
		if (e.ee_origin == SO_EE_ORIGIN_ICMP6)
			return e.ee_type == ICMP6_DST_UNREACH && e.ee_code == ICMP6_DST_UNREACH_ADMIN;
	}
	return false;
}

/* @e  of a call, or of what came back */
static enum outcome outcome_of(int fd, int e)
{
	if (e == EPERM || e == EACCES || (fd >= 0 && was_prohibited(fd)))
		return OUTCOME_DENIED;
	return e == ECONNREFUSED || e == 0 ? OUTCOME_OPEN : OUTCOME_NONE;
}

static enum outcome try_target(const struct ctl_network_target *t, int type, int wait_ms)
{
	const int on = 1;
	scoped_fd fd = socket(t->family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = {.fd = fd, .events = type == SOCK_STREAM ? POLLOUT : POLLIN};
	struct sockaddr_storage to;
	socklen_t size = fill(t, &to), len = sizeof(int);
	int e = 0;

	if (fd < 0)
		return OUTCOME_NONE;
	if (t->family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS)
		return outcome_of(fd, errno);
	if (type == SOCK_DGRAM && send(fd, "", 1, 0) < 0)
		return outcome_of(fd, errno);
	if (poll(&p, 1, wait_ms) <= 0)
		return OUTCOME_SILENT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0 ? OUTCOME_NONE : outcome_of(fd, e);
}

/* What came of a list of targets. */
struct tried {
	size_t of[OUTCOMES];
	char text[INET6_ADDRSTRLEN + 16]; /* the last of them */
};

/* Each in turn, up to one that is not as it has to be. Returns whether there was none. */
static bool try_all(const struct ctl_network_target *t, size_t len, bool (*is_well)(enum outcome), struct tried *ret)
{
	bool well = true;

	*ret = (struct tried){.text = ""};
	for (size_t i = 0; i < len && well; i++) {
		enum outcome what = try_target(&t[i], SOCK_STREAM, TCP_WAIT_MS);

		name(&t[i], ret->text);
		ret->of[what]++;
		well = is_well(what);
	}
	return well;
}

/* Not in this room at all, as IPv6 where it has none, is as good. */
static bool is_closed(enum outcome what)
{
	return what == OUTCOME_DENIED || what == OUTCOME_NONE;
}

static bool is_let(enum outcome what)
{
	return what != OUTCOME_DENIED;
}

enum ctl_answer ctl_try_denied(const struct ctl_scene *s, char *detail)
{
	const struct ctl_network_scene *n = &s->network;
	struct tried tried;

	if (!try_all(n->denied, n->denieds, is_closed, &tried))
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s is not refused", tried.text);
	if (tried.of[OUTCOME_DENIED] == 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "there is no way to any of them");
	return ctl_probe_say(CTL_PROBE_YES, detail, "%zu addresses of network.deny are refused at once",
			     tried.of[OUTCOME_DENIED]);
}

enum ctl_answer ctl_try_allowed(const struct ctl_scene *s, char *detail)
{
	const struct ctl_network_scene *n = &s->network;
	struct tried tried;

	if (!try_all(n->allowed, n->alloweds, is_let, &tried))
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s is refused", tried.text);
	if (tried.of[OUTCOME_OPEN] == 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "nobody answers at %s", tried.text);
	return ctl_probe_say(CTL_PROBE_YES, detail, "%zu of %zu addresses of network.allow answer",
			     tried.of[OUTCOME_OPEN], n->alloweds);
}

/* Returns 0 or the error. */
static int listen_at(uint16_t port)
{
	const struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_fd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0 ? errno : 0;
}

enum ctl_answer ctl_try_listen(const struct ctl_scene *s, char *detail)
{
	uint16_t may = s->network.may_listen, may_not = s->network.may_not_listen;
	int e = may > 0 ? listen_at(may) : 0;

	if (e != 0 && e != EADDRINUSE)
		return ctl_probe_say(CTL_PROBE_NO, detail, "port %u of network.listen: %s", may, strerrordesc_np(e));
	if (may_not > 0 && listen_at(may_not) != EPERM)
		return ctl_probe_say(CTL_PROBE_NO, detail, "port %u, which network.listen has not, is not refused",
				     may_not);
	return ctl_probe_say(CTL_PROBE_YES, detail, "port %u of 127.0.0.1 %s, %u %s", may ?: may_not,
			     may ? "can be listened at" : "is refused", may_not, may ? "is refused" : "too");
}

/* ---- assess ---- */

static const char *const words[OUTCOMES] = {[OUTCOME_OPEN] = "is reached",
					    [OUTCOME_DENIED] = "is refused by a rule",
					    [OUTCOME_NONE] = "is on no way from here",
					    [OUTCOME_SILENT] = "is what packets leave for, and nobody answers"};

static enum ctl_answer reach(const struct ctl_network_target *t, char *detail)
{
	enum outcome what = try_target(t, SOCK_DGRAM, UDP_WAIT_MS);
	char text[INET6_ADDRSTRLEN + 16];

	name(t, text);
	return ctl_probe_say(what == OUTCOME_OPEN || what == OUTCOME_SILENT ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
			     "%s %s", text, words[what]);
}

enum ctl_answer ctl_reach_private(const struct ctl_scene *s, char *detail)
{
	struct ctl_network_target t = {.family = AF_INET, .port = DISCARD};

	(void)s;
	(void)inet_pton(AF_INET, PRIVATE, t.address);
	return reach(&t, detail);
}

enum ctl_answer ctl_reach_metadata(const struct ctl_scene *s, char *detail)
{
	struct ctl_network_target t = {.family = AF_INET, .port = 80};

	(void)s;
	(void)inet_pton(AF_INET, METADATA, t.address);
	return reach(&t, detail);
}

/* In a network of the room's own the other end of its link, which is in the same /31; else an address of its own. */
enum ctl_answer ctl_reach_host(const struct ctl_scene *s, char *detail)
{
	struct ctl_network_target t = {.family = AF_INET, .port = DISCARD};
	bool own = s->adopt->ns_mask & CRL_NS_BIT(CRL_NS_NET), found = false;
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return ctl_probe_refused(detail);
	for (const struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET || (a->ifa_flags & IFF_LOOPBACK))
			continue;
		memcpy(t.address, &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr, 4);
		t.address[3] ^= own;
		found = true;
	}
	freeifaddrs(all);
	return found ? reach(&t, detail) : ctl_probe_say(CTL_PROBE_NO, detail, "there is no interface but lo");
}

/* Is it the one that says that word? The loopback's addresses, for one, are in each network. */
static bool says(const struct ctl_network_target *t, const char *word)
{
	const struct timeval wait = {.tv_sec = TCP_WAIT_MS / 1000};
	scoped_fd fd = socket(t->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to;
	socklen_t size = fill(t, &to);
	char said[sizeof(((struct ctl_other_room *)0)->word)];
	ssize_t n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, size) < 0)
		return false;
	n = recv(fd, said, strlen(word), MSG_WAITALL);
	return n == (ssize_t)strlen(word) && memcmp(said, word, (size_t)n) == 0;
}

enum ctl_answer ctl_reach_room(const struct ctl_scene *s, char *detail)
{
	const struct ctl_other_room *o = &s->other;
	char text[INET6_ADDRSTRLEN + 16] = "";
	enum outcome what = OUTCOME_NONE;

	for (size_t i = 0; i < o->ats; i++) {
		what = try_target(&o->at[i], SOCK_STREAM, TCP_WAIT_MS);
		name(&o->at[i], text);
		if (what == OUTCOME_OPEN && says(&o->at[i], o->word))
			return ctl_probe_say(CTL_PROBE_YES, detail, "%s, in a room of %.32s, answers", text, o->user);
	}
	if (o->ats == 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no other room could be made");
	return ctl_probe_say(CTL_PROBE_NO, detail, "a room of %.32s has %zu addresses, and of the last %s %s", o->user,
			     o->ats, text, what == OUTCOME_OPEN ? "leads elsewhere" : words[what]);
}
