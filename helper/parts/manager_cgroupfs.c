// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `cgroupfs`: carrel makes a login's cgroup by itself, moves the application in and back, and removes it.
 *
 * Runs in: see manager.h. The move waits for an RCU grace period (milliseconds), so a child does it while the room is
 * built; nobody is let in before it has ended.
 * R1: the application is not left moved when the helper has died or waits no more, since then it was refused. The move
 * cannot be interrupted: so the signal of both is one that can wait until it is over, and what was done then is taken
 * back.
 */
#include "helper/parts/manager.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/landlock.h"
#include "apply/limits/cgroup.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "base/pidfd.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts/limits.h"
#include "helper/supervisor/left.h"
#include "helper/supervisor/member.h"
#include "plan/limits/cgroup.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/rooms/live.h"
#include "state/rooms/rooms.h"

static bool is_limited(const struct crl_limit_plans *plans)
{
	return plans->user.len > 0 || plans->budget.len > 0;
}

static int open_root(struct crl_job *job, bool needed, struct crl_err *err)
{
	struct crl_err why = {0};
	int rc = crl_cgroup_open_root(crl_config_cgroup_root(job->config), &job->cgroup.root, job->cgroup.prefix, &why);

	if (rc == 0)
		return 0;
	if (needed) {
		*err = why;
		return rc;
	}
	crl_log(LOG_WARNING, "id=%s uid=%u: no limits are held: %s", job->id, job->login.uid, why.text);
	return 1;
}

static int make_cgroup(struct crl_job *job, const struct crl_limit_plans *plans, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	const struct crl_cgroup_plans limits = crl_limits_wish(job, plans);
	struct crl_job_cgroup *c = &job->cgroup;
	char missing[CRL_CGROUP_MISSING_MAX];
	int rc;

	rc = crl_cgroup_slice(c->prefix, job->login.uid, p->budget, c->slice_path);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS,
				   "the path of the user's slice is too long (cgroup.root)");
	/* Before there is something to find. Without space for it, it is found as long as the configuration stays. */
	crl_ignore(crl_making_note(job->making, crl_config_cgroup_root(job->config)));
	rc = crl_cgroup_make(&(struct crl_cgroup_place){c->root, c->slice_path, job->id}, &limits, &c->dir, missing,
			     err);
	if (rc < 0)
		return rc;
	if (missing[0] != '\0')
		crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits not held, this kernel has no %s", job->id,
			job->login.uid, p->name, missing);
	rc = crl_cgroup_path(c->slice_path, job->id, c->path, sizeof(c->path));
	c->slice = openat(c->root, c->slice_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc < 0 || c->slice < 0)
		return crl_err_set(err, rc < 0 ? -rc : errno, CRL_STAGE_LIMITS, "cannot open %s", c->slice_path);
	return 0;
}

static int make(struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	/* Without a PID namespace the cgroup is all that ends a login's processes. */
	bool shared = p->share != CRL_SHARE_LOGIN || !(p->namespaces & CRL_NS_BIT(CRL_NS_PID));
	bool gated = crl_policy_has_gate(p); /* whose part says what becomes of it without a cgroup */
	struct crl_limit_plans plans;
	int rc;

	rc = crl_limits_plan(job, &plans, err);
	if (rc < 0 || (!is_limited(&plans) && !shared && !gated))
		return rc;
	rc = open_root(job,
		       (is_limited(&plans) && p->need[CRL_FEATURE_LIMITS] == CRL_NEED_REQUIRE) ||
			       (shared && p->need[CRL_FEATURE_CGROUP] == CRL_NEED_REQUIRE),
		       err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = crl_limits_fit(job, &plans, err);
	if (rc < 0)
		return rc;
	if (!is_limited(&plans) && !shared && !gated) {
		drop_fd(&job->cgroup.root); /* nothing to enforce: spare the login the move */
		return 0;
	}
	return make_cgroup(job, &plans, err);
}

/* R1 */
static bool was_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

static _Noreturn void run_mover(const struct crl_job *job, pid_t helper)
{
	const struct crl_job_cgroup *c = &job->cgroup;
	sigset_t term;
	int rc;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != helper)
		_exit(ESRCH);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	rc = getppid() == helper ? crl_cgroup_attach(c->dir, job->app_pid) : -ESRCH;
	if (rc == 0 && (getppid() != helper || was_told_to_end()))
		crl_ignore(crl_limits_move_back(c->root, c->origin, job->app_pid));
	_exit(-rc & 0xff);
}

