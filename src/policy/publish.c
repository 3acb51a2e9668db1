// SPDX-License-Identifier: Apache-2.0
/* See publish.h. */
#include "policy/publish.h"

#include <errno.h>
#include <inttypes.h>

#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)
#define LEAVE TEXT(CRL_PUBLISH_LEAVE_FIRST) " to " TEXT(CRL_PUBLISH_LEAVE_LAST)

uint64_t crl_publish_to(const struct crl_publish *p)
{
	return p->to ? p->to : p->port;
}

const char *crl_publish_proto_name(enum crl_publish_proto proto)
{
	return proto == CRL_PUBLISH_UDP ? "udp" : "tcp";
}

/* R1 */
static bool leaves(uint64_t port)
{
	return port >= CRL_PUBLISH_LEAVE_FIRST && port <= CRL_PUBLISH_LEAVE_LAST;
}

/* The last port of those that a range beginning there may have. */
static uint64_t last_of(uint64_t first)
{
	return first < CRL_PUBLISH_LEAVE_FIRST ? CRL_PUBLISH_LEAVE_FIRST - 1 : UINT16_MAX;
}

const char *crl_publish_fault(const struct crl_publish *p)
{
	if (p->port > 0 && (p->first > 0 || p->count > 0))
		return "either a port, or first and count";
	if (p->port == 0 && (p->first == 0 || p->count == 0))
		return "a port, or first and count";
	if (p->to > 0 && p->count > 0)
		return "no \"to\" with a range, whose ports have the same numbers in the room";
	if (leaves(p->port) || leaves(p->first))
		return "a port outside of " LEAVE ", which connections of rooms leave from";
	if (p->count > 0 && p->first + p->count - 1 > last_of(p->first))
		return "a range that ends before " LEAVE ", or by 65535";
	return NULL;
}

/* R2 */
static int add(struct crl_publish_port *ret, size_t *io_len, struct crl_publish_port one, uint32_t uid,
	       struct crl_err *err)
{
	for (size_t i = 0; i < *io_len; i++)
		if (ret[i].port == one.port && ret[i].proto == one.proto)
			return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG,
					   "network.publish: found %u/%s twice for the uid %" PRIu32
					   ", expected each port once",
					   one.port, crl_publish_proto_name(one.proto), uid);
	if (*io_len == CRL_PUBLISH_MAX)
		return crl_err_set(err, E2BIG, CRL_STAGE_CONFIG,
				   "network.publish: found more ports, expected at most %d", CRL_PUBLISH_MAX);
	ret[(*io_len)++] = one;
	return 0;
}

/* R2. The first one of the user's own, or 0. */
static uint64_t first_of(const struct crl_publish *p, uint32_t uid)
{
	uint64_t most = (last_of(p->first) + 1 - p->first) / p->count;

	return uid >= p->base && uid - p->base < most ? p->first + (uid - p->base) * p->count : 0;
}

static int add_range(const struct crl_publish *p, uint32_t uid, struct crl_publish_port *ret, size_t *io_len,
		     struct crl_err *err)
{
	uint64_t first = first_of(p, uid);
	int rc = 0;

	if (first == 0)
		return crl_err_set(err, ERANGE, CRL_STAGE_CONFIG,
				   "network.publish: found the uid %" PRIu32 ", expected %" PRIu64 " to %" PRIu64
				   ", for whom first = %" PRIu64 " has ports",
				   uid, p->base, p->base + (last_of(p->first) + 1 - p->first) / p->count - 1, p->first);
	for (uint64_t i = 0; i < p->count && rc == 0; i++)
		rc = add(ret, io_len, (struct crl_publish_port){p->proto, (uint16_t)(first + i), (uint16_t)(first + i)},
			 uid, err);
	return rc;
}

int crl_publish_ports(const struct crl_policy *p, uint32_t uid, struct crl_publish_port *ret, size_t *ret_len,
		      struct crl_err *err)
{
	size_t len = 0;
	int rc = 0;

	for (size_t i = 0; i < p->publish_len && rc == 0; i++) {
		const struct crl_publish *one = &p->publish[i];

		rc = one->count > 0 ? add_range(one, uid, ret, &len, err)
				    : add(ret, &len,
					  (struct crl_publish_port){one->proto, (uint16_t)one->port,
								    (uint16_t)crl_publish_to(one)},
					  uid, err);
	}
	if (rc == 0)
		*ret_len = len;
	return rc;
}
