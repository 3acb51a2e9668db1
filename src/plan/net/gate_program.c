// SPDX-License-Identifier: Apache-2.0
/*
 * See gate_program.h. What a program keeps, once its first part has looked:
 *
 *   r6       the context
 *   r7       the protocol; ICMPv6 is ICMP
 *   r8       the port, as a number
 *   r9       1 = the address is one of the host's own
 *   stack    16 bytes of address; one of IPv4 is in the last four
 */
#include "plan/net/gate_program.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plan/net/gate_write.h"

#define LOOPBACK_LINK 1 /* the index of lo, in each network namespace */
#define STATE_SYN_SENT 2 /* of a socket's: BPF_TCP_SYN_SENT, BPF_TCP_LISTEN */
#define STATE_LISTEN 10
#define ETHERTYPE_IPV6 0x86dd
#define PLAIN_IPV4 0x45 /* the first byte of a packet without options */
#define SCRATCH (-20) /* on the stack, below the address */
/* Four bytes of an address, as a load from memory has them. */
static uint32_t word_of(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static uint32_t mask_of(size_t bits)
{
	uint32_t mask = bits >= 32 ? UINT32_MAX : ~(UINT32_MAX >> bits);

	return htonl(mask);
}

/* Ahead, unless the address is within the network. */
static void unless_within(struct assembler *w, struct jumps *no, int family, const uint8_t *network, size_t bits)
{
	size_t words = family == AF_INET6 ? 4 : 1;

	for (size_t i = 0; i < words && bits > i * 32; i++) {
		uint32_t mask = mask_of(bits - i * 32);

		load(w, BPF_W, BPF_REG_1, BPF_REG_10, i * 4 - words * 4);
		if (mask != UINT32_MAX)
			count(w, BPF_AND, BPF_REG_1, mask);
		leap(w, no, BPF_JNE, BPF_REG_1, word_of(network + i * 4));
	}
}

/* @no  where it goes on when the port is none of the entry's */
static void unless_port(struct assembler *w, struct jumps *no, const struct crl_netrule *r)
{
	for (size_t i = 0; i < r->ports; i++) {
		bool last = i + 1 == r->ports;
		struct jumps next = {.len = 0};

		leap(w, last ? no : &next, BPF_JLT, BPF_REG_8, r->port[i].first);
		if (last) {
			leap(w, no, BPF_JGT, BPF_REG_8, r->port[i].last);
			continue;
		}
		leap(w, &next, BPF_JGT, BPF_REG_8, r->port[i].last);
		answer(w, r->allow);
		land(w, &next);
	}
}

/* Returns whether it is about everything: what comes behind would never be reached, which the kernel refuses. */
static bool put_rule(struct assembler *w, const struct crl_netrule *r)
{
	struct jumps no = {.len = 0};

	if (r->host)
		leap(w, &no, BPF_JEQ, BPF_REG_9, 0);
	else if (r->family != AF_UNSPEC)
		unless_within(w, &no, r->family, r->address, r->bits);
	if (r->protocol)
		leap(w, &no, BPF_JNE, BPF_REG_7, r->protocol);
	unless_port(w, &no, r);
	answer(w, r->allow);
	if (no.len == 0)
		return true;
	land(w, &no);
	return false;
}

static bool has_host(const struct assembler *w)
{
	for (size_t i = 0; i < w->rules->len; i++)
		if (w->rules->item[i].host)
			return true;
	return false;
}

/* r9: is the address, of @family, one of the host's? */
static void find_own(struct assembler *w, int family)
{
	static const uint8_t loopback4[4] = {127}, loopback6[16] = {[15] = 1};
	bool six = family == AF_INET6;
	struct jumps no = {.len = 0};

	set(w, BPF_REG_9, 0);
	if (!w->reach || !has_host(w))
		return;
	unless_within(w, &no, family, six ? loopback6 : loopback4, six ? 128 : 8);
	set(w, BPF_REG_9, 1);
	land(w, &no);
	for (size_t i = 0; i < w->host->owns; i++) {
		if (w->host->own[i].family != family)
			continue;
		unless_within(w, &no, family, w->host->own[i].address, six ? 128 : 32);
		set(w, BPF_REG_9, 1);
		land(w, &no);
	}
}

/* The end of a program: what the list says of an address of @family. */
static void judge(struct assembler *w, int family)
{
	for (size_t i = 0; w->reach && i < w->host->servers; i++) { /* R6 */
		struct crl_netrule r = {.allow = true,
					.family = family,
					.bits = family == AF_INET6 ? 128 : 32,
					.port = {{53, 53}},
					.ports = 1};

		memcpy(r.address, w->host->server[i].address, sizeof(r.address));
		if (w->host->server[i].family == family)
			crl_ignore(put_rule(w, &r));
	}
	for (size_t i = 0; i < w->rules->len; i++) {
		const struct crl_netrule *r = &w->rules->item[i];

		if ((r->family == family || r->family == AF_UNSPEC) && put_rule(w, r))
			return;
	}
	answer(w, w->reach);
}

static void same_icmp(struct assembler *w)
{
	struct jumps no = {.len = 0};

	leap(w, &no, BPF_JNE, BPF_REG_7, IPPROTO_ICMPV6);
	set(w, BPF_REG_7, IPPROTO_ICMP);
	land(w, &no);
}

static void begin_address(struct assembler *w)
{
	copy(w, BPF_REG_6, BPF_REG_1);
	load(w, BPF_W, BPF_REG_7, BPF_REG_6, offsetof(struct bpf_sock_addr, protocol));
	same_icmp(w);
	load(w, BPF_W, BPF_REG_8, BPF_REG_6, offsetof(struct bpf_sock_addr, user_port));
	to_number(w, BPF_REG_8);
	if (!w->reach) {
		struct jumps no = {.len = 0};

		leap(w, &no, BPF_JNE, BPF_REG_8, 0);
		answer(w, true);
		land(w, &no);
	}
}

/* R2. The last four bytes of an address that is unspecified are 0. @at  where the context has them */
static void name_loopback(struct assembler *w, size_t at, uint32_t last)
{
	struct jumps no = {.len = 0};

	if (!w->reach)
		return;
	load(w, BPF_W, BPF_REG_1, BPF_REG_10, (size_t)-4);
	leap(w, &no, BPF_JNE, BPF_REG_1, 0);
	set(w, BPF_REG_1, htonl(last));
	store(w, BPF_REG_6, at, BPF_REG_1);
	store(w, BPF_REG_10, (size_t)-4, BPF_REG_1);
	land(w, &no);
}

static void judge_address4(struct assembler *w)
{
	const size_t at = offsetof(struct bpf_sock_addr, user_ip4);

	begin_address(w);
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, at);
	store(w, BPF_REG_10, (size_t)-4, BPF_REG_1);
	name_loopback(w, at, INADDR_LOOPBACK);
	find_own(w, AF_INET);
	judge(w, AF_INET);
}

