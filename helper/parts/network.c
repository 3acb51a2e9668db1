// SPDX-License-Identifier: Apache-2.0
/*
 * The part of a room with a way out (network.mode = "nat"): its link to the host, the host's rules for it, and the
 * resolv.conf that it sees.
 *
 * The link is the record: its name has the room's number, its alias the room's id, its group the rules that hold for
 * it. It goes with the room's network namespace, whoever is killed. What then stays on the host are rules that are
 * about no link that is there, and forwarding of what is not a room's, which they drop: the sweep's.
 *
 * Runs in: helper (root, host namespaces).
 * R1: a link of no living room's goes, and the rules when no link is left; the links are looked at before the rooms.
 * R2: no connection of a room's waits because a server remembers another's.
 */
#include "helper/parts/network.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "apply/net/resolv_host.h"
#include "apply/net/rtnl.h"
#include "apply/net/veth.h"
#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "helper/init/init.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/sweep.h"
#include "plan/mounts/plan.h"
#include "plan/net/nft.h"
#include "policy/file/load.h"
#include "policy/publish.h"
#include "state/rooms/live.h"

#define AGAIN 2 /* what cannot be made anew is tried again */

static int no_memory(struct crl_err *err)
{
	return crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "no memory for the room's network");
}

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	struct crl_job_network *n = &job->network;
	char path[PATH_MAX];
	int rc;

	(void)room;
	if (job->policy.net_mode == CRL_NET_JOIN)
		return crl_network_join(job, err);
	if (job->policy.net_mode != CRL_NET_NAT)
		return 0;
	rc = crl_network_program(path, sizeof(path));
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE,
				   "no carrel-net beside carrel-helper, which network.mode = \"nat\" needs; was it "
				   "built without libnftables?");
	rc = crl_nat_pool_make(crl_config_ipv4(job->config), crl_config_ipv6(job->config), &n->pool);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_CONFIG, "addresses: no networks for rooms");
	rc = crl_publish_ports(&job->policy, job->login.uid, n->port, &n->ports, err);
	if (rc < 0)
		return rc;
	rc = crl_nat_rules_make(&job->policy, &n->rules);
	crl_nat_pool_service(&n->pool, n->service);
	if (rc == 0)
		rc = crl_resolvhost_make(n->service, &n->resolv);
	return rc < 0 ? no_memory(err) : 0;
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	(void)err;
	host->resolv = job->network.resolv.text;
	host->resolv_service = job->network.service;
	return 0;
}

static int open_network(const struct crl_job *job, const struct crl_kept *room)
{
	char path[40];

	if (job->user.ns.net >= 0)
		return fcntl(job->user.ns.net, F_DUPFD_CLOEXEC, 3);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)room->init_pid); /* fits; a child of ours */
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The host's own is no room's: a link between it and itself would be a way around everything. */
static bool is_hosts(int ns)
{
	struct stat room, host;

	return fstat(ns, &room) < 0 || stat("/proc/self/ns/net", &host) < 0 || room.st_ino == host.st_ino;
}

static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	scoped_fd ns = -EBADF;

	(void)mounts, (void)init;
	if (job->policy.net_mode != CRL_NET_NAT)
		return 0;
	ns = open_network(job, room);
	if (ns < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot open the room's network namespace");
	if (is_hosts(ns))
		return crl_err_set(err, EXDEV, CRL_STAGE_NAMESPACE, "the room has no network namespace of its own");
	return crl_network_connect(job, room, ns, err);
}

/*
 * All rooms' connections to a server leave from one address, so a port of it has another's connection before long. A
 * server that remembers the last one at that port takes the next by its timestamps alone, which have to go on: by one
 * clock for all connections (2), without an offset for each (1).
 */
static void set_timestamps(int sys)
{
	static const char name[] = "net/ipv4/tcp_timestamps";
	char text[8];

	if (crl_file_read(sys, name, text, sizeof(text)) > 0 && text[0] == '1')
		crl_ignore(crl_file_write(sys, name, "2"));
}

/* The first for ping(8) without a power; behind the settings, which are the host's. */
static int in_room(const struct crl_init_args *args, int sys, struct crl_err *err)
{
	(void)err;
	if (args->job->policy.net_mode != CRL_NET_NAT)
		return 0;
	crl_ignore(crl_file_write(sys, "net/ipv4/ping_group_range", "0 2147483647"));
	set_timestamps(sys); /* R2 */
	return 0;
}

