// SPDX-License-Identifier: Apache-2.0
/*
 * One login on its way in, from its request until it is refused, or its room is a kept one (kept_room.h).
 *
 * Runs in: helper; one process serves one login. A copy comes along to the room's init, which frees it.
 * Owns: all descriptors and texts in it. -EBADF stands for a descriptor that is not there.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "apply/userns.h"
#include "helper/lent.h"
#include "helper/options.h"
#include "helper/parts/ask_systemd.h"
#include "plan/ids.h"
#include "plan/net/pool.h"
#include "plan/net/resolv.h"
#include "plan/net/rules.h"
#include "policy/policy.h"
#include "policy/publish.h"
#include "state/filter_cache.h"
#include "state/rooms/record.h"
#include "store/public.h"
#include "wire/login.h"
#include "wire/proto.h"

struct crl_config;
struct crl_filter;
struct crl_manager;
struct crl_rule;

/* The login's own cgroup. */
struct crl_job_cgroup {
	int root; /* cgroup v2 root; -EBADF = the login has no cgroup of its own */
	int slice; /* the user's slice, for init to be born in */
	int dir; /* the login's, beneath it */
	const struct crl_manager *manager; /* who makes it and removes it */
	int lock[2]; /* of systemd's: held while the limits of the user and of the budget change */
	int used[2]; /* of systemd's: held as long as somebody needs them */
	char prefix[CRL_SLICE_MAX]; /* path from the root to the configured directory */
	char slice_path[CRL_SLICE_MAX]; /* relative to the root, no leading slash */
	char path[256]; /* of the login's, beneath slice_path */
	char origin[1024]; /* where the application was, relative to the root, "" = the root itself */
	pid_t mover; /* child that moves the application, 0 = none */
	bool moved; /* the move was begun */
	char oom_score_adj[8]; /* the application's own, "" = left alone */
};

/* The room's own user namespace, where its policy wants one. */
struct crl_job_user {
	struct crl_subid_map uids;
	struct crl_subid_map gids;
	uint32_t root_uid, root_gid, tty_gid; /* what its root, and its group of terminals, are on the host */
	struct crl_userns ns;
};

/* The room's network, where its policy wants another than one without a way out. */
struct crl_job_network {
	int joined; /* the administrator's network namespace that it is in; -EBADF = it has its own, or the host's */
	struct crl_nat_pool pool;
	struct crl_nat_rules rules;
	struct crl_nat_resolv resolv;
	char service[INET_ADDRSTRLEN]; /* where it names a server on the host's loopback */
	struct crl_publish_port port[CRL_PUBLISH_MAX]; /* of the host's, that lead into it */
	size_t ports;
	struct crl_publish_port taken[CRL_PUBLISH_MAX]; /* of these, whose are still to be told */
	size_t takens;
	bool ipv6; /* the host forwards IPv6 for rooms, and has where to */
	char link[CRL_NAT_LINK_SIZE]; /* the host's end of its link; "" = there is none */
};

struct crl_job {
	const struct crl_options *options;
	struct crl_state state;
	int channel; /* to the module */
	int app_pidfd;
	pid_t app_pid;
	int64_t deadline_ms; /* by crl_now_ms() */
	int64_t begun_us; /* by crl_now_us() */
	int score; /* where it is counted; -EBADF = nowhere */
	struct crl_login login;
	char id[CRL_ID_MAX];

	struct crl_config *config;
	const struct crl_rule *rule; /* of config; NULL = none has been found, or a policy was named */
	struct crl_policy policy;
	char room_name[CRL_KEY_MAX]; /* of its files under STATE/rooms */
	struct crl_adopt adopt;
	bool holds_projects; /* the room shows what a project quota holds: its filter keeps that so */
	struct crl_filter *filter; /* never NULL; empty = there is no filter */
	char filter_name[CRL_FILTER_NAME_MAX]; /* in the cache; "" = there is no filter */
	bool room_listens; /* it joins a room that has a listener */
	int listen_orders; /* for the room's listener; -EBADF = its filter tells nobody */
	struct crl_job_cgroup cgroup;
	int making; /* lock: this login is on its way; -EBADF = it is on record, or has not begun */
	struct crl_question housing; /* of supervisor and init */
	int64_t noticed_ms; /* when it was asked what the user has not been told; 0 = they are told nothing */
	int drain; /* held until the login is on record; -EBADF = not held */
	struct crl_lent home; /* by the store, for a home that is kept */
	struct crl_lent root; /* the same for a root that is kept */
	struct crl_job_user user;
	struct crl_job_network network;
	struct crl_public public; /* what a root that is not the host's own lies on, of the host */
	int home_lower; /* what is beneath that in the room that gave it; -EBADF = it shows none, or gave none */
	int image; /* a mount of the root's image, nowhere attached; -EBADF = the root is a directory's or the host's */
	int init_channel; /* to the init that we made, until the room has it; -EBADF = somebody else's room */
};

/* A job that has begun nothing, or NULL without memory. @options  lives as long as the job; filled in later is right */
struct crl_job *crl_job_new(const struct crl_options *options) CRL_MUST_CHECK;

/* Close and free all. What it has made on the host stays. */
void crl_job_done(struct crl_job *job);

/* The network namespace that the room's init goes into; -EBADF = there is none yet, it is born in a new one. */
int crl_job_net(const struct crl_job *job);

/* What the user is told in, as far as is known. */
enum crl_language crl_job_language(const struct crl_job *job);

/* Whom the user can ask; "" where that is not known. */
const char *crl_job_contact(const struct crl_job *job);

/* One line for the log with everything, one record for the module, which tells the user almost nothing. */
void crl_job_refuse(const struct crl_job *job, const struct crl_err *err);

/* What its programs have to end by themselves; what carrelctl has tried has nothing to save. */
uint64_t crl_job_grace_s(const struct crl_job *job);

/*
 * Until when others are waited for (a seat, systemd), by crl_now_ms(): nine tenths of its time, so that the module
 * hears what was in vain before its own patience ends.
 */
int64_t crl_job_patience_ms(const struct crl_job *job);
