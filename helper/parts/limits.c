// SPDX-License-Identifier: Apache-2.0
/*
 * What a login is limited to, and the application moved into its cgroup by whoever makes it (manager.h).
 *
 * Runs in: helper (root, host namespaces).
 */
#include "helper/parts/limits.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/limits/cgroup.h"
#include "apply/limits/cgroup_limits.h"
#include "apply/limits/device.h"
#include "base/child.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/parts.h"
#include "helper/parts/manager.h"
#include "helper/parts/systemd_used.h"
#include "helper/sweep.h"
#include "plan/limits/cgroup.h"
#include "policy/file/load.h"
#include "policy/policy.h"

/* What the policy asks for; nothing when features.limits is off. */
int crl_limits_plan(const struct crl_job *job, struct crl_limit_plans *ret, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	int rc;

	ret->user.len = ret->budget.len = 0;
	if (p->need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
		return 0;
	rc = crl_cgroup_plan_build(&p->limits, crl_device_find, &ret->user, err);
	if (rc == 0 && p->budget[0]) /* the policy was checked: it is there */
		rc = crl_cgroup_plan_build(crl_config_budget(job->config, p->budget), crl_device_find, &ret->budget,
					   err);
	return rc;
}

/* The plans as crl_cgroup_make() wants them. */
struct crl_cgroup_plans crl_limits_wish(const struct crl_job *job, const struct crl_limit_plans *plans)
{
	return (struct crl_cgroup_plans){.user = &plans->user,
					 .budget = job->policy.budget[0] ? &plans->budget : NULL,
					 .need = job->policy.need[CRL_FEATURE_LIMITS]};
}

/*
 * Take out what this host has no controller for, and say so; or refuse. What is left of the budget's is each user's
 * most, too: what a room shows is his slice, and programs size themselves by it.
 */
int crl_limits_fit(const struct crl_job *job, struct crl_limit_plans *plans, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	struct crl_cgroup_plan *plan[] = {&plans->user, &plans->budget};
	const char *prefix = job->cgroup.prefix;
	scoped_fd base = prefix[0] ? openat(job->cgroup.root, prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int rc = 0;

	if (prefix[0] && base < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open cgroup %s", prefix);
	for (size_t i = 0; i < (p->budget[0] ? 2u : 1u) && rc == 0; i++) { /* each reads a file of the kernel's */
		char missing[CRL_CGROUP_MISSING_MAX] = "";

		rc = crl_cgroup_drop_missing(base < 0 ? job->cgroup.root : base, plan[i], p->need[CRL_FEATURE_LIMITS],
					     missing, err);
		if (rc == 0 && missing[0] != '\0')
			crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits%s%s not held, missing controllers: %s",
				job->id, job->login.uid, p->name, i ? " of budget " : "", i ? p->budget : "", missing);
	}
	if (rc == 0)
		crl_cgroup_plan_lower(&plans->user, &plans->budget);
	return rc;
}

int crl_limits_finish_move(struct crl_job *job, struct crl_err *err)
{
	struct crl_job_cgroup *c = &job->cgroup;
	char now[1024];
	int status, rc;

	if (c->mover == 0)
		return 0;
	rc = crl_child_within(c->mover, crl_job_patience_ms(job), &status);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS, "%s %s",
				   rc == -ETIMEDOUT ? "the kernel does not come to move the application into"
						    : "lost the child that moves the application into",
				   c->path);
	c->mover = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return crl_err_set(err, WIFEXITED(status) ? WEXITSTATUS(status) : EIO, CRL_STAGE_LIMITS,
				   "cannot move the application into %s", c->path);
	rc = crl_cgroup_of(job->app_pid, now, sizeof(now)); /* read back what was asked for */
	if (rc < 0 || strcmp(now + (now[0] == '/'), c->path) != 0)
		return crl_err_set(err, rc < 0 ? -rc : EXDEV, CRL_STAGE_LIMITS, "the application is not in %s",
				   c->path);
	return 0;
}

int crl_limits_move_back(int root, const char *origin, pid_t pid)
{
	const char *relative = origin + (origin[0] == '/');
	scoped_fd dir = openat(root, *relative ? relative : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : crl_cgroup_attach(dir, pid);
}

/*
 * The application's score is what all of the login inherits: the policy's, not the service's own. Written with
 * CAP_SYS_RESOURCE it is also the least that the user's processes can have.
 */
int crl_limits_set_oom(struct crl_job *job, struct crl_err *err)
{
	struct crl_job_cgroup *c = &job->cgroup;
	char path[40], want[8], now[8];
	ssize_t n;
	int rc;

	if (job->policy.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)job->app_pid);
	(void)snprintf(want, sizeof(want), "%u\n", (unsigned int)job->policy.limits.oom_score_adj);
	n = crl_file_read(AT_FDCWD, path, c->oom_score_adj, sizeof(c->oom_score_adj));
	if (n > 0 && strcmp(c->oom_score_adj, want) == 0)
		return 0;
	rc = crl_file_write(AT_FDCWD, path, want);
	if (rc < 0 || crl_file_read(AT_FDCWD, path, now, sizeof(now)) <= 0 || strcmp(now, want) != 0)
		return crl_err_set(err, rc < 0 ? -rc : ERANGE, CRL_STAGE_LIMITS,
				   "cannot set the application's oom_score_adj to %u (limits.oom_score_adj)",
				   (unsigned int)job->policy.limits.oom_score_adj);
	return 0;
}

static void restore_oom(const struct crl_job *job)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)job->app_pid);
	if (job->cgroup.oom_score_adj[0] != '\0')
		crl_ignore(crl_file_write(AT_FDCWD, path, job->cgroup.oom_score_adj)); /* it may be gone */
}