/* Ahead, unless the first three words of the address on the stack are 0, 0 and @third. */
static void unless_begins(struct assembler *w, struct jumps *no, uint32_t third)
{
	for (int i = 0; i < 3; i++) {
		load(w, BPF_W, BPF_REG_1, BPF_REG_10, (size_t)(i * 4 - 16));
		leap(w, no, BPF_JNE, BPF_REG_1, i == 2 ? third : 0);
	}
}

static void judge_address6(struct assembler *w)
{
	const size_t at = offsetof(struct bpf_sock_addr, user_ip6);
	struct jumps no = {.len = 0};

	begin_address(w);
	for (size_t i = 0; i < 4; i++) {
		load(w, BPF_W, BPF_REG_1, BPF_REG_6, at + i * 4);
		store(w, BPF_REG_10, i * 4 - 16, BPF_REG_1);
	}
	unless_begins(w, &no, htonl(0xffff)); /* R1 */
	name_loopback(w, at + 12, INADDR_LOOPBACK);
	find_own(w, AF_INET);
	judge(w, AF_INET);
	land(w, &no);
	unless_begins(w, &no, 0);
	name_loopback(w, at + 12, 1);
	land(w, &no);
	find_own(w, AF_INET6);
	judge(w, AF_INET6);
}

/* R8. The bytes of a name are looked at as words. */
static void refuse_forwards(struct assembler *w)
{
	struct jumps no = {.len = 0};

	load(w, BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct bpf_sock, type));
	leap(w, &no, BPF_JNE, BPF_REG_2, SOCK_STREAM);
	call(w, BPF_FUNC_get_current_uid_gid);
	leap(w, &no, BPF_JEQ, BPF_REG_0, 0);
	set(w, BPF_REG_1, 0); /* not each kernel writes what is behind a name */
	for (size_t at = 0; at < CRL_GATE_NAME_SIZE; at += 4)
		store(w, BPF_REG_10, at - CRL_GATE_NAME_SIZE, BPF_REG_1);
	copy(w, BPF_REG_1, BPF_REG_10);
	put(w,
	    (struct bpf_insn){.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -CRL_GATE_NAME_SIZE});
	set(w, BPF_REG_2, CRL_GATE_NAME_SIZE);
	call(w, BPF_FUNC_get_current_comm);
	for (size_t at = 0; at < CRL_GATE_NAME_SIZE; at += 4) {
		load(w, BPF_W, BPF_REG_1, BPF_REG_10, at - CRL_GATE_NAME_SIZE);
		leap(w, &no, BPF_JNE, BPF_REG_1, word_of((const uint8_t *)w->host->opener + at));
	}
	answer(w, false);
	land(w, &no);
}

