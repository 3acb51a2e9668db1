// SPDX-License-Identifier: Apache-2.0
/*
 * The login's cgroup under manager `cgroupfs`, and moving the application into it.
 *
 * Runs in: helper (root, host namespaces). The move waits for an RCU grace period (milliseconds), so a child does it
 * while the room is built; nobody is let in before it has ended.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"
#include "apply/device.h"
#include "base/log.h"
#include "helper/manager.h"
#include "plan/cgroup.h"

static size_t count_controllers(const struct crl_cgroup_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->len; i++) {
		size_t j = 0;

		while (j < i && strcmp(plan->write[i].controller, plan->write[j].controller) != 0)
			j++;
		n += j == i;
	}
	return n;
}

static size_t count_words(const char *list)
{
	size_t n = *list != '\0';

	for (; *list; list++)
		n += *list == ',';
	return n;
}

static int open_root(struct crl_job *job, bool needed, struct crl_err *err)
{
	struct crl_err why = {0};
	int r = crl_cgroup_open_root(crl_config_cgroup_root(job->config), &job->cgroup.root, &why);

	if (r == 0)
		return 0;
	if (needed) {
		*err = why;
		return r;
	}
	crl_log(LOG_WARNING, "id=%s uid=%u: no limits are held: %s", job->id, job->login.uid, why.text);
	return 1;
}

static int open_slice(struct crl_job *job)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%.*s", (int)(strrchr(job->cgroup.path, '/') - job->cgroup.path),
		       job->cgroup.path);
	job->cgroup.slice = openat(job->cgroup.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return job->cgroup.slice < 0 ? -errno : 0;
}

int crl_limits_make(struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	bool limited = p->need[CRL_FEATURE_LIMITS] != CRL_NEED_OFF;
	/* Without a PID namespace the cgroup is all that ends a login's processes. */
	bool shared = p->share != CRL_SHARE_LOGIN || !(p->namespaces & CRL_NS_BIT(CRL_NS_PID));
	struct crl_cgroup_plan plan = {.len = 0};
	char missing[128] = "";
	int r = 0;

	if (p->need[CRL_FEATURE_CGROUP] == CRL_NEED_OFF)
		return 0;
	if (crl_manager_is_systemd(job))
		return crl_manager_make(job, err);
	if (limited)
		r = crl_cgroup_plan_build(&p->limits, crl_device_find, &plan, err);
	if (r < 0 || (plan.len == 0 && !shared))
		return r;
	r = open_root(job, (plan.len > 0 && p->need[CRL_FEATURE_LIMITS] == CRL_NEED_REQUIRE) ||
				   (shared && p->need[CRL_FEATURE_CGROUP] == CRL_NEED_REQUIRE), err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = crl_cgroup_make(job->cgroup.root, job->login.uid, job->id, &plan, p->need[CRL_FEATURE_LIMITS],
			    &job->cgroup.dir, missing, sizeof(missing), err);
	if (r < 0)
		return r;
	if (missing[0] != '\0')
		crl_log(LOG_WARNING, "id=%s uid=%u policy=%s: limits not held, missing controllers: %s", job->id,
			job->login.uid, p->name, missing);
	if (!shared && count_words(missing) == count_controllers(&plan)) {
		crl_limits_undo(job); /* nothing to enforce: spare the login the move */
		return 0;
	}
	r = crl_cgroup_path(job->login.uid, job->id, job->cgroup.path, sizeof(job->cgroup.path));
	if (r == 0)
		r = open_slice(job);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_LIMITS, "cannot open the user's slice");
	return 0;
}

int crl_limits_start_move(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
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
		_exit(-crl_cgroup_attach(c->dir, job->app_pid) & 0xff);
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
	drop_fd(&c->lock);
	if (c->managed)
		crl_manager_release(&job->state, job->login.uid);
	else if (c->root >= 0 && crl_cgroup_remove(c->root, job->login.uid, job->id) < 0)
		crl_log(LOG_WARNING, "id=%s: its cgroup is left", job->id);
	drop_fd(&c->root);
}
