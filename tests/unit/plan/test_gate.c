// SPDX-License-Identifier: Apache-2.0
/* The gate's verdicts against a model that knows neither order nor program, and its programs by an interpreter. */
#include <errno.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "bpf_run.h"
#include "plan/net/gate.h"
#include "plan/net/gate_program.h"

#define HOST4 "192.0.2.77"
#define HOST6 "2001:db8::77"

static struct crl_gate_address own[2], servers[2];
static const struct crl_gate_host host = {.own = own, .owns = 2, .server = servers, .servers = 2};
static struct crl_gate_program programs[CRL_GATE_COUNT];

static void fill_address(struct crl_gate_address *a, const char *text)
{
	a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(a->family, text, a->address), 1);
}

static int begin(void **state)
{
	(void)state;
	fill_address(&own[0], HOST4);
	fill_address(&own[1], HOST6);
	fill_address(&servers[0], "127.0.0.53");
	fill_address(&servers[1], "fd00::53");
	return 0;
}

static void unmake(void)
{
	for (size_t i = 0; i < CRL_GATE_COUNT; i++)
		crl_gate_program_done(&programs[i]);
}

static void make(const struct crl_gate *g)
{
	unmake();
	for (enum crl_gate_hook i = 0; i < CRL_GATE_COUNT; i++) {
		assert_int_equal(crl_gate_program_make(g, &host, i, &programs[i]), 0);
		if (programs[i].len > 0)
			run_is_reached(programs[i].insn, programs[i].len);
	}
}

static int run(enum crl_gate_hook hook, struct run *r)
{
	return programs[hook].len > 0 ? run_program(r, programs[hook].insn, programs[hook].len) : 1;
}

/* What connect(2), sendmsg(2) or bind(2) to that is answered. @io  as the kernel has it, which programs may change */
static int ask_address(enum crl_gate_hook hook, struct bpf_sock_addr *io)
{
	struct run r = {.context = io, .context_size = sizeof(*io)};

	return run(hook, &r);
}

/* @mapped  IPv4 within IPv6 */
static struct bpf_sock_addr address_of(const struct crl_nat_target *t, bool mapped)
{
	struct bpf_sock_addr a = {.user_port = htons(t->port), .protocol = t->protocol};

	if (t->family == AF_INET6) {
		memcpy(a.user_ip6, t->address, 16);
		a.protocol = t->protocol == IPPROTO_ICMP ? IPPROTO_ICMPV6 : t->protocol;
	} else if (mapped) {
		a.user_ip6[2] = htonl(0xffff);
		memcpy(&a.user_ip6[3], t->address, 4);
	} else {
		memcpy(&a.user_ip4, t->address, 4);
	}
	return a;
}

/* The same of each way in that there is: all have to agree. */
static int connects(const struct crl_nat_target *t)
{
	bool six = t->family == AF_INET6;
	struct bpf_sock_addr a = address_of(t, false), b = a, c = address_of(t, true), d = c;
	int may = ask_address(six ? CRL_GATE_CONNECT6 : CRL_GATE_CONNECT4, &a);

	assert_int_equal(ask_address(six ? CRL_GATE_SEND6 : CRL_GATE_SEND4, &b), may);
	if (!six) {
		assert_int_equal(ask_address(CRL_GATE_CONNECT6, &c), may);
		assert_int_equal(ask_address(CRL_GATE_SEND6, &d), may);
	}
	return may;
}

/* A packet leaves. @state  of its socket */
static int leaves(const struct crl_nat_target *t, uint32_t link, uint32_t state)
{
	bool six = t->family == AF_INET6;
	uint8_t packet[80] = {0}, protocol = t->protocol;
	struct bpf_sock sk = {.family = (uint32_t)t->family, .state = state};
	struct __sk_buff skb = {.ifindex = link, .protocol = htons(six ? 0x86dd : 0x0800)};
	struct run r = {.context = &skb, .context_size = sizeof(skb), .sk = &sk, .packet = packet, .packet_len = 80};
	uint16_t port = htons(t->port);

	if (six && protocol == IPPROTO_ICMP)
		protocol = IPPROTO_ICMPV6;
	sk.protocol = protocol;
	packet[six ? 6 : 9] = protocol;
	packet[0] = six ? 0x60 : 0x45;
	memcpy(packet + (six ? 24 : 16), t->address, six ? 16 : 4);
	memcpy(packet + (six ? 42 : 22), &port, 2);
	skb.sk = &sk;
	return run(CRL_GATE_EGRESS, &r);
}

