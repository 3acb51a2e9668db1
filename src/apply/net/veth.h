// SPDX-License-Identifier: Apache-2.0
/*
 * Links of rooms: pairs of virtual interfaces, one end on the host, the other in the room's network namespace.
 *
 * Runs in: helper, root. Sources: veth(4), ip-link(8), rtnetlink(7).
 * R1: a pair is made in both places at once: neither end is ever an interface of a namespace that it is not for.
 * R2: a name that is there is taken: nobody's link is changed or given away.
 * R3: the host's end has its hardware address from the first: systemd.link(5) gives others one later, by when the room
 * knows the first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_VETH_INSIDE "eth0" /* the room's end */
#define CRL_VETH_ALIAS_MAX 64

struct crl_veth_wish {
	const char *name; /* of the host's end */
	const char *alias; /* what ip-link(8) shows with it: whose it is */
	uint32_t group; /* of it */
	int ns; /* the network namespace of the other end */
};

/*
 * Make a pair, both ends down. @fd  crl_rtnl_open() on the host
 * Returns 0; -EEXIST the name is taken (R2); -ENOTUNIQ that of the room's end is; -EOPNOTSUPP the kernel has no veth;
 * -errno.
 */
int crl_veth_make(int fd, const struct crl_veth_wish *w) CRL_MUST_CHECK;

/* Both ends go. Returns 0; -ENODEV it was not there; -errno. */
int crl_veth_delete(int fd, const char *name) CRL_MUST_CHECK;

/* Returns its number in the namespace that @fd is of, or -errno. */
int crl_veth_index(int fd, const char *name) CRL_MUST_CHECK;

/* Up, and without an IPv6 address of the kernel's making. Returns 0 or -errno. */
int crl_veth_up(int fd, int index) CRL_MUST_CHECK;

/* One setting of IPv4 for one link. @setting  IPV4_DEVCONF_* of linux/ip.h. Returns 0 or -errno. */
int crl_veth_set_ipv4(int fd, int index, uint16_t setting, uint32_t value) CRL_MUST_CHECK;

/* @bits  that are the link's network's. Returns 0 or -errno. */
int crl_veth_add_address(int fd, int index, int family, const uint8_t *address, uint8_t bits) CRL_MUST_CHECK;

/* All else goes to that address on the link. Returns 0 or -errno. */
int crl_veth_add_default(int fd, int index, int family, const uint8_t *gateway) CRL_MUST_CHECK;

/* A link as the kernel tells of it. */
struct crl_veth {
	int index;
	uint32_t group;
	char name[16];
	char alias[CRL_VETH_ALIAS_MAX]; /* "" = none, or a longer one */
	uint64_t received; /* bytes, by the host's end: what the room has sent */
	uint64_t sent;
	uint64_t received_packets;
	uint64_t sent_packets;
};

/*
 * Every link whose name begins with @prefix.
 * @ret  to be freed
 * Returns 0 or -errno.
 */
int crl_veth_find(int fd, const char *prefix, struct crl_veth **ret, size_t *ret_len) CRL_MUST_CHECK;
