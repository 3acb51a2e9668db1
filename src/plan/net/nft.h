// SPDX-License-Identifier: Apache-2.0
/*
 * The host's rules for rooms with a way out, as commands of nft(8) in one transaction. All of them speak of one table,
 * which is carrel's own.
 *
 * Runs in: helper. Pure. Carried out by carrel-net.
 *
 * But for ports that lead into it (served.h) nothing of a room is in the table: its link carries a group (ip-link(8)),
 * by which the rules of its policy are found, and from where it may send follows from the routes. So a room that goes
 * in whatever way leaves no rule.
 *
 * R1: what comes from a room has the room's own source address, and is none of a router's messages.
 * R2: no room reaches another, or the host but for what the policy says and the service address.
 * R3: a link whose group is of no policy reaches nothing.
 * R4: where carrel has switched forwarding on, what is neither from nor to a room is not forwarded, as before.
 * R5: a room has so many connections at once, as many come to its ports, and all rooms together have not all that the
 * host can follow (share.h).
 * R6: a room says nothing of connections that are not its own: no ICMP error of a room's is passed on or heard, since
 * the tables cannot tell whose connection one speaks of.
 * R7: connections of rooms leave from ports at which hardly a service of the host's listens: what comes in for one is
 * never taken for an answer to a room.
 * R8: what comes from a room or goes to one is marked for the guard (guard.h).
 * R9: a room's rates hold on the host's side of its link, for all that it sends and is sent.
 * R10: no room has all ports from which rooms' connections to one server leave.
 * R11: whom rooms ask for names is the host's to say, for all rooms, and changes while they live: sets hold it.
 * R12: fragments of a room's are few: all that a host puts together, its own too, waits in one small memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "plan/net/resolv.h"
#include "plan/net/rules.h"

#define CRL_NAT_TABLE "inet carrel"

/* What the script is about. */
struct crl_nat_wish {
	const struct crl_nat_rules *rules;
	const struct crl_nat_resolv *resolv;
	const char *service; /* crl_nat_pool_service() */
	uint64_t follows; /* connections that the host can follow at once; 0 = not known */
	uint64_t egress; /* bits per second that a room may send, CRL_UNLIMITED = any; then those that it is sent */
	uint64_t ingress;
};

/*
 * The group of links with these rules: of equal rules the same, and no number that anybody would give by hand.
 * Returns 0 or -ENOMEM.
 */
int crl_nat_group(const struct crl_nat_wish *w, uint32_t *ret) CRL_MUST_CHECK;

/* What carrel has switched forwarding on for. */
struct crl_nat_opened {
	const char *const *ipv4; /* names of interfaces, NULL-ended */
	const char *const *ipv6;
};

/*
 * Make the table, or what is missing of it, with the rules of one policy; others' stay as they are.
 * @ret  to be freed. Returns 0 or -ENOMEM.
 */
int crl_nat_nft_begin(const struct crl_nat_wish *w, const struct crl_nat_opened *opened, char **ret) CRL_MUST_CHECK;

/*
 * Those sets of the table that say what forwarding is switched on for, and no more.
 * @ret  to be freed. Returns 0 or -ENOMEM.
 */
int crl_nat_nft_opened(const struct crl_nat_opened *opened, char **ret) CRL_MUST_CHECK;

/*
 * What of the table says whom rooms ask for names, and no more.
 * @ret  to be freed. Returns 0 or -ENOMEM.
 */
int crl_nat_nft_names(const struct crl_nat_resolv *resolv, const char *service, char **ret) CRL_MUST_CHECK;

#define CRL_NAT_ASK_SIZE 64

/* A question for the rules of @group: the answer is an error when they are not there, which may be any. */
void crl_nat_nft_ask(uint32_t group, char ret[CRL_NAT_ASK_SIZE]);

/* Is that the group of a link with rules of a policy's? */
bool crl_nat_is_group(uint32_t group);

/* The table goes, whether or not it is there. */
#define CRL_NAT_NFT_END "add table " CRL_NAT_TABLE "\ndelete table " CRL_NAT_TABLE "\n"
