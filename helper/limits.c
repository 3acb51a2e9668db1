// SPDX-License-Identifier: Apache-2.0
/*
 * The login's cgroup under manager `cgroupfs`, and moving the application into it.
 *
 * Runs in: helper (root, host namespaces). The move waits for an RCU grace period (milliseconds), so a child does it
 * while the room is built; nobody is let in before it has ended.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/cgroup_limits.h"
#include "apply/device.h"
#include "base/log.h"
#include "helper/manager.h"
#include "state/live.h"

/* What the policy asks for; nothing when features.limits is off. */
int crl_limits_plan(const struct crl_job *job, struct crl_limit_plans *ret, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	int r;

	ret->user.len = ret->budget.len = 0;
	if (p->need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
		return 0;
	r = crl_cgroup_plan_build(&p->limits, crl_device_find, &ret->user, err);
	if (r == 0 && p->budget[0]) /* the policy was checked: it is there */
		r = crl_cgroup_plan_build(crl_config_budget(job->config, p->budget), crl_device_find, &ret->budget, err);
	return r;
}

/* The plans as crl_cgroup_make() wants them. */
struct crl_cgroup_plans crl_limits_wish(const struct crl_job *job, const struct crl_limit_plans *plans)
{
	return (struct crl_cgroup_plans){.user = &plans->user,
					 .budget = job->policy.budget[0] ? &plans->budget : NULL,
					 .need = job->policy.need[CRL_FEATURE_LIMITS]};
}

static bool is_limited(const struct crl_limit_plans *plans)
{
	return plans->user.len > 0 || plans->budget.len > 0;
}

/* Take out what this host has no controller for, and say so; or refuse. */
int crl_limits_fit(const struct crl_job *job, struct crl_limit_plans *plans, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	struct crl_cgroup_plan *plan[] = {&plans->user, &plans->budget};
	const char *prefix = job->cgroup.prefix;
	scoped_fd base = prefix[0] ? openat(job->cgroup.root, prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int r = 0;

	if (prefix[0] && base < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open cgroup %s", prefix);
	for (size_t i = 0; i < (p->budget[0] ? 2u : 1u) && r == 0; i++) { /* each reads a file of the kernel's */
		char missing[128] = "";

		r = crl_cgroup_drop_missing(base < 0 ? job->cgroup.root : base, plan[i], p->need[CRL_FEATURE_LIMITS], missing,
					    sizeof(missing), err);
		if (r == 0 && missing[0] != '\0')
			crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits%s%s not held, missing controllers: %s", job->id,
				job->login.uid, p->name, i ? " of budget " : "", i ? p->budget : "", missing);
	}
	return r;
}

static int open_root(struct crl_job *job, bool needed, struct crl_err *err)
{
	struct crl_err why = {0};
	int r = crl_cgroup_open_root(crl_config_cgroup_root(job->config), &job->cgroup.root, job->cgroup.prefix, &why);

	if (r == 0)
		return 0;
	if (needed) {
		*err = why;
		return r;
	}
	crl_log(LOG_WARNING, "id=%s uid=%u: no limits are held: %s", job->id, job->login.uid, why.text);
	return 1;
}

static int make_cgroup(struct crl_job *job, const struct crl_limit_plans *plans, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	const struct crl_cgroup_plans limits = crl_limits_wish(job, plans);
	struct crl_login_cgroup *c = &job->cgroup;
	char missing[128];
	int r;

	r = crl_cgroup_slice(c->prefix, job->login.uid, p->budget, c->slice_path);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "the path of the user's slice is too long (cgroup.root)");
	/* Before there is something to find. Without space for it, it is found as long as the configuration stays. */
	crl_ignore(crl_making_note(job->making, crl_config_cgroup_root(job->config)));
	r = crl_cgroup_make(c->root, c->slice_path, job->id, &limits, &c->dir, missing, sizeof(missing), err);
	if (r < 0)
		return r;
	if (missing[0] != '\0')
		crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits not held, this kernel has no %s", job->id,
			job->login.uid, p->name, missing);
	r = crl_cgroup_path(c->slice_path, job->id, c->path, sizeof(c->path));
	c->slice = openat(c->root, c->slice_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || c->slice < 0)
		return crl_err_set(err, r < 0 ? -r : errno, CRL_STAGE_LIMITS, "cannot open %s", c->slice_path);
	return 0;
}

