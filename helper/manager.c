// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: the login in a scope beneath its user's slice, the room's own processes in one of carrel.slice.
 *
 *   user.slice/user-UID.slice/session-N.scope                                    limits on user-UID.slice
 *   user.slice/user-budget_NAME.slice/user-budget_NAME-UID.slice/carrel-ID.scope  on both slices
 *
 * A unit's name says where in the tree it stands, so a user with a budget cannot stay in logind's own slice.
 * systemd is the one writer of its tree: it is asked by carrel-bus, and the answer is read back from the cgroup files.
 *
 * Runs in: helper (root, host namespaces).
 */
#include "helper/manager.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"

#define CGROUPS "/sys/fs/cgroup"
#define HOUSE_MS 3000 /* what a login waits at most, when all else is done, for the room's own processes to be moved */

bool crl_manager_is_systemd(const struct crl_job *job)
{
	char path[PATH_MAX];

	switch (crl_config_cgroup_manager(job->config)) {
	case CRL_MANAGER_SYSTEMD:
		return true;
	case CRL_MANAGER_CGROUPFS:
		return false;
	case CRL_MANAGER_AUTO:
		break;
	}
	/* As sd_booted(3) does. A configured root says that somebody wants the files. */
	return crl_config_cgroup_root(job->config)[0] == '\0' && access("/run/systemd/system", F_OK) == 0 &&
	       crl_systemd_bus_path(path, sizeof(path)) == 0;
}

static int ask_scope(const char *name, const char *slice, const char *description, pid_t one, pid_t two,
		     struct crl_systemd_question *ret, struct crl_err *err)
{
	char first[16], second[16];
	char *argv[] = {NULL,  (char[]){"scope"}, (char *)(uintptr_t)name, (char *)(uintptr_t)slice,
			(char *)(uintptr_t)description, first, two > 0 ? second : NULL, NULL};

	(void)snprintf(first, sizeof(first), "%d", (int)one);
	(void)snprintf(second, sizeof(second), "%d", (int)two);
	return crl_systemd_begin(argv, ret, err);
}

/* True when @pid has come into a cgroup whose last part is @name. */
static bool await_move(pid_t pid, const char *name, int64_t end_ms)
{
	char path[1024];

	for (; crl_now_ms() < end_ms; crl_pause_ms(2)) {
		const char *last = crl_cgroup_of(pid, path, sizeof(path)) == 0 ? strrchr(path, '/') : NULL;

		if (last && strcmp(last + 1, name) == 0)
			return true;
	}
	return false;
}

static void find_slices(const struct crl_job *job, struct crl_manager_slices *ret, char path[CRL_SLICE_MAX])
{
	const char *budget = job->policy.budget;
	uint32_t uid = job->login.uid;

	ret->budget[0] = '\0';
	(void)snprintf(ret->user, sizeof(ret->user), "user-%" PRIu32 ".slice", uid);
	if (budget[0]) {
		(void)snprintf(ret->budget, sizeof(ret->budget), "user-budget_%s.slice", budget);
		(void)snprintf(ret->user, sizeof(ret->user), "user-budget_%s-%" PRIu32 ".slice", budget, uid);
	}
	(void)snprintf(path, CRL_SLICE_MAX, "user.slice/%s%s%s", ret->budget, budget[0] ? "/" : "", ret->user);
}

static bool is_below(const char *path, const char *slice)
{
	size_t len = strlen(slice);

	return strncmp(path, slice, len) == 0 && path[len] == '/';
}

