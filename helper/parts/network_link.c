// SPDX-License-Identifier: Apache-2.0
/*
 * A room's link: both ends, their addresses and settings.
 *
 * Runs in: helper (root, host namespaces; for a moment in the room's network namespace, in which nobody is).
 * R1: the host's end comes up when the rules that hold for it stand.
 * R2: the host takes no router's word from a room, and answers for no address but its end's.
 * R3: each end has an IPv6 address of the link's own: by it the kernel asks for who is at the other one where it does
 * not speak for itself. Without it what is forwarded to a room finds nobody there.
 */
#include <fcntl.h>
#include <linux/ip.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "apply/net/rtnl.h"
#include "apply/net/veth.h"
#include "base/file.h"
#include "helper/job.h"
#include "helper/parts/network.h"

/* Both of a link. */
struct ends {
	int fd; /* crl_rtnl_open(); the caller's */
	struct crl_nat_end host;
	struct crl_nat_end room;
};

static int refuse(struct crl_err *err, int rc, const char *what)
{
	return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot %s%s", what,
			   rc == -EROFS ? ": /proc/sys is read-only for this service (ProtectKernelTunables= in its "
					  "unit)"
			   : rc == -EAFNOSUPPORT ? ": this service may have no netlink sockets "
						   "(RestrictAddressFamilies= in its unit)"
			   : rc == -ENOTUNIQ     ? ": its network namespace has an " CRL_VETH_INSIDE " already"
			   : rc == -EOPNOTSUPP   ? ": this kernel has no veth"
						 : "");
}

int crl_network_set(const char *family, const char *link, const char *name, const char *value)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, link, name); /* fits */
	return crl_file_write(AT_FDCWD, path, value);
}

/* The first free number from where the user's points to; the kernel says which are taken. */
static int make_link(struct crl_job *job, int fd, struct crl_veth_wish *w, uint32_t *ret_slot)
{
	struct crl_job_network *n = &job->network;
	uint32_t first = crl_nat_pool_first(&n->pool, job->login.uid), slot = first;
	int rc;

	do {
		crl_nat_link_name(slot, n->link);
		w->name = n->link;
		rc = crl_veth_make(fd, w);
		*ret_slot = slot;
		slot = crl_nat_pool_next(&n->pool, slot);
	} while (rc == -EEXIST && slot != first);
	if (rc < 0)
		n->link[0] = '\0';
	return rc == -EEXIST ? -ENOSPC : rc;
}

static int add_addresses(int fd, int index, const struct crl_nat_end *end, bool ipv6)
{
	const uint8_t local[16] = {0xfe, 0x80, [15] = (end->ipv6[15] & 1) + 1};
	int rc = crl_veth_add_address(fd, index, AF_INET, end->ipv4, 31);

	if (rc == 0 && ipv6)
		rc = crl_veth_add_address(fd, index, AF_INET6, end->ipv6, 127);
	return rc == 0 && ipv6 ? crl_veth_add_address(fd, index, AF_INET6, local, 64) : rc; /* R3 */
}

/* R2. IPv4's by netlink, which needs no /proc/sys; of IPv6 there is no other way. */
static int set_host_end(int fd, int index, const struct crl_job_network *n)
{
	static const struct {
		uint16_t setting;
		uint32_t value;
	} four[] = {{IPV4_DEVCONF_FORWARDING, 1},         {IPV4_DEVCONF_RP_FILTER, 1},
		    {IPV4_DEVCONF_PROXY_ARP, 0},          {IPV4_DEVCONF_ARP_IGNORE, 1},
		    {IPV4_DEVCONF_ACCEPT_REDIRECTS, 0},   {IPV4_DEVCONF_SEND_REDIRECTS, 0},
		    {IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0}};
	static const struct {
		const char *name;
		const char *value;
	} six[] = {{"accept_ra", "0"}, {"accept_redirects", "0"}, {"accept_source_route", "0"}, {"autoconf", "0"}};
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(four) && rc == 0; i++)
		rc = crl_veth_set_ipv4(fd, index, four[i].setting, four[i].value);
	if (rc == 0 && n->resolv.loopback[0])
		rc = crl_veth_set_ipv4(fd, index, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
	for (size_t i = 0; i < CRL_ARRAY_LEN(six) && rc == 0; i++)
		rc = crl_network_set("ipv6", n->link, six[i].name, six[i].value);
	if (rc == 0) /* new interfaces may have none where older ones do */
		rc = crl_network_set("ipv6", n->link, "disable_ipv6", n->ipv6 ? "0" : "1");
	if (rc == 0 && n->ipv6 && crl_network_set("ipv6", n->link, "force_forwarding", "1") == -ENOENT)
		rc = 0; /* an older kernel, and a host that forwards */
	return rc == -ENOENT && !n->ipv6 ? 0 : rc; /* a kernel without IPv6 */
}