static void keep(struct crl_job *job, struct crl_kept *room)
{
	(void)room;
	crl_network_tell_taken(job);
}

static void room_end(struct crl_kept *room)
{
	crl_network_release(room); /* before the answer: who logs out and in again has them */
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (room)
		crl_network_release(room);
	if (job->network.link[0])
		crl_network_disconnect(job->network.link);
	job->network.link[0] = '\0';
}

/* @id  as a link's alias has it, or "" */
static bool is_present(const struct crl_making *making, const struct crl_live *live, const char *id)
{
	return crl_words_has(&making->held, id) || crl_words_has(&live->ids, id);
}

static const char *id_of(const struct crl_veth *link)
{
	static const char head[] = CRL_NAT_ALIAS;

	return strncmp(link->alias, head, strlen(head)) == 0 && crl_id_is_valid(link->alias + strlen(head))
		       ? link->alias + strlen(head)
		       : "";
}

/* The rules of living rooms' links, where somebody has taken them away. @link  group 0 = not one of them */
static void heal(const struct crl_state *state, const struct crl_veth *link, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct crl_err why = {0};
		bool again = !crl_nat_is_group(link[i].group);

		for (size_t j = 0; j < i && !again; j++)
			again = link[j].group == link[i].group;
		if (again)
			continue;
		int rc = crl_network_heal(state, link[i].group, &why);

		for (int left = AGAIN; rc < 0 && left > 0; left--)
			rc = crl_network_heal(state, link[i].group, &why);
		if (rc < 0) /* the sweep goes on */
			crl_log(LOG_WARNING, "sweep: %s", why.text);
	}
}

/* R1. @ret_left  how many links there are now */
static int sweep_links(struct crl_sweeping *s, int fd, size_t *ret_left, struct crl_err *err)
{
	scoped(crl_making) making = {.held.len = 0};
	scoped(crl_live) live = {.apps = 0};
	scoped_free struct crl_veth *link = NULL;
	size_t len = 0;
	int rc = crl_veth_find(fd, CRL_NAT_LINK, &link, &len);

	*ret_left = len;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot list the links of rooms");
	if (len == 0)
		return 0;
	rc = crl_making_read(&s->state, &making, err);
	if (rc == 0)
		rc = crl_live_read(s->path, &live, err);
	for (size_t i = 0; i < len && rc == 0; i++) {
		const char *id = id_of(&link[i]);

		if (id[0] != '\0' && is_present(&making, &live, id))
			continue;
		link[i].group = 0;
		link[i].index = 0;
		(*ret_left)--; /* one without an id is somebody else's: ours have theirs while we have the lock */
		if (id[0] != '\0' && crl_veth_delete(fd, link[i].name) == 0)
			crl_log(LOG_NOTICE, "removed the link %s of a dead room", link[i].name);
	}
	if (rc < 0)
		return rc;
	heal(&s->state, link, len);
	rc = crl_network_unserve(&s->state, link, len, err);
	if (rc == 0 && *ret_left > 0)
		rc = crl_network_look_again(&s->state, link, len, err);
	return rc == 0 && *ret_left > 0 ? crl_network_names_again(&s->state, link, len, err) : rc;
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	scoped_fd lock = -EBADF, fd = -EBADF;
	size_t left;
	int rc;

	if (faccessat(s->state.dir, CRL_NETWORK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* no room has had a link since the rules went */
	rc = crl_network_lock(&s->state, &lock);
	if (rc == 0)
		rc = crl_rtnl_open(&fd);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot look at the links of rooms");
	rc = sweep_links(s, fd, &left, err);
	return rc == 0 && left == 0 ? crl_network_close(&s->state, err) : rc;
}

const struct crl_part crl_part_network = {
	.name = "network",
	.prepare = prepare,
	.look = look,
	.equip = equip,
	.in_room = in_room,
	.keep = keep,
	.room_end = room_end, /* the link goes with the network namespace, and the rules are about no room */
	.undo = undo,
	.leaves = "the table \"" CRL_NAT_TABLE "\", STATE/" CRL_NETWORK_FILE "*",
	.sweep = sweep,
};