/* A connection comes for a socket that listens. */
static int comes(const struct crl_nat_target *t, uint32_t state, bool mapped)
{
	struct bpf_sock sk = {.family = (uint32_t)t->family, .state = state, .src_port = t->port};
	struct __sk_buff skb = {.len = 0};
	struct run r = {.context = &skb, .context_size = sizeof(skb), .sk = &sk};

	if (mapped) {
		sk.family = AF_INET6;
		sk.src_ip6[2] = htonl(0xffff);
		memcpy(&sk.src_ip6[3], t->address, 4);
	} else if (t->family == AF_INET6) {
		memcpy(sk.src_ip6, t->address, 16);
	} else {
		memcpy(&sk.src_ip4, t->address, 4);
	}
	skb.sk = &sk;
	return run(CRL_GATE_INGRESS, &r);
}

/* --- the model --- */

struct entry {
	bool allow, host, any;
	int family;
	uint8_t address[16];
	unsigned int bits;
	uint8_t protocol;
	unsigned int first, last; /* 0, 0 = each port */
	char text[128];
};

static bool model_within(const struct entry *e, const struct crl_nat_target *t)
{
	if (e->host)
		return t->host;
	if (e->any)
		return true;
	if (e->family != t->family)
		return false;
	for (unsigned int i = 0; i < e->bits; i++)
		if (((e->address[i / 8] ^ t->address[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

static bool model_matches(const struct entry *e, const struct crl_nat_target *t)
{
	return model_within(e, t) && (e->protocol == 0 || e->protocol == t->protocol) &&
	       (e->last == 0 || (t->port >= e->first && t->port <= e->last));
}

/* How much an entry says; the largest decides. */
static unsigned long weight(const struct entry *e)
{
	unsigned long open = e->host ? 0 : e->any ? 129 : (e->family == AF_INET6 ? 128 : 32) - e->bits;

	return (200 - open) * 8 + (e->last ? 4 : 0) + (e->protocol ? 2 : 0) + (e->allow ? 0 : 1);
}

static bool model(const struct entry *e, size_t len, const struct crl_nat_target *t)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < len; i++)
		if (model_matches(&e[i], t) && (!best || weight(&e[i]) > weight(best)))
			best = &e[i];
	return !best || best->allow;
}

static bool is_server(const struct crl_nat_target *t)
{
	for (size_t i = 0; i < host.servers; i++)
		if (servers[i].family == t->family && t->port == 53 &&
		    memcmp(servers[i].address, t->address, t->family == AF_INET6 ? 16 : 4) == 0)
			return true;
	return false;
}

static bool is_own(const struct crl_nat_target *t)
{
	static const uint8_t one[16] = {[15] = 1};

	for (size_t i = 0; i < host.owns; i++)
		if (own[i].family == t->family &&
		    memcmp(own[i].address, t->address, t->family == AF_INET6 ? 16 : 4) == 0)
			return true;
	return t->family == AF_INET6 ? memcmp(t->address, one, 16) == 0 : t->address[0] == 127;
}

static const char *const places[] = {"10.0.0.0",
				     "10.1.2.3",
				     "10.1.2.4",
				     "127.0.0.1",
				     "127.0.0.53",
				     HOST4,
				     "192.0.2.78",
				     "224.0.0.1",
				     "255.255.255.255",
				     "2001:db8::",
				     HOST6,
				     "2001:db8::78",
				     "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
				     "::1",
				     "fd00::53",
				     "fe80::1",
				     "::ffff"};

static unsigned int pick(unsigned int below)
{
	return (unsigned int)rand() % below;
}

static void random_place(int *family, uint8_t address[16])
{
	const char *text = places[pick(CRL_ARRAY_LEN(places))];

	memset(address, 0, 16);
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(*family, text, address), 1);
	if (pick(4) == 0)
		address[pick(*family == AF_INET6 ? 16 : 4)] ^= (uint8_t)(1u << pick(8));
}

static void random_entry(struct entry *e)
{
	static const char *const protocols[] = {"", " tcp", " udp", " icmp"};
	static const uint8_t numbers[] = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};
	unsigned int protocol = pick(4), most;
	char where[INET6_ADDRSTRLEN] = "any";

	memset(e, 0, sizeof(*e));
	e->allow = pick(2);
	e->host = pick(6) == 0;
	e->any = !e->host && pick(6) == 0;
	random_place(&e->family, e->address);
	most = e->family == AF_INET6 ? 128 : 32;
	e->bits = pick(3) == 0 ? most : pick(most + 1);
	for (unsigned int i = e->bits; i < most; i++)
		e->address[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
	e->protocol = numbers[protocol];
	if (e->host)
		(void)snprintf(where, sizeof(where), "host");
	else if (!e->any)
		assert_non_null(inet_ntop(e->family, e->address, where, sizeof(where)));
	(void)snprintf(e->text, sizeof(e->text), "%s", where);
	if (!e->host && !e->any)
		(void)snprintf(e->text + strlen(e->text), sizeof(e->text) - strlen(e->text), "/%u", e->bits);
	(void)snprintf(e->text + strlen(e->text), sizeof(e->text) - strlen(e->text), "%s", protocols[protocol]);
	if (protocol == 1 || protocol == 2) {
		e->first = 50 + pick(8);
		e->last = pick(3) == 0 ? 0 : e->first + pick(6);
		if (e->last)
			(void)snprintf(e->text + strlen(e->text), sizeof(e->text) - strlen(e->text), " %u-%u", e->first,
				       e->last);
	}
}

static void random_target(struct crl_nat_target *t)
{
	static const uint8_t numbers[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP}, unspecified[16];

	memset(t, 0, sizeof(*t));
	random_place(&t->family, t->address);
	t->address[15] |= memcmp(t->address, unspecified, 16) == 0; /* test_loopback's */
	t->protocol = numbers[pick(3)];
	t->port = t->protocol == IPPROTO_ICMP ? 0 : (uint16_t)(48 + pick(16));
	t->host = is_own(t);
}

/* What leaves is asked about only where connect was not. */
static bool egress_model(bool may, const struct entry *e, size_t len, const struct crl_nat_target *t, uint32_t link,
			 uint32_t state)
{
	bool has_host = false, judged = t->protocol == IPPROTO_ICMP;

	for (size_t i = 0; i < len; i++)
		has_host = has_host || e[i].host;
	if (link == 1 && has_host && (t->protocol == IPPROTO_UDP || (t->protocol == IPPROTO_TCP && state == 2)))
		judged = true;
	return judged ? may : true;
}

static void compare_reach(const struct crl_gate *g, const struct entry *e, size_t len)
{
	struct crl_nat_target t;
	bool may;

	random_target(&t);
	may = model(e, len, &t);
	assert_int_equal(crl_gate_may_reach(g, &t, NULL), may);
	assert_int_equal(connects(&t), may || is_server(&t) || !g->holds_reach);
	for (uint32_t link = 1; link < 3; link++)
		for (uint32_t state = 1; state < 3; state++) {
			t.host = link == 1; /* what the kernel sends there is its own, whatever was known */
			may = model(e, len, &t) || is_server(&t) || !g->holds_reach;
			assert_int_equal(leaves(&t, link, state), egress_model(may, e, len, &t, link, state));
		}
}

/* keeps: plan/net/gate R1, plan/net/gate_program R1 R4 R6 */
static void test_random(void **state)
{
	(void)state;
	srand(20251129);
	for (size_t round = 0; round < 400; round++) {
		scoped(crl_policy) p = {.net_mode = CRL_NET_HOST};
		scoped(crl_gate) g = {.holds_reach = false};
		struct entry e[12];
		size_t len = pick(CRL_ARRAY_LEN(e) + 1);

		for (size_t i = 0; i < len; i++) {
			random_entry(&e[i]);
			assert_int_equal(crl_strv_add(e[i].allow ? &p.net_allow : &p.net_deny, e[i].text), 0);
		}
		assert_int_equal(crl_strv_add(&p.net_listen, "any"), 0);
		assert_int_equal(crl_gate_make(&p, &g), 0);
		assert_false(g.holds_listen);
		make(&g);
		for (size_t i = 0; i < 200; i++)
			compare_reach(&g, e, len);
	}
	unmake();
}

static struct crl_nat_target target_of(const char *address, uint8_t protocol, uint16_t port)
{
	struct crl_nat_target t = {.protocol = protocol, .port = port};

	t.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(t.family, address, t.address), 1);
	t.host = is_own(&t);
	return t;
}

/* The texts of the gate are gone afterwards: programs have none. */
static void gate_of(struct crl_gate *g, const char *deny, const char *const *listen, enum crl_loopback loopback)
{
	scoped(crl_policy) p = {.net_mode = CRL_NET_HOST, .net_loopback = loopback};

	if (deny)
		assert_int_equal(crl_strv_add(&p.net_deny, deny), 0);
	for (; listen && *listen; listen++)
		assert_int_equal(crl_strv_add(&p.net_listen, *listen), 0);
	assert_int_equal(crl_gate_make(&p, g), 0);
	make(g);
}

static const char *const listen_any[] = {"any", NULL};

/* Each edge of each prefix length: the last address within, the first one outside. */
static void test_edges(void **state)
{
	(void)state;
	for (int family = 0; family < 2; family++) {
		unsigned int most = family ? 128 : 32;

		for (unsigned int bits = 1; bits <= most; bits++) {
			scoped(crl_gate) g = {.holds_reach = false};
			uint8_t network[16];
			char text[64], deny[80];
			struct crl_nat_target t = {
				.family = family ? AF_INET6 : AF_INET, .protocol = IPPROTO_TCP, .port = 80};
			scoped(crl_policy) p = {.net_mode = CRL_NET_HOST};

			memset(network, 0xa5, 16);
			for (unsigned int i = bits; i < most; i++)
				network[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
			(void)snprintf(deny, sizeof(deny), "%s/%u", inet_ntop(t.family, network, text, sizeof(text)),
				       bits);
			assert_int_equal(crl_strv_add(&p.net_deny, deny), 0);
			assert_int_equal(crl_gate_make(&p, &g), 0);
			make(&g);
			memcpy(t.address, network, most / 8);
			assert_int_equal(connects(&t), 0);
			for (unsigned int i = bits; i < most; i++)
				t.address[i / 8] |= (uint8_t)(0x80u >> (i % 8));
			assert_int_equal(connects(&t), 0);
			t.address[(bits - 1) / 8] ^= (uint8_t)(0x80u >> ((bits - 1) % 8));
			assert_int_equal(connects(&t), 1);
		}
	}
	unmake();
}

static void test_ports(void **state)
{
	scoped(crl_gate) g = {.holds_reach = false};

	(void)state;
	gate_of(&g, "10.0.0.0/8 tcp 22,80-90,65535", listen_any, CRL_LOOPBACK_HOST);
	for (unsigned int port = 0; port <= UINT16_MAX; port++) {
		struct crl_nat_target t = target_of("10.1.2.3", IPPROTO_TCP, (uint16_t)port);
		bool may = port != 22 && (port < 80 || port > 90) && port != 65535;

		assert_int_equal(connects(&t), may);
		t.protocol = IPPROTO_UDP;
		assert_int_equal(connects(&t), 1);
	}
	unmake();
}

/* keeps: plan/net/gate R2, plan/net/gate_program R2 */
static void test_loopback(void **state)
{
	static const struct {
		const char *address;
		bool may;
		const char *becomes;
	} asked[] = {
		{"127.0.0.1", false, NULL},
		{"127.255.255.255", false, NULL},
		{"128.0.0.1", true, NULL},
		{"126.1.1.1", true, NULL},
		{"0.0.0.0", false, "127.0.0.1"},
		{"::1", false, NULL},
		{"::2", true, NULL},
		{"::", false, "::1"},
		{"::ffff:127.0.0.1", false, NULL},
		{HOST4, true, NULL},
		{"::ffff:0.0.0.0", false, "::ffff:127.0.0.1"},
		{"203.0.113.1", true, NULL},
		{"::ffff:203.0.113.1", true, NULL},
	};
	scoped(crl_gate) g = {.holds_reach = false};

	(void)state;
	gate_of(&g, NULL, listen_any, CRL_LOOPBACK_OWN);
	assert_true(g.holds_reach);
	for (size_t i = 0; i < CRL_ARRAY_LEN(asked); i++) {
		struct crl_nat_target t = target_of(asked[i].address, IPPROTO_TCP, 5432);
		struct bpf_sock_addr a = address_of(&t, false), want = a;

		print_message("%s\n", asked[i].address);
		assert_int_equal(ask_address(t.family == AF_INET6 ? CRL_GATE_CONNECT6 : CRL_GATE_CONNECT4, &a),
				 asked[i].may);
		if (asked[i].becomes) {
			struct crl_nat_target b = target_of(asked[i].becomes, IPPROTO_TCP, 5432);

			want = address_of(&b, false);
		}
		assert_memory_equal(&a, &want, sizeof(a));
	}
	unmake();
}

/* keeps: plan/net/gate_program R3 */
static void test_sockets(void **state)
{
	scoped(crl_gate) g = {.holds_reach = false};

	(void)state;
	gate_of(&g, "@private", listen_any, CRL_LOOPBACK_HOST);
	for (uint32_t type = SOCK_STREAM; type <= SOCK_DCCP; type++)
		for (uint32_t protocol = 0; protocol < 300; protocol++) {
			struct bpf_sock sk = {.type = type, .protocol = protocol};
			struct run r = {.context = &sk, .context_size = sizeof(sk)};
			bool known = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP ||
				     protocol == IPPROTO_ICMPV6;

			assert_int_equal(run(CRL_GATE_SOCKET, &r), known && type != SOCK_RAW);
		}
	unmake();
}

/* The socket program of @g for a process of that name, made for sessions that @opener opens. */
static int ask_socket(const struct crl_gate *g, const char *opener, struct run *r, struct bpf_sock *sk)
{
	struct crl_gate_host of = host;
	struct crl_gate_program made = {.len = 0};
	int may = 1;

	(void)snprintf(of.opener, sizeof(of.opener), "%s", opener);
	r->context = sk;
	r->context_size = sizeof(*sk);
	assert_int_equal(crl_gate_program_make(g, &of, CRL_GATE_SOCKET, &made), 0);
	assert_int_equal(made.len > 0, g->holds_reach || (g->holds_forwards && opener[0]));
	if (made.len > 0) {
		run_is_reached(made.insn, made.len);
		may = run_program(r, made.insn, made.len);
	}
	crl_gate_program_done(&made);
	return may;
}

/* keeps: plan/net/gate_program R8 */
static void test_forwards(void **state)
{
	static const char *const names[] = {
		"sshd", "sshd-session", "sshd-sessions", "sshc", "sshd ", "123456789012345", "12345678901234", "",
		"s",    "bash"};

	(void)state;
	for (size_t mode = 0; mode < 4; mode++) {
		scoped(crl_policy) p = {.net_mode = mode & 1 ? CRL_NET_HOST : CRL_NET_NONE,
					.net_forwards = mode & 2 ? CRL_FORWARDS_NONE : CRL_FORWARDS_INSIDE};
		scoped(crl_gate) g = {.holds_reach = false};

		assert_int_equal(crl_strv_add(&p.net_deny, "@private"), 0);
		assert_int_equal(crl_strv_add(&p.net_listen, "any"), 0);
		assert_int_equal(crl_gate_make(&p, &g), 0);
		for (size_t i = 0; i < CRL_ARRAY_LEN(names) * CRL_ARRAY_LEN(names) * 6; i++) {
			const char *opener = names[i / 6 % CRL_ARRAY_LEN(names)];
			struct bpf_sock sk = {.type = i % 3 ? SOCK_STREAM : SOCK_DGRAM, .protocol = IPPROTO_TCP};
			struct run r = {.uid = i % 6 < 4 ? 1000 : 0, .comm = names[i / 6 / CRL_ARRAY_LEN(names)]};
			bool forwards = r.uid != 0 && sk.type == SOCK_STREAM && opener[0] && !strcmp(opener, r.comm);

			assert_int_equal(ask_socket(&g, opener, &r, &sk), !(mode & 2) || !forwards);
			sk.protocol = IPPROTO_SCTP; /* R3 holds beside it, where it does */
			assert_int_equal(ask_socket(&g, opener, &r, &sk), !(mode & 1) && (!(mode & 2) || !forwards));
		}
	}
}

/* keeps: plan/net/gate_program R7 */
static void test_routed(void **state)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6};
	scoped(crl_gate) g = {.holds_reach = false};

	(void)state;
	gate_of(&g, "@private", listen_any, CRL_LOOPBACK_HOST);
	for (size_t i = 0; i < CRL_ARRAY_LEN(protocols); i++)
		for (unsigned int next = 0; next < 256; next++) {
			uint8_t packet[80] = {0x60, [6] = (uint8_t)next, [24] = 0x20, [25] = 0x01};
			struct bpf_sock sk = {.family = AF_INET6, .protocol = protocols[i], .state = 1};
			struct __sk_buff skb = {.ifindex = 2, .protocol = htons(0x86dd)};
			struct run r = {.context = &skb,
					.context_size = sizeof(skb),
					.sk = &sk,
					.packet = packet,
					.packet_len = sizeof(packet)};

			skb.sk = &sk;
			assert_int_equal(run(CRL_GATE_EGRESS, &r), next != IPPROTO_ROUTING);
		}
	for (size_t i = 0; i + 1 < CRL_ARRAY_LEN(protocols); i++)
		for (unsigned int first = 0x40; first < 0x50; first++) {
			uint8_t packet[80] = {(uint8_t)first, [9] = protocols[i], [16] = 203, [18] = 113, [19] = 9};
			struct bpf_sock sk = {.family = AF_INET, .protocol = protocols[i], .state = 1};
			struct __sk_buff skb = {.ifindex = 2, .protocol = htons(0x0800)};
			struct run r = {.context = &skb,
					.context_size = sizeof(skb),
					.sk = &sk,
					.packet = packet,
					.packet_len = sizeof(packet)};

			skb.sk = &sk;
			assert_int_equal(run(CRL_GATE_EGRESS, &r), first == 0x45);
		}
	unmake();
}