/* R3 */
static void judge_socket(struct assembler *w)
{
	static const uint8_t known[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6};
	struct jumps no = {.len = 0};

	copy(w, BPF_REG_6, BPF_REG_1);
	if (w->forwards)
		refuse_forwards(w);
	if (!w->protocols) {
		answer(w, true);
		return;
	}
	load(w, BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct bpf_sock, type));
	load(w, BPF_W, BPF_REG_7, BPF_REG_6, offsetof(struct bpf_sock, protocol));
	leap(w, &no, BPF_JNE, BPF_REG_2, SOCK_RAW);
	answer(w, false);
	land(w, &no);
	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++) {
		leap(w, &no, BPF_JNE, BPF_REG_7, known[i]);
		answer(w, true);
		land(w, &no);
	}
	answer(w, false);
}

/* An answer at once, where a pointer in @reg is none. */
static void unless_there(struct assembler *w, uint8_t reg)
{
	put(w, (struct bpf_insn){.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg & 15u, .off = 2});
	answer(w, true);
}

/* @size bytes of the packet, behind r2, to the stack at @to. Ahead if it has not as many. */
static void fetch(struct assembler *w, struct jumps *no, int32_t to, uint32_t size)
{
	copy(w, BPF_REG_1, BPF_REG_6);
	copy(w, BPF_REG_3, BPF_REG_10);
	put(w, (struct bpf_insn){.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_3, .imm = to});
	set(w, BPF_REG_4, size);
	call(w, BPF_FUNC_skb_load_bytes);
	leap(w, no, BPF_JNE, BPF_REG_0, 0);
}

/* The port of a packet, behind @head bytes of it. Of ICMP it is of no meaning. */
static void fetch_port(struct assembler *w, struct jumps *no, uint32_t head)
{
	set(w, BPF_REG_2, head + 2);
	fetch(w, no, SCRATCH, 2);
	load(w, BPF_H, BPF_REG_8, BPF_REG_10, (size_t)SCRATCH);
	to_number(w, BPF_REG_8);
}

/* An IPv4 packet, or one of IPv6, up to its verdict. r9 is known. */
static void judge_packet(struct assembler *w, int family)
{
	bool six = family == AF_INET6;
	struct jumps no = {.len = 0}, bare = {.len = 0};

	set(w, BPF_REG_2, six ? 24 : 16);
	fetch(w, &no, six ? -16 : -4, six ? 16 : 4);
	set(w, BPF_REG_8, 0);
	if (six) { /* behind other headers: no port is known, and entries with ports are not about it */
		set(w, BPF_REG_2, 6);
		fetch(w, &no, SCRATCH, 1);
		load(w, BPF_B, BPF_REG_2, BPF_REG_10, (size_t)SCRATCH);
		put(w,
		    (struct bpf_insn){
			    .code = BPF_JMP32 | BPF_JNE | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_7, .off = 0});
		if (w->len != SPOILED)
			bare.at[bare.len++] = w->len - 1;
	}
	fetch_port(w, &bare, six ? 40 : 20);
	land(w, &bare);
	judge(w, family);
	land(w, &no);
	answer(w, false);
}

/* R7. It stands first where it is: what else could is root's alone. */
static void refuse_routed(struct assembler *w)
{
	struct jumps on = {.len = 0}, no = {.len = 0}, four = {.len = 0};

	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, protocol));
	leap(w, &four, BPF_JNE, BPF_REG_1, htons(ETHERTYPE_IPV6));
	set(w, BPF_REG_2, 6);
	fetch(w, &no, SCRATCH, 1);
	load(w, BPF_B, BPF_REG_2, BPF_REG_10, (size_t)SCRATCH);
	leap(w, &on, BPF_JNE, BPF_REG_2, IPPROTO_ROUTING);
	land(w, &no);
	answer(w, false);
	land(w, &four);
	set(w, BPF_REG_2, 0);
	fetch(w, &no, SCRATCH, 1);
	load(w, BPF_B, BPF_REG_2, BPF_REG_10, (size_t)SCRATCH);
	leap(w, &on, BPF_JEQ, BPF_REG_2, PLAIN_IPV4);
	land(w, &no);
	answer(w, false);
	land(w, &on);
}

