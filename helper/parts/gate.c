// SPDX-License-Identifier: Apache-2.0
/*
 * The part of a login on the host's network (network.mode = "host") whose policy says where it may go: programs on the
 * login's cgroup, which go with that, whoever is killed.
 *
 * Runs in: helper (root, host namespaces).
 * R1: they are attached before the application is let on, so no socket of the user's is made without them: a socket
 * belongs to the cgroup in which it was made.
 * R2: without them the login is refused, unless its policy prefers them only.
 */
#include <syslog.h>

#include "apply/net/gate_attach.h"
#include "base/err.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/parts.h"
#include "policy/policy.h"

static int attach(struct crl_job *job, struct crl_err *err)
{
	if (job->cgroup.dir < 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_LIMITS,
				   "the login has no cgroup of cgroup v2 for the programs that hold its network");
	return crl_gatekeep_attach(job->cgroup.dir, &job->policy, err); /* R1 */
}

static int admit(struct crl_job *job, struct crl_err *err)
{
	struct crl_err why = {0};
	int rc;

	if (!crl_policy_has_gate(&job->policy))
		return 0;
	rc = attach(job, &why);
	if (rc == 0)
		return 0;
	if (job->policy.need[CRL_FEATURE_NETWORK_FILTER] == CRL_NEED_REQUIRE) { /* R2 */
		*err = why;
		return rc;
	}
	crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: its network is not held: %s", job->id, job->login.uid,
		job->policy.name, why.text);
	return 0;
}

const struct crl_part crl_part_gate = {
	.name = "gate",
	.admit = admit,
	.undo_not = "the programs go with the cgroup; where that stays, another login may rely on them",
	.end_not = "the programs go with the cgroup; in a scope of systemd's they hold the rest of it until it ends",
	.leaves = CRL_LEAVES_NOTHING,
};
