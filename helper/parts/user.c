// SPDX-License-Identifier: Apache-2.0
/*
 * The room's own user namespace (user.mode): its ids, the namespace itself, and what the plan of mounts has to know of
 * them. A child makes it while the host is looked at.
 *
 * Nothing of it outlives the room: the namespace is held by a mount in the room, and the child is ended here. What does
 * is the record of ids that were allotted, since files of a kept root have them.
 *
 * Runs in: helper (root, host namespaces).
 * R1: a rehearsal notes nothing in the store.
 */
#include "helper/parts.h"

#include "apply/userns.h"
#include "base/nskind.h"
#include "helper/job.h"
#include "plan/ids.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/ids.h"

#define TTY_GID 5 /* inside: programs give terminals to it by its number */

static struct crl_userns_wish wish_of(const struct crl_job *job)
{
	const struct crl_policy *p = &job->policy;

	return (struct crl_userns_wish){
		.uid = job->login.uid,
		.gid = job->login.gid,
		.net = (p->namespaces & CRL_NS_BIT(CRL_NS_NET)) && p->net_mode != CRL_NET_JOIN,
		.namespaces = p->user_nested ? p->user_namespaces : 0,
	};
}

/* R1 */
static int find_ids(struct crl_job *job, struct crl_ids *ret, struct crl_err *err)
{
	uint32_t first, last;

	crl_config_subids(job->config, &first, &last);
	return crl_ids_find(&(struct crl_ids_wish){.login = &job->login,
						   .store = crl_config_store(job->config),
						   .pool = {first, last - first + 1},
						   .keep = !job->options->rehearse,
						   .patience_ms = 2000},
			    ret, err);
}

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const struct crl_userns_wish wish = wish_of(job);
	struct crl_job_user *u = &job->user;
	struct crl_ids ids;
	int rc;

	(void)room;
	if (!crl_policy_owns_users(&job->policy))
		return 0;
	rc = find_ids(job, &ids, err);
	if (rc < 0)
		return crl_err_wrap(err, rc, CRL_STAGE_NAMESPACE, "ids of the room's user namespace");
	crl_subid_map_make(job->policy.user_mode, job->login.uid, &ids.uids, &u->uids);
	crl_subid_map_make(job->policy.user_mode, job->login.gid, &ids.gids, &u->gids);
	if (!crl_subid_map_out(&u->uids, 0, &u->root_uid) || !crl_subid_map_out(&u->gids, 0, &u->root_gid) ||
	    !crl_subid_map_out(&u->gids, TTY_GID, &u->tty_gid))
		return crl_err_set(err, EINVAL, CRL_STAGE_NAMESPACE, "the room's user namespace would have no root");
	return crl_userns_start(&wish, &u->ns, err);
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_job_user *u = &job->user;
	const struct crl_userns_wish wish = wish_of(job);
	int rc;

	if (!crl_policy_owns_users(&job->policy))
		return 0;
	rc = crl_userns_finish(&wish, &u->uids, &u->gids, crl_unconst(&u->ns), err);
	if (rc < 0)
		return rc;
	host->user_ns = u->ns.user + 1;
	host->root_uid = u->root_uid;
	host->root_gid = u->root_gid;
	host->tty_gid = u->tty_gid;
	return 0;
}

static void settle(struct crl_job *job, struct crl_kept *room)
{
	(void)room;
	crl_userns_done(&job->user.ns);
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	(void)room;
	crl_userns_done(&job->user.ns);
}

const struct crl_part crl_part_user = {
	.name = "user",
	.prepare = prepare,
	.look = look,
	.settle = settle,
	.undo = undo,
	.end_not = "the namespace goes with the room's mounts",
	.leaves = "STORE/" CRL_IDS_FILE,
	.sweep_not = "what was allotted stays its user's, since their files have these ids",
};