/* R4 */
static void judge_egress(struct assembler *w)
{
	struct jumps other = {.len = 0}, begins = {.len = 0}, on = {.len = 0};

	copy(w, BPF_REG_6, BPF_REG_1);
	load(w, BPF_DW, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, sk));
	unless_there(w, BPF_REG_1);
	call(w, BPF_FUNC_sk_fullsock);
	unless_there(w, BPF_REG_0);
	load(w, BPF_W, BPF_REG_7, BPF_REG_0, offsetof(struct bpf_sock, protocol));
	load(w, BPF_W, BPF_REG_8, BPF_REG_0, offsetof(struct bpf_sock, state));
	same_icmp(w);
	refuse_routed(w);
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex));
	set(w, BPF_REG_9, 0);
	leap(w, &other, BPF_JNE, BPF_REG_1, LOOPBACK_LINK);
	set(w, BPF_REG_9, 1);
	land(w, &other);
	leap(w, &other, BPF_JNE, BPF_REG_7, IPPROTO_TCP);
	leap(w, &begins, BPF_JEQ, BPF_REG_8, STATE_SYN_SENT);
	answer(w, true); /* of a connection that stands, or that somebody else began */
	land(w, &other);
	leap(w, &on, BPF_JNE, BPF_REG_7, IPPROTO_UDP);
	land(w, &begins);
	if (has_host(w))
		leap(w, &on, BPF_JNE, BPF_REG_9, 0);
	answer(w, true); /* it was asked for */
	land(w, &on);
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, protocol));
	leap(w, &other, BPF_JEQ, BPF_REG_1, htons(ETHERTYPE_IPV6));
	judge_packet(w, AF_INET);
	land(w, &other);
	judge_packet(w, AF_INET6);
}

/* R5 */
static void judge_ingress(struct assembler *w)
{
	struct jumps six = {.len = 0}, no = {.len = 0};

	load(w, BPF_DW, BPF_REG_6, BPF_REG_1, offsetof(struct __sk_buff, sk));
	unless_there(w, BPF_REG_6);
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock, state));
	leap(w, &no, BPF_JEQ, BPF_REG_1, STATE_LISTEN);
	answer(w, true);
	land(w, &no);
	set(w, BPF_REG_7, IPPROTO_TCP);
	set(w, BPF_REG_9, 0);
	load(w, BPF_W, BPF_REG_8, BPF_REG_6, offsetof(struct bpf_sock, src_port));
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock, family));
	leap(w, &six, BPF_JEQ, BPF_REG_1, AF_INET6);
	load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock, src_ip4));
	store(w, BPF_REG_10, (size_t)-4, BPF_REG_1);
	judge(w, AF_INET);
	land(w, &six);
	for (size_t i = 0; i < 4; i++) {
		load(w, BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock, src_ip6) + i * 4);
		store(w, BPF_REG_10, i * 4 - 16, BPF_REG_1);
	}
	unless_begins(w, &no, htonl(0xffff)); /* R1 */
	judge(w, AF_INET);
	land(w, &no);
	judge(w, AF_INET6);
}

static const struct {
	void (*write)(struct assembler *w);
	bool reach, listen; /* which of both lists it is for; SOCKET is for either */
} hooks[CRL_GATE_COUNT] = {
	[CRL_GATE_SOCKET] = {judge_socket, true, true},      [CRL_GATE_CONNECT4] = {judge_address4, true, false},
	[CRL_GATE_CONNECT6] = {judge_address6, true, false}, [CRL_GATE_SEND4] = {judge_address4, true, false},
	[CRL_GATE_SEND6] = {judge_address6, true, false},    [CRL_GATE_EGRESS] = {judge_egress, true, false},
	[CRL_GATE_BIND4] = {judge_address4, false, true},    [CRL_GATE_BIND6] = {judge_address6, false, true},
	[CRL_GATE_INGRESS] = {judge_ingress, false, true},
};

void crl_gate_program_done(struct crl_gate_program *p)
{
	free(p->insn);
	*p = (struct crl_gate_program){.len = 0};
}

int crl_gate_program_make(const struct crl_gate *g, const struct crl_gate_host *host, enum crl_gate_hook hook,
			  struct crl_gate_program *ret)
{
	struct assembler w = {
		.host = host,
		.rules = hooks[hook].reach ? &g->reach : &g->listen,
		.reach = hooks[hook].reach,
		.protocols = (hooks[hook].reach && g->holds_reach) || (hooks[hook].listen && g->holds_listen),
		.forwards = hook == CRL_GATE_SOCKET && g->holds_forwards && host->opener[0],
	};

	*ret = (struct crl_gate_program){.len = 0};
	if (!w.protocols && !w.forwards)
		return 0;
	w.insn = calloc(CRL_GATE_INSNS_MAX, sizeof(*w.insn));
	if (!w.insn)
		return -ENOMEM;
	hooks[hook].write(&w);
	if (w.len == SPOILED) {
		free(w.insn);
		return -E2BIG;
	}
	*ret = (struct crl_gate_program){.insn = w.insn, .len = w.len};
	return 0;
}