static int admit(struct crl_job *job, struct crl_err *err)
{
	int rc;

	if (job->policy.need[CRL_FEATURE_CGROUP] == CRL_NEED_OFF)
		return 0;
	job->cgroup.manager = crl_manager_of(job);
	rc = job->cgroup.manager->make(job, err);
	return rc < 0 || !job->cgroup.manager->move_in ? rc : job->cgroup.manager->move_in(job, err);
}

/* One that does not come to an end is told, and takes back what it does yet (manager_cgroupfs.c, R1). */
static void end_mover(struct crl_job *job)
{
	struct crl_job_cgroup *c = &job->cgroup;
	int status;

	if (c->mover <= 0)
		return;
	(void)kill(c->mover, SIGTERM);
	if (crl_child_within(c->mover, job->deadline_ms, &status) == -ETIMEDOUT)
		crl_log(LOG_WARNING, "id=%s: process %d hangs in the kernel, moving the application into %s", job->id,
			(int)c->mover, c->path);
	c->mover = 0;
}

/* Put the application back and remove the login's cgroup. */
static void undo(struct crl_job *job, struct crl_kept *room)
{
	struct crl_job_cgroup *c = &job->cgroup;

	(void)room;
	end_mover(job);
	if (c->moved && crl_limits_move_back(c->root, c->origin, job->app_pid) < 0)
		crl_log(LOG_WARNING, "id=%s: the application stays in %s", job->id, c->path);
	c->moved = false;
	restore_oom(job);
	drop_fd(&c->dir);
	drop_fd(&c->slice);
	drop_fd(&c->lock[0]);
	drop_fd(&c->lock[1]);
	crl_manager_use_no_more(c->used);
	c->manager->unmake(job);
	drop_fd(&c->root);
}

const struct crl_part crl_part_limits = {
	.name = "limits",
	.admit = admit,
	.undo = undo,
	.end_not =
		"the supervisor puts the application back and removes the cgroup, between steps of its own (leave.c)",
	.leaves = "cgroups",
	.sweep = crl_sweep_cgroups,
};
