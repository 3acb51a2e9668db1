// SPDX-License-Identifier: Apache-2.0
/*
 * Ports of the host's that lead into rooms (network.publish): which may be, and which a user's room has.
 *
 * Runs in: helper, carrelctl. Pure.
 * R1: no such port is one that connections of rooms leave from (CRL_PUBLISH_LEAVE_*): what comes in for it could not be
 * told from an answer to a room.
 * R2: no two users have one port of a range, and none has more than CRL_PUBLISH_MAX.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

#define CRL_PUBLISH_LEAVE_FIRST 16384
#define CRL_PUBLISH_LEAVE_LAST 29999

/* One port that is to lead into a room. */
struct crl_publish_port {
	enum crl_publish_proto proto;
	uint16_t port; /* the host's */
	uint16_t to; /* the room's */
};

/* Of a port that is no range: where it leads, in the room. */
uint64_t crl_publish_to(const struct crl_publish *p);

/* "tcp", "udp". */
const char *crl_publish_proto_name(enum crl_publish_proto proto);

/* What was expected of an entry, or NULL when it is one. */
const char *crl_publish_fault(const struct crl_publish *p) CRL_MUST_CHECK;

/*
 * The ports of a user's room.
 * @ret  CRL_PUBLISH_MAX of them
 * Errors (stage CONFIG): -ERANGE the user's number has no range of its own; -EEXIST two entries give the same port;
 * -E2BIG more than CRL_PUBLISH_MAX.
 */
int crl_publish_ports(const struct crl_policy *p, uint32_t uid, struct crl_publish_port *ret, size_t *ret_len,
		      struct crl_err *err) CRL_MUST_CHECK;
