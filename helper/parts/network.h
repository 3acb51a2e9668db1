// SPDX-License-Identifier: Apache-2.0
/*
 * What a room with a way out needs of the host's network.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "apply/net/veth.h"
#include "base/err.h"
#include "state/rooms/record.h"

struct crl_job;
struct crl_kept;
struct crl_nat_end;
struct crl_publish_port;
struct crl_veth;

#define CRL_NETWORK_FILE "net" /* in STATE: what forwarding was switched on for */
#define CRL_NETWORK_NOTE "net 2\n" /* its first line, since the rules know of a guard */
#define CRL_NETWORK_NOTE_MAX 4000 /* bytes; the guard is told it by one write to a pipe */
#define CRL_NETWORK_LOCK "net.lock"

/*
 * Make the room's link, with addresses, routes and rules.
 * @ns  the room's network namespace, in which nobody of the user's is yet
 * Errors (stage NAMESPACE): -errno of the step.
 */
int crl_network_connect(struct crl_job *job, struct crl_kept *room, int ns, struct crl_err *err) CRL_MUST_CHECK;

/*
 * network_join.c: the room goes into the network namespace of its policy, and shows what /etc/netns has for that.
 * Errors (stage NAMESPACE): as crl_netns_open(); a file below /etc/netns that is not root's.
 */
int crl_network_join(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Is the room of that init in the network that the policy names today?
 * Errors (stage NAMESPACE): -ESTALE it is gone, or another has its name; never -ENOENT.
 */
int crl_network_check_joined(const struct crl_job *job, pid_t init, struct crl_err *err) CRL_MUST_CHECK;

/* Remove a room's link, whether or not it is there. */
void crl_network_disconnect(const char *link);

/*
 * network_rules.c: the rules of the host for rooms with this policy, and forwarding for them.
 * With the lock held. Says whether the room has IPv6, too.
 * @ret_group   of links that they are for
 */
int crl_network_open(struct crl_job *job, uint32_t *ret_group, struct crl_err *err) CRL_MUST_CHECK;

/* No room has a link any more: the rules go, and what was switched on is switched off. @state  with the lock held */
int crl_network_close(const struct crl_state *state, struct crl_err *err) CRL_MUST_CHECK;

/* Hold it while rules, or links that they are for, are looked at and changed. Returns 0 or -errno. */
int crl_network_lock(const struct crl_state *state, int *ret) CRL_MUST_CHECK;

/*
 * One transaction of carrel-net's. @deadline_ms  as crl_now_ms() counts
 * Returns 0, or what nftables says as -errno.
 */
int crl_network_tell(const char *script, int64_t deadline_ms, struct crl_err *err) CRL_MUST_CHECK;

/* A deadline for it where no login waits. */
int64_t crl_network_patience_ms(void);

/*
 * The host may forward for others by now, or for nobody any more, or have more interfaces: as with a login, for the
 * rooms that live.
 * @link  theirs
 * Errors (stage NAMESPACE): as crl_network_open()'s.
 */
int crl_network_look_again(const struct crl_state *state, const struct crl_veth *link, size_t len,
			   struct crl_err *err) CRL_MUST_CHECK;

/*
 * What forwarding is on for, which ports lead where, and whom rooms ask for names, by STATE's notes, as commands of
 * nft(8).
 * @ret  to be freed. Returns 0 or -errno.
 */
int crl_network_opened(const struct crl_state *state, char **ret) CRL_MUST_CHECK;

/* network_heal.c: keep the rules of a group as a file of STATE's, with the lock held. Returns 0 or -errno. */
int crl_network_keep(const struct crl_state *state, uint32_t group, const char *script) CRL_MUST_CHECK;

/* All that is kept so goes. */
void crl_network_forget(const struct crl_state *state);

/*
 * The rules of a group that a link has, where they are gone, are made anew. @state  with the lock held
 * Errors (stage STATE, NAMESPACE): nothing is kept for that group; carrel-net's.
 */
int crl_network_heal(const struct crl_state *state, uint32_t group, struct crl_err *err) CRL_MUST_CHECK;

/*
 * network_ports.c: keep the ports that job->network has for the room, and lead them into it. With the lock held.
 * @fd   crl_rtnl_open()
 * @end  the room's addresses
 * Errors (stage NAMESPACE, STATE): carrel-net's. One that is another's is none: the log says whose.
 */
int crl_network_serve(struct crl_job *job, struct crl_kept *room, int fd, const struct crl_nat_end *end,
		      struct crl_err *err) CRL_MUST_CHECK;

/* Whose those are that somebody else than a room has, for the log. It may look for half a second: with no lock held. */
void crl_network_tell_taken(struct crl_job *job);

/* They are anybody's again; what still leads to the room is dropped there, until the sweep. */
void crl_network_release(struct crl_kept *room);

/* Ports of rooms that have none of those links lead nowhere any more. @state  with the lock held */
int crl_network_unserve(const struct crl_state *state, const struct crl_veth *link, size_t len,
			struct crl_err *err) CRL_MUST_CHECK;

#define CRL_NETWORK_WHOSE 96

/*
 * network_whose.c: who has that port of the host's, as a text for the log.
 * @end_ms  by crl_now_ms(), when it gives up looking
 */
void crl_network_whose(const struct crl_publish_port *p, int64_t end_ms, char ret[CRL_NETWORK_WHOSE]);

struct crl_nat_resolv;

/*
 * network_names.c: keep in STATE what nftables is told of the servers that rooms ask, with the lock held.
 * @service  crl_nat_pool_service()
 * Returns 0 or -errno.
 */
int crl_network_keep_names(const struct crl_state *state, const struct crl_nat_resolv *resolv,
			   const char *service) CRL_MUST_CHECK;

/* What is kept so, as commands of nft(8). @ret  to be freed. Returns 0 or -errno. */
int crl_network_names(const struct crl_state *state, char **ret) CRL_MUST_CHECK;

/*
 * The host may ask others for names by now: the rules let rooms that live do so, too. @state  with the lock held
 * @link  theirs
 * Errors (stage NAMESPACE, STATE): carrel-net's.
 */
int crl_network_names_again(const struct crl_state *state, const struct crl_veth *link, size_t len,
			    struct crl_err *err) CRL_MUST_CHECK;

/* Where carrel-net is. @size  PATH_MAX is always enough. Errors as crl_beside(). */
int crl_network_program(char *buf, size_t size) CRL_MUST_CHECK;

/* One setting of a link: /proc/sys/net/@family/conf/@link/@name. Returns 0 or -errno. */
int crl_network_set(const char *family, const char *link, const char *name, const char *value) CRL_MUST_CHECK;