static int start_move(struct crl_job *job, struct crl_err *err)
{
	struct crl_job_cgroup *c = &job->cgroup;
	pid_t self = getpid();
	int rc;

	if (c->dir < 0)
		return 0;
	rc = crl_cgroup_of(job->app_pid, c->origin, sizeof(c->origin));
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot tell the application's cgroup");
	c->moved = true;
	c->mover = fork();
	if (c->mover < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot start moving the application");
	if (c->mover == 0)
		run_mover(job, self);
	return 0;
}

/* On any error the sweep finds it later. */
static void unmake(struct crl_job *job)
{
	struct crl_job_cgroup *c = &job->cgroup;

	if (c->root >= 0 && c->slice_path[0] && crl_cgroup_remove(c->root, c->slice_path, job->id) < 0)
		crl_log(LOG_WARNING, "id=%s: its cgroup is left", job->id);
}

static int reload(struct crl_job *job, const struct crl_room_info *room, struct crl_err *err)
{
	struct crl_limit_plans plans;
	struct crl_cgroup_plans limits;
	char slice[CRL_SLICE_MAX], missing[CRL_CGROUP_MISSING_MAX];
	scoped_fd dir = -EBADF;
	int rc;

	if (strcmp(crl_config_cgroup_root(job->config), crl_room_cgroup_root(room)) != 0)
		return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "cgroup.root has changed: that needs a new login");
	rc = crl_cgroup_open_root(crl_config_cgroup_root(job->config), &job->cgroup.root, job->cgroup.prefix, err);
	if (rc < 0)
		return rc;
	if (crl_cgroup_slice(job->cgroup.prefix, job->login.uid, job->policy.budget, slice) < 0 ||
	    strcmp(slice, room->slice) != 0)
		return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "limits.budget has changed: that needs a new login");
	rc = crl_limits_plan(job, &plans, err);
	if (rc == 0)
		rc = crl_limits_fit(job, &plans, err);
	if (rc < 0)
		return rc;
	limits = crl_limits_wish(job, &plans);
	/* As for one more login, whose cgroup then goes again: the slices above it stay, being in use. */
	rc = crl_cgroup_make(&(struct crl_cgroup_place){job->cgroup.root, slice, job->id}, &limits, &dir, missing, err);
	if (rc < 0)
		return rc;
	rc = crl_cgroup_remove(job->cgroup.root, slice, job->id);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "a cgroup is left in %s", slice) : 0;
}

static const char *root(const struct crl_job *job)
{
	return crl_config_cgroup_root(job->config);
}

static int path(const struct crl_kept *room, const struct crl_member *m, char *buf, size_t size)
{
	return crl_cgroup_path(room->slice, m->id, buf, size);
}

static void move_back(const struct crl_kept *room, const struct crl_member *m)
{
	if (m->cgroup < 0 || !m->origin || crl_pidfd_is_dead(m->pidfd))
		return;
	if (crl_limits_move_back(room->cgroup_root, m->origin, m->pid) < 0)
		crl_log(LOG_WARNING, "id=%s: cannot move the application back to %s", m->id, m->origin);
}

static int remove_one(const struct crl_kept *room, const char *id)
{
	return crl_cgroup_remove(room->cgroup_root, room->slice, id);
}

static bool is_over(const struct crl_kept *room, const struct crl_member *m)
{
	return remove_one(room, m->id) != -EBUSY;
}

static bool gather(const struct crl_kept *room, const struct crl_member *from, const struct crl_member *to)
{
	char where[2][CRL_SLICE_MAX + 32];
	scoped_fd a = -EBADF, b = -EBADF;

	if (path(room, from, where[0], sizeof(where[0])) < 0 || path(room, to, where[1], sizeof(where[1])) < 0)
		return false;
	a = openat(room->cgroup_root, where[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b = openat(room->cgroup_root, where[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return a >= 0 && b >= 0 && crl_cgroup_gather(a, b) == 0 && remove_one(room, from->id) == 0;
}

const struct crl_manager crl_manager_cgroupfs = {
	.name = "cgroupfs",
	.make = make,
	.move_in = start_move,
	.unmake = unmake,
	.reload = reload,
	.root = root,
	.path = path,
	.move_back = move_back,
	.is_over = is_over,
	.gather = gather,
	.unjoined = crl_left_add, /* its helper removes its cgroup, or was killed */
	.remove = remove_one,
	.reach = CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_REMOVE,
};
