// SPDX-License-Identifier: Apache-2.0
/*
 * The programs that the kernel runs for sockets of a login's cgroup, of its gate (gate.h): eBPF, without maps or loops.
 *
 * Runs in: helper, carrelctl. Pure. Source: the kernel's Documentation/bpf, include/uapi/linux/bpf.h.
 * R1: an IPv4 address within IPv6 (::ffff:0:0/96) is judged as that.
 * R2: the unspecified address, which the kernel takes for the host itself, is made the loopback's before it is judged.
 * R3: a socket of another protocol than TCP, UDP and ICMP, a raw one, and one of MPTCP is not made: no hook of the
 * kernel's asks where such a one goes.
 * R4: what leaves is judged once more where no hook asked: ICMP, and what goes to the host itself by an address that
 * the host had not yet when the program was made.
 * R5: a socket that listens without having been bound gets no connection that network.listen has not.
 * R6: the name servers of the host are reached at their port 53 whatever the policy says.
 * R7: a packet with a routing header does not leave: it goes to another address first than the one that was asked for.
 * Nor does one of IPv4 with options, of which source routes do the same.
 * R8: where ports are not forwarded, no process that still is the program which opened the session, by its name, makes
 * a TCP socket, unless it is root's: what is forked of it for the user forwards, and what that executes has another
 * name. A process cannot be given a name by another one; who gives that name to programs of their own loses sockets.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "plan/net/gate.h"

#define CRL_GATE_NAME_SIZE 16 /* TASK_COMM_LEN of the kernel's */
#define CRL_GATE_INSNS_MAX 16000 /* of one program: its jumps reach half as far as this again */

/* One program for each hook, in the order in which they are attached. */
enum crl_gate_hook {
	CRL_GATE_SOCKET, /* a socket is made */
	CRL_GATE_CONNECT4,
	CRL_GATE_CONNECT6,
	CRL_GATE_SEND4, /* a datagram without a connection */
	CRL_GATE_SEND6,
	CRL_GATE_EGRESS, /* a packet leaves */
	CRL_GATE_BIND4,
	CRL_GATE_BIND6,
	CRL_GATE_INGRESS, /* a packet has come for a socket */
	CRL_GATE_COUNT
};

struct crl_gate_address {
	int family; /* AF_INET, AF_INET6 */
	uint8_t address[16];
};

/* What of the host a gate has to know. */
struct crl_gate_host {
	const struct crl_gate_address *own; /* its addresses but for the loopback's */
	size_t owns;
	const struct crl_gate_address *server; /* its name servers */
	size_t servers;
	char opener[CRL_GATE_NAME_SIZE]; /* name of who opens the session, zeros behind; "" = there is none */
};

/* Zero-initialise; crl_gate_program_done() frees. */
struct crl_gate_program {
	struct bpf_insn *insn;
	size_t len; /* 0 = this hook needs none */
};

/* Returns 0, -ENOMEM, or -E2BIG: the lists are too long for a program. */
int crl_gate_program_make(const struct crl_gate *g, const struct crl_gate_host *host, enum crl_gate_hook hook,
			  struct crl_gate_program *ret) CRL_MUST_CHECK;
void crl_gate_program_done(struct crl_gate_program *p);