static const struct bound {
	const char *address;
	uint8_t protocol;
	uint16_t port;
	bool may;
} bound[] = {
	{"127.0.0.1", IPPROTO_TCP, 22, true},
	{"127.0.0.2", IPPROTO_TCP, 22, false},
	{"0.0.0.0", IPPROTO_TCP, 22, false},
	{"0.0.0.0", IPPROTO_TCP, 7999, false},
	{"0.0.0.0", IPPROTO_TCP, 8000, true},
	{"0.0.0.0", IPPROTO_UDP, 8999, true},
	{"::", IPPROTO_TCP, 9000, false},
	{"::", IPPROTO_TCP, 8500, true},
	{"::1", IPPROTO_TCP, 22, false},
	{HOST6, IPPROTO_UDP, 8000, true},
	{"10.1.2.3", IPPROTO_UDP, 514, true},
	{"10.1.2.3", IPPROTO_TCP, 514, false},
	{"::ffff:127.0.0.1", IPPROTO_TCP, 22, true},
	{"::ffff:127.0.0.2", IPPROTO_TCP, 22, false},
	{"0.0.0.0", IPPROTO_UDP, 7, false},
};

/* keeps: plan/net/gate R3, plan/net/gate_program R1 R5 */
static void test_listen(void **state)
{
	static const char *const listen[] = {"127.0.0.1", "ports 8000-8999", "10.0.0.0/8 udp 514", NULL};
	scoped(crl_gate) g = {.holds_reach = false};

	(void)state;
	gate_of(&g, NULL, listen, CRL_LOOPBACK_HOST);
	assert_true(g.holds_listen);
	assert_false(g.holds_reach);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bound); i++) {
		struct crl_nat_target t = target_of(bound[i].address, bound[i].protocol, bound[i].port);
		struct bpf_sock_addr a = address_of(&t, false), b = a;
		enum crl_gate_hook hook = t.family == AF_INET6 ? CRL_GATE_BIND6 : CRL_GATE_BIND4;

		print_message("%s %u\n", bound[i].address, bound[i].port);
		assert_int_equal(ask_address(hook, &a), bound[i].may);
		/* Programs alone know IPv4 within IPv6. */
		if (!strchr(bound[i].address, '.') || !strchr(bound[i].address, ':'))
			assert_int_equal(crl_gate_may_listen(&g, &t), bound[i].may);
		assert_memory_equal(&a, &b, sizeof(a));
		a.user_port = 0; /* any that is free */
		assert_int_equal(ask_address(hook, &a), 1);
		if (bound[i].protocol != IPPROTO_TCP)
			continue;
		assert_int_equal(comes(&t, 10, false), bound[i].may);
		assert_int_equal(comes(&t, 1, false), 1); /* it is a connection's */
		if (t.family == AF_INET)
			assert_int_equal(comes(&t, 10, true), bound[i].may);
	}
	unmake();
}