/* The login's scope: logind's when pam_systemd ran before us and it is in the right slice, else one of our own. */
static int find_scope(struct crl_job *job, const char *unit, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	char name[40], text[CRL_USER_MAX * 4 + 32], user[CRL_USER_MAX * 4];
	struct crl_systemd_question q;
	int r;

	r = crl_cgroup_of(job->app_pid, c->path, sizeof(c->path));
	if (r == 0 && is_below(c->path, c->slice_path))
		return 0;
	(void)snprintf(name, sizeof(name), "carrel-%s.scope", job->id);
	(void)snprintf(text, sizeof(text), "carrel: login of %s", crl_escape(user, sizeof(user), job->login.user));
	r = ask_scope(name, unit, text, job->app_pid, getpid(), &q, err);
	if (r == 0)
		r = crl_systemd_await(&q, crl_job_patience_ms(job), err);
	if (r < 0)
		return r;
	if (await_move(job->app_pid, name, crl_job_patience_ms(job)) &&
	    crl_cgroup_of(job->app_pid, c->path, sizeof(c->path)) == 0 && is_below(c->path, c->slice_path))
		return 0;
	return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "systemd has not moved the application to %s/%s", c->slice_path,
			   name);
}

/* What shall hold, as far as this host can, and the right to change it. */
static int prepare(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_limit_plans *ret,
		   struct crl_err *err)
{
	int r = crl_limits_plan(job, ret, err);

	if (r == 0)
		r = crl_cgroup_open_root(CGROUPS, &job->cgroup.root, job->cgroup.prefix, err);
	if (r == 0)
		r = crl_limits_fit(job, ret, err);
	return r < 0 ? r : crl_manager_lock(job, slices, err);
}

int crl_manager_make(struct crl_job *job, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	struct crl_manager_slices slices;
	struct crl_limit_plans plans;
	int r;

	c->managed = true;
	find_slices(job, &slices, c->slice_path);
	r = prepare(job, &slices, &plans, err);
	if (r == 0)
		r = find_scope(job, slices.user, err);
	if (r < 0)
		return r;
	c->dir = openat(c->root, c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open %s", c->path);
	return job->policy.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF ? 0 : crl_manager_limit(job, &slices, &plans, err);
}

int crl_manager_reload(struct crl_job *job, const char *slice, struct crl_err *err)
{
	struct crl_login_cgroup *c = &job->cgroup;
	struct crl_manager_slices slices;
	struct crl_limit_plans plans;
	int r;

	find_slices(job, &slices, c->slice_path);
	if (strcmp(c->slice_path, slice) != 0)
		return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "limits.budget has changed: that needs a new login");
	r = prepare(job, &slices, &plans, err);
	return r < 0 ? r : crl_manager_limit(job, &slices, &plans, err);
}

static void house_name(char buf[CRL_KEY_MAX], const struct crl_room *room)
{
	(void)snprintf(buf, CRL_KEY_MAX, "carrel-room-%s.scope", room->id); /* fits */
}

static void stays(const struct crl_room *room, const char *why)
{
	crl_log(LOG_WARNING, "id=%s: supervisor and init stay in the login's scope: %s", room->id, why);
}

void crl_manager_house_begin(struct crl_job *job, const struct crl_room *room)
{
	char name[CRL_KEY_MAX], text[CRL_USER_MAX * 4 + 32], user[CRL_USER_MAX * 4];
	struct crl_err err = {0};

	if (!job->cgroup.managed)
		return;
	house_name(name, room);
	(void)snprintf(text, sizeof(text), "carrel: room of %s", crl_escape(user, sizeof(user), job->login.user));
	if (ask_scope(name, "carrel.slice", text, getpid(), room->init_pid, &job->housing, &err) < 0)
		stays(room, err.text);
}

void crl_manager_house_end(struct crl_job *job, const struct crl_room *room)
{
	int64_t end = crl_now_ms() + HOUSE_MS, patience = crl_job_patience_ms(job);
	struct crl_err err = {0};
	char name[CRL_KEY_MAX];

	if (job->housing.pid == 0)
		return;
	end = end < patience ? end : patience; /* it is worth no refusal */
	house_name(name, room);
	if (crl_systemd_await(&job->housing, end, &err) < 0)
		stays(room, err.text);
	else if (!await_move(getpid(), name, end)) /* one never entered would never be seen to be empty */
		stays(room, "systemd has not moved them yet");
}