int crl_limits_make(struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	/* Without a PID namespace the cgroup is all that ends a login's processes. */
	bool shared = p->share != CRL_SHARE_LOGIN || !(p->namespaces & CRL_NS_BIT(CRL_NS_PID));
	struct crl_limit_plans plans;
	int r;

	if (p->need[CRL_FEATURE_CGROUP] == CRL_NEED_OFF)
		return 0;
	if (crl_manager_is_systemd(job))
		return crl_manager_make(job, err);
	r = crl_limits_plan(job, &plans, err);
	if (r < 0 || (!is_limited(&plans) && !shared))
		return r;
	r = open_root(job, (is_limited(&plans) && p->need[CRL_FEATURE_LIMITS] == CRL_NEED_REQUIRE) ||
				   (shared && p->need[CRL_FEATURE_CGROUP] == CRL_NEED_REQUIRE), err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = crl_limits_fit(job, &plans, err);
	if (r < 0)
		return r;
	if (!is_limited(&plans) && !shared) {
		drop_fd(&job->cgroup.root); /* nothing to enforce: spare the login the move */
		return 0;
	}
	return make_cgroup(job, &plans, err);
}

/*
 * R1: the application is not left moved when the helper has died, since then it was refused. The move cannot be
 * interrupted: so the death signal is one that can wait until it is over, and what was done then is taken back.
 */
static _Noreturn void run_mover(const struct crl_job *job, pid_t helper)
{
	const struct crl_login_cgroup *c = &job->cgroup;
	sigset_t term;
	int r;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != helper)
		_exit(ESRCH);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	r = getppid() == helper ? crl_cgroup_attach(c->dir, job->app_pid) : -ESRCH;
	if (r == 0 && getppid() != helper)
		crl_ignore(crl_limits_move_back(c->root, c->origin, job->app_pid));
	_exit(-r & 0xff);
}

int crl_limits_start_move(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	pid_t self = getpid();
	int r;

	if (c->dir < 0 || c->managed)
		return 0;
	r = crl_cgroup_of(job->app_pid, c->origin, sizeof(c->origin));
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "cannot tell the application's cgroup");
	c->moved = true;
	c->mover = fork();
	if (c->mover < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot start moving the application");
	if (c->mover == 0)
		run_mover(job, self);
	return 0;
}

int crl_limits_finish_move(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	char now[1024];
	int status, r;

	if (c->mover == 0)
		return 0;
	while (waitpid(c->mover, &status, 0) < 0) {
		if (errno != EINTR)
			return crl_err_set(err, errno, CRL_STAGE_LIMITS, "lost the child that moves the application");
		if (crl_now_ms() >= job->deadline_ms)
			return crl_err_set(err, ETIMEDOUT, CRL_STAGE_LIMITS, "moving into %s took too long", c->path);
	}
	c->mover = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return crl_err_set(err, WIFEXITED(status) ? WEXITSTATUS(status) : EIO, CRL_STAGE_LIMITS,
				   "cannot move the application into %s", c->path);
	r = crl_cgroup_of(job->app_pid, now, sizeof(now)); /* read back what was asked for */
	if (r < 0 || strcmp(now + (now[0] == '/'), c->path) != 0)
		return crl_err_set(err, r < 0 ? -r : EXDEV, CRL_STAGE_LIMITS, "the application is not in %s", c->path);
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
	struct crl_login_cgroup *c = &job->cgroup;
	char path[40], want[8], now[8];
	ssize_t n;
	int r;

	if (job->policy.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)job->app_pid);
	(void)snprintf(want, sizeof(want), "%u\n", (unsigned int)job->policy.limits.oom_score_adj);
	n = crl_cgroup_read(AT_FDCWD, path, c->oom_score_adj, sizeof(c->oom_score_adj));
	if (n > 0 && strcmp(c->oom_score_adj, want) == 0)
		return 0;
	r = crl_cgroup_write(AT_FDCWD, path, want);
	if (r < 0 || crl_cgroup_read(AT_FDCWD, path, now, sizeof(now)) <= 0 || strcmp(now, want) != 0)
		return crl_err_set(err, r < 0 ? -r : ERANGE, CRL_STAGE_LIMITS,
				   "cannot set the application's oom_score_adj to %u (limits.oom_score_adj)",
				   (unsigned int)job->policy.limits.oom_score_adj);
	return 0;
}

static void restore_oom(const struct crl_job *job)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)job->app_pid);
	if (job->cgroup.oom_score_adj[0] != '\0')
		crl_ignore(crl_cgroup_write(AT_FDCWD, path, job->cgroup.oom_score_adj)); /* it may be gone */
}

/* Put the application back and remove the login's cgroup; on any error the sweep finds it later. */
void crl_limits_undo(struct crl_job *job)
{
	struct crl_login_cgroup *c = &job->cgroup;

	while (c->mover > 0 && waitpid(c->mover, NULL, 0) < 0 && errno == EINTR)
		;
	c->mover = 0;
	if (c->moved && crl_limits_move_back(c->root, c->origin, job->app_pid) < 0)
		crl_log(LOG_WARNING, "id=%s: the application stays in %s", job->id, c->path);
	c->moved = false;
	restore_oom(job);
	drop_fd(&c->dir);
	drop_fd(&c->slice);
	drop_fd(&c->lock[0]);
	drop_fd(&c->lock[1]);
	crl_manager_use_no_more(c->used);
	if (c->managed)
		crl_manager_release(&job->state, c->slice_path);
	else if (c->root >= 0 && c->slice_path[0] && crl_cgroup_remove(c->root, c->slice_path, job->id) < 0)
		crl_log(LOG_WARNING, "id=%s: its cgroup is left", job->id);
	drop_fd(&c->root);
}
