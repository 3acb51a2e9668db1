// SPDX-License-Identifier: Apache-2.0
/*
 * Ports of the host's that lead into a room (network.publish): kept from everybody else as long as the room is there,
 * by a socket that is bound and never heard, and led into it by carrel's table.
 *
 * Runs in: helper (root, host namespaces), with the lock of the network held but to tell whose a taken port is.
 * R1: what a program of the host's or another room has is not taken from them: the room goes on without, since whoever
 * may run programs on the host could keep a user out else, and the log says whose it is.
 * R2: what a dead room has left is led nowhere: by the sweep at the latest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "apply/net/veth.h"
#include "base/clock.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts/network.h"
#include "plan/net/served.h"
#include "state/served.h"

#define WHOSE_MS 500 /* for all ports of a login, to tell whose they are */

/* Of both families, or of IPv4 where there is no other. Nothing that comes to it waits to be read. */
static int reserve(const struct crl_publish_port *p)
{
	static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog none = {.len = 1, .filter = nothing};
	const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(p->port)};
	const struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(p->port)};
	int type = (p->proto == CRL_PUBLISH_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, off = 0;
	scoped_fd fd = socket(AF_INET6, type, 0);
	int rc;

	if (fd >= 0) {
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	} else if (errno == EAFNOSUPPORT) {
		fd = socket(AF_INET, type, 0);
		rc = fd < 0 ? -1 : 1;
	} else {
		return -errno;
	}
	if (rc < 0 ||
	    (p->proto == CRL_PUBLISH_UDP && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof(none)) < 0))
		return -errno;
	rc = rc == 0 ? bind(fd, (const struct sockaddr *)&six, sizeof(six))
		     : bind(fd, (const struct sockaddr *)&four, sizeof(four));
	return rc < 0 ? -errno : take_fd(&fd);
}

static bool is_there(uint32_t index, const struct crl_veth *link, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (link[i].index == (int)index)
			return true;
	return false;
}

/* R2. Returns whether there was such a one. */
static bool drop_dead(struct crl_served *io, const struct crl_veth *link, size_t len)
{
	size_t kept = 0, had = io->len;

	for (size_t i = 0; i < had; i++)
		if (is_there(io->item[i].link, link, len))
			io->item[kept++] = io->item[i];
	io->len = kept;
	return kept < had;
}

static const struct crl_nat_served *find(const struct crl_served *all, const struct crl_publish_port *p)
{
	for (size_t i = 0; i < all->len; i++)
		if (all->item[i].port.to > 0 && all->item[i].port.port == p->port &&
		    all->item[i].port.proto == p->proto)
			return &all->item[i];
	return NULL;
}

/* What had it, and has given it up: its room is at its end. */
static void drop_port(struct crl_served *io, const struct crl_publish_port *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < io->len; i++)
		if (io->item[i].port.to == 0 || io->item[i].port.port != p->port || io->item[i].port.proto != p->proto)
			io->item[kept++] = io->item[i];
	io->len = kept;
}

/* R1. Whose room it is stands in the note; who else has it is looked for when nobody waits for the lock. */
static void tell_taken(struct crl_job *job, const struct crl_nat_served *has, const struct crl_publish_port *p)
{
	if (has)
		crl_log(LOG_WARNING, "id=%s: network.publish: port %u/%s is that of the room %s of %s: goes on without",
			job->id, p->port, crl_publish_proto_name(p->proto), has->room, has->user);
	else
		job->network.taken[job->network.takens++] = *p;
}

/* R1 */
void crl_network_tell_taken(struct crl_job *job)
{
	int64_t end_ms = crl_now_ms() + WHOSE_MS;
	char whose[CRL_NETWORK_WHOSE];

	for (size_t i = 0; i < job->network.takens; i++) {
		const struct crl_publish_port *p = &job->network.taken[i];

		crl_network_whose(p, end_ms, whose);
		crl_log(LOG_WARNING, "id=%s: network.publish: port %u/%s is taken: %s: goes on without", job->id,
			p->port, crl_publish_proto_name(p->proto), whose);
	}
	job->network.takens = 0;
}

/* @one  its port is filled in, and whether it leads here */
static int take(struct crl_job *job, struct crl_kept *room, struct crl_served *all, struct crl_nat_served *one,
		struct crl_err *err)
{
	const struct crl_nat_served *has = find(all, &one->port);
	int fd = reserve(&one->port);

	if (fd == -EADDRINUSE) {
		tell_taken(job, has, &one->port);
		one->port.to = 0;
	} else if (fd < 0) {
		return crl_err_set(err, -fd, CRL_STAGE_NAMESPACE, "network.publish: cannot keep port %u/%s",
				   one->port.port, crl_publish_proto_name(one->port.proto));
	} else {
		room->port[room->ports++] = fd;
		drop_port(all, &one->port);
	}
	return crl_served_add(all, one) < 0
		       ? crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "no memory for the room's network")
		       : 0;
}

void crl_network_release(struct crl_kept *room)
{
	while (room->ports > 0)
		drop_fd(&room->port[--room->ports]);
}

/* All that is led somewhere, told anew. */
static int tell(const struct crl_state *state, const struct crl_served *all, int64_t deadline_ms, struct crl_err *err)
{
	scoped_free char *script = NULL;
	int rc = crl_served_write(state->dir, all);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "network: cannot note ports in STATE");
	rc = crl_nat_nft_served(all->item, all->len, &script);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: no memory for rules")
		      : crl_network_tell(script, deadline_ms, err);
}

int crl_network_serve(struct crl_job *job, struct crl_kept *room, int fd, const struct crl_nat_end *end,
		      struct crl_err *err)
{
	struct crl_nat_served one = {.uid = job->login.uid, .ipv6 = "-"};
	scoped(crl_served) all = {.len = 0};
	scoped_free struct crl_veth *link = NULL;
	size_t len = 0;
	int rc, index = crl_veth_index(fd, job->network.link);

	if (job->network.ports == 0)
		return 0;
	rc = index < 0 ? index : crl_veth_find(fd, CRL_NAT_LINK, &link, &len);
	if (rc == 0)
		rc = crl_served_read(job->state.dir, &all);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "network: cannot look at the ports of rooms");
	(void)drop_dead(&all, link, len);
	one.link = (uint32_t)index;
	(void)snprintf(one.room, sizeof(one.room), "%s", job->id);
	(void)snprintf(one.user, sizeof(one.user), "%.*s", (int)strcspn(job->login.user, "\n"), job->login.user);
	(void)inet_ntop(AF_INET, end->ipv4, one.ipv4, sizeof(one.ipv4)); /* both fit */
	if (job->network.ipv6)
		(void)inet_ntop(AF_INET6, end->ipv6, one.ipv6, sizeof(one.ipv6));
	for (size_t i = 0; i < job->network.ports && rc == 0; i++) {
		one.port = job->network.port[i];
		rc = take(job, room, &all, &one, err);
	}
	if (rc == 0 && !job->options->rehearse)
		return tell(&job->state, &all, crl_job_patience_ms(job), err);
	crl_network_release(room); /* else a login that comes meanwhile would go on without */
	return rc;
}

/* R2 */
int crl_network_unserve(const struct crl_state *state, const struct crl_veth *link, size_t len, struct crl_err *err)
{
	scoped(crl_served) all = {.len = 0};
	int rc = crl_served_read(state->dir, &all);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot read STATE/" CRL_SERVED_FILE);
	return drop_dead(&all, link, len) ? tell(state, &all, crl_network_patience_ms(), err) : 0;
}
