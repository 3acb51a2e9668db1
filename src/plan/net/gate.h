// SPDX-License-Identifier: Apache-2.0
/*
 * The gate of a login. On the host's network (network.mode = "host"): where its programs may connect to and what they
 * may bind, as one list each, the verdict of which carrelctl tells and gate_program.h makes programs of. On each
 * network: whether the program that opened its session may forward ports.
 *
 * Runs in: helper, carrelctl. Pure.
 * R1: as rules.h R1, but that the host's own addresses are addresses, too: entries of networks and "any" are about
 * them, and "host" counts as so many single addresses.
 * R2: network.loopback = "own" is one more entry that denies @loopback; what no entry is about is allowed.
 * R3: what is bound has to be in network.listen, but for port 0, at which a program asks for any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "plan/net/rules.h"
#include "policy/netrule.h"
#include "policy/policy.h"

extern const char crl_gate_loopback[]; /* the text of R2's entry, which is known by it: no list of the policy has it */

/* Zero-initialise; crl_gate_done() frees. Its texts are the policy's. */
struct crl_gate {
	struct crl_nat_rules reach; /* in the order in which they decide */
	struct crl_nat_rules listen; /* any of them is enough */
	bool holds_reach; /* there is what it denies */
	bool holds_listen;
	bool holds_forwards; /* network.forwards = "none" */
};

/*
 * @p  of mode "host"; of another one the gate holds nothing but forwards
 * Returns 0 or -ENOMEM; -EINVAL an entry that no policy can have been read with.
 */
int crl_gate_make(const struct crl_policy *p, struct crl_gate *ret) CRL_MUST_CHECK;
void crl_gate_done(struct crl_gate *g);

/*
 * May a program connect there? @t->host  the address is one of the host's own, which is to be given with it.
 * @ret  the entry that decides, NULL = none does; may itself be NULL
 */
bool crl_gate_may_reach(const struct crl_gate *g, const struct crl_nat_target *t, const struct crl_netrule **ret);

/* May it listen there, at a port that is not 0? */
bool crl_gate_may_listen(const struct crl_gate *g, const struct crl_nat_target *t);