static void test_none(void **state)
{
	scoped(crl_gate) g = {.holds_reach = false};
	scoped(crl_policy) p = {.net_mode = CRL_NET_NAT};

	(void)state;
	gate_of(&g, NULL, listen_any, CRL_LOOPBACK_HOST);
	assert_false(g.holds_reach || g.holds_listen);
	for (size_t i = 0; i < CRL_GATE_COUNT; i++)
		assert_int_equal(programs[i].len, 0);
	crl_gate_done(&g);
	assert_int_equal(crl_strv_add(&p.net_deny, "any"), 0);
	assert_int_equal(crl_gate_make(&p, &g), 0);
	assert_false(g.holds_reach || g.holds_listen); /* nftables has it */
}

static void test_long(void **state)
{
	scoped(crl_policy) p = {.net_mode = CRL_NET_HOST};
	scoped(crl_gate) g = {.holds_reach = false};
	struct crl_gate_program made;
	char text[64];

	(void)state;
	for (unsigned int i = 0; i < 1500; i++) {
		(void)snprintf(text, sizeof(text), "2001:db8:%x:%x::/64", i % 16, i);
		assert_int_equal(crl_strv_add(&p.net_deny, text), 0);
	}
	assert_int_equal(crl_gate_make(&p, &g), 0);
	assert_int_equal(crl_gate_program_make(&g, &host, CRL_GATE_CONNECT6, &made), 0);
	assert_in_range(made.len, 1500, CRL_GATE_INSNS_MAX);
	crl_gate_program_done(&made);
	assert_int_equal(crl_gate_program_make(&g, &host, CRL_GATE_CONNECT4, &made), 0);
	assert_in_range(made.len, 1, 100);
	crl_gate_program_done(&made);
	for (unsigned int i = 0; i < 1500; i++) {
		(void)snprintf(text, sizeof(text), "2001:db9:%x:%x::/64", i % 16, i);
		assert_int_equal(crl_strv_add(&p.net_deny, text), 0);
	}
	crl_gate_done(&g);
	assert_int_equal(crl_gate_make(&p, &g), 0);
	assert_int_equal(crl_gate_program_make(&g, &host, CRL_GATE_CONNECT6, &made), -E2BIG);
	assert_null(made.insn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),   cmocka_unit_test(test_edges),   cmocka_unit_test(test_ports),
		cmocka_unit_test(test_loopback), cmocka_unit_test(test_sockets), cmocka_unit_test(test_forwards),
		cmocka_unit_test(test_listen),   cmocka_unit_test(test_none),    cmocka_unit_test(test_long),
		cmocka_unit_test(test_routed),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
