// SPDX-License-Identifier: Apache-2.0
/*
 * Limits of a room that its user makes: by a control group that is theirs to divide, or by what the kernel holds for a
 * user namespace by itself.
 *
 * Runs in: carrel-shell, outside.
 */
#include <errno.h>
#include <sys/resource.h>

#include "base/file.h"
#include "plan/rootless.h"
#include "shell/alone/room.h"
#include "state/published.h"

/*
 * The kernel counts the processes of a user namespace against what its maker's limit was, whoever starts them. So this
 * is set in the first of the room's two: the second has it then, and what the user runs elsewhere does not count.
 */
int alone_limit_tasks(const struct alone_room *room, struct crl_err *err)
{
	const struct crl_policy *p = &room->published->policy;
	struct rlimit now, want = {.rlim_cur = p->limits.tasks, .rlim_max = p->limits.tasks};

	if (p->limits.tasks == CRL_UNLIMITED || p->need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
		return 0;
	if (getrlimit(RLIMIT_NPROC, &now) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot read the limit of processes");
	if (now.rlim_max < want.rlim_max)
		return 0; /* less is allowed already */
	if (setrlimit(RLIMIT_NPROC, &want) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot limit processes");
	return 0;
}

static int settle_oom(const struct crl_policy *p, struct crl_err *err)
{
	char text[16];
	int rc;

	if (p->limits.oom_score_adj == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%u", (unsigned int)p->limits.oom_score_adj);
	rc = crl_file_write(AT_FDCWD, "/proc/self/oom_score_adj", text);
	return rc < 0 && rc != -EACCES ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot set limits.oom_score_adj") : 0;
}

int alone_limit(struct alone_room *room, bool *ret_cgroup, struct crl_err *err)
{
	const struct crl_policy *p = &room->published->policy;
	bool wanted = p->need[CRL_FEATURE_CGROUP] != CRL_NEED_OFF ||
		      (p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF && crl_policy_names_limits(p));
	int rc = settle_oom(p, err);

	*ret_cgroup = rc == 0 && wanted && alone_scope_enter(room);
	return rc;
}
