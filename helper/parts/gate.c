// SPDX-License-Identifier: Apache-2.0
/*
 * The part of a login on the host's network (network.mode = "host") whose policy says where it may go, and of one whose
 * policy forwards no ports: programs on the login's cgroup, which go with that, whoever is killed.
 *
 * Runs in: helper (root, host namespaces).
 * R1: they are attached before the application is let on, so no socket of the user's is made without them: a socket
 * belongs to the cgroup in which it was made.
 * R2: without them the login is refused, unless its policy prefers them only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "apply/net/gate_attach.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/parts.h"
#include "plan/net/gate_program.h"
#include "policy/policy.h"

/* The application waits for us, so it is the same still. What it forks for the user has its name until it executes. */
static int name_opener(const struct crl_job *job, char ret[CRL_GATE_NAME_SIZE + 1], struct crl_err *err)
{
	char path[40];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)job->app_pid); /* fits */
	n = crl_file_read(AT_FDCWD, path, ret, CRL_GATE_NAME_SIZE + 1);
	if (n <= 1)
		return crl_err_set(err, n < 0 ? (int)-n : EIO, CRL_STAGE_LIMITS,
				   "cannot tell the name of the program that opens the session");
	ret[n - 1] = '\0'; /* a name may have any other byte but the line's end */
	return 0;
}

static int attach(struct crl_job *job, struct crl_err *err)
{
	char opener[CRL_GATE_NAME_SIZE + 1];
	int rc;

	if (job->cgroup.dir < 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_LIMITS,
				   "the login has no cgroup of cgroup v2 for the programs that hold its network");
	rc = name_opener(job, opener, err);
	return rc < 0 ? rc : crl_gatekeep_attach(job->cgroup.dir, &job->policy, opener, err); /* R1 */
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