/* Into the room's network namespace, for a socket of it, and back. */
static int visit(int ns, bool ipv6, int *ret_fd, struct crl_err *err)
{
	scoped_fd host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int rc;

	if (host < 0 || setns(ns, CLONE_NEWNET) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot enter the room's network namespace");
	rc = crl_rtnl_open(ret_fd);
	if (rc == 0 && ipv6)
		rc = crl_network_set("ipv6", CRL_VETH_INSIDE, "disable_ipv6", "0");
	if (setns(host, CLONE_NEWNET) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot leave the room's network namespace");
	return rc < 0 ? refuse(err, rc, "speak with the kernel") : 0;
}

static int set_room_end(int ns, const struct crl_nat_end *end, const struct crl_nat_end *gateway, bool ipv6,
			struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = visit(ns, ipv6, &fd, err), index;

	if (rc < 0)
		return rc;
	index = crl_veth_index(fd, CRL_VETH_INSIDE);
	if (index < 0)
		return refuse(err, index, "find the room's end of its link");
	rc = add_addresses(fd, index, end, ipv6);
	if (rc == 0)
		rc = crl_veth_up(fd, index);
	if (rc == 0)
		rc = crl_veth_add_default(fd, index, AF_INET, gateway->ipv4);
	if (rc == 0 && ipv6)
		rc = crl_veth_add_default(fd, index, AF_INET6, gateway->ipv6);
	return rc < 0 ? refuse(err, rc, "set up the room's end of its link") : 0;
}

/* Rules, and the link that they are for, before anybody could take one without the other for something dead. */
static int open_locked(struct crl_job *job, struct crl_kept *room, struct crl_veth_wish *w, struct ends *io,
		       struct crl_err *err)
{
	uint32_t slot = 0;
	scoped_fd lock = -EBADF;
	int rc = crl_network_lock(&job->state, &lock);

	if (rc < 0)
		return refuse(err, rc, "lock STATE/" CRL_NETWORK_LOCK);
	rc = crl_network_open(job, &w->group, err);
	if (rc < 0)
		return rc;
	rc = make_link(job, io->fd, w, &slot);
	if (rc == -ENOSPC)
		return crl_err_set(err, ENOSPC, CRL_STAGE_NAMESPACE,
				   "addresses: all %u are taken by rooms, or by links named " CRL_NAT_LINK "*",
				   job->network.pool.slots - 1);
	if (rc < 0)
		return refuse(err, rc, "make the room's link");
	crl_nat_pool_ends(&job->network.pool, slot, &io->host, &io->room);
	return crl_network_serve(job, room, io->fd, &io->room, err);
}

/* R1 */
int crl_network_connect(struct crl_job *job, struct crl_kept *room, int ns, struct crl_err *err)
{
	struct ends ends;
	char alias[CRL_VETH_ALIAS_MAX];
	struct crl_veth_wish w = {.alias = alias, .ns = ns};
	scoped_fd fd = -EBADF;
	int rc = crl_rtnl_open(&fd);

	if (rc < 0)
		return refuse(err, rc, "speak with the kernel");
	(void)snprintf(alias, sizeof(alias), CRL_NAT_ALIAS "%s", job->id); /* fits */
	ends.fd = fd;
	rc = open_locked(job, room, &w, &ends, err);
	if (rc < 0)
		return rc;
	w.name = job->network.link;
	rc = crl_veth_index(fd, w.name);
	if (rc > 0) {
		int index = rc;

		rc = set_host_end(fd, index, &job->network);
		if (rc == 0)
			rc = add_addresses(fd, index, &ends.host, job->network.ipv6);
		if (rc == 0)
			rc = crl_veth_up(fd, index);
	}
	return rc < 0 ? refuse(err, rc, "set up the host's end of the room's link")
		      : set_room_end(ns, &ends.room, &ends.host, job->network.ipv6, err);
}

void crl_network_disconnect(const char *link)
{
	scoped_fd fd = -EBADF;

	if (crl_rtnl_open(&fd) == 0)
		crl_ignore(crl_veth_delete(fd, link)); /* else it goes with the namespace */
}
