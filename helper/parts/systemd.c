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
#include "helper/parts/systemd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/parts/ask_systemd.h"
#include "helper/parts/limits.h"
#include "helper/parts/manager.h"
#include "helper/parts/systemd_limits.h"
#include "helper/parts/systemd_used.h"
#include "helper/sweep.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/rooms/rooms.h"
#include "wire/login.h"
#include "wire/proto.h"

#define CGROUPS "/sys/fs/cgroup"
#define HOUSE_MS 3000 /* what a login waits at most, when all else is done, for the room's own processes to be moved */

#define HOUSED_MAX 3 /* supervisor, init, listener; or the application */

/* A question for a scope, in carrel-bus's words. */
struct scope_words {
	char name[CRL_KEY_MAX];
	char text[CRL_USER_MAX * 4 + 32];
	char pid[HOUSED_MAX][16];
	char *argv[6 + HOUSED_MAX];
};

/* @pid  one to three; those behind the first may be 0 */
static void word_scope(struct scope_words *w, const struct crl_job *job, const char *slice, const char *what,
		       const pid_t pid[HOUSED_MAX])
{
	static char verb[] = "scope";
	char user[CRL_USER_MAX * 4];
	size_t n = 0;

	(void)snprintf(w->text, sizeof(w->text), "carrel: %s of %s", what,
		       crl_visible_field(user, sizeof(user), job->login.user));
	w->argv[n++] = NULL;
	w->argv[n++] = verb;
	w->argv[n++] = w->name;
	w->argv[n++] = crl_unconst(slice);
	w->argv[n++] = w->text;
	for (size_t i = 0; i < HOUSED_MAX; i++) {
		(void)snprintf(w->pid[i], sizeof(w->pid[i]), "%d", (int)pid[i]);
		w->argv[n + i] = pid[i] > 0 ? w->pid[i] : NULL;
	}
	w->argv[n + HOUSED_MAX] = NULL;
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
	struct crl_job_cgroup *c = &job->cgroup;
	struct scope_words w = {.name = ""};
	int rc;

	rc = crl_cgroup_of(job->app_pid, c->path, sizeof(c->path));
	if (rc == 0 && is_below(c->path, c->slice_path))
		return 0;
	(void)snprintf(w.name, sizeof(w.name), "carrel-%s.scope", job->id);
	word_scope(&w, job, unit, "login", (const pid_t[HOUSED_MAX]){job->app_pid}); /* others wait for our locks */
	rc = crl_systemd_ask(w.argv, crl_job_patience_ms(job), err);
	if (rc < 0)
		return rc;
	if (await_move(job->app_pid, w.name, crl_job_patience_ms(job)) &&
	    crl_cgroup_of(job->app_pid, c->path, sizeof(c->path)) == 0 && is_below(c->path, c->slice_path))
		return 0;
	return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "systemd has not moved the application to %s/%s",
			   c->slice_path, w.name);
}

/* What shall hold, as far as this host can, and the right to change it. */
static int prepare(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_limit_plans *ret,
		   struct crl_err *err)
{
	int rc = crl_limits_plan(job, ret, err);

	if (rc == 0)
		rc = crl_cgroup_open_root(CGROUPS, &job->cgroup.root, job->cgroup.prefix, err);
	if (rc == 0)
		rc = crl_limits_fit(job, ret, err);
	return rc < 0 ? rc : crl_manager_lock(job, slices, err);
}

int crl_systemd_make(struct crl_job *job, struct crl_err *err)
{
	struct crl_job_cgroup *c = &job->cgroup;
	struct crl_manager_slices slices;
	struct crl_limit_plans plans;
	int rc;

	find_slices(job, &slices, c->slice_path);
	rc = prepare(job, &slices, &plans, err);
	if (rc == 0)
		rc = crl_manager_use(job, &slices, err);
	if (rc == 0)
		rc = find_scope(job, slices.user, err);
	if (rc < 0)
		return rc;
	c->dir = openat(c->root, c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open %s", c->path);
	return job->policy.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF ? 0 : crl_manager_limit(job, &slices, &plans, err);
}

int crl_systemd_reload(struct crl_job *job, const struct crl_room_info *room, struct crl_err *err)
{
	struct crl_job_cgroup *c = &job->cgroup;
	struct crl_manager_slices slices;
	struct crl_limit_plans plans;
	int rc;

	find_slices(job, &slices, c->slice_path);
	if (strcmp(c->slice_path, room->slice) != 0)
		return crl_err_set(err, EXDEV, CRL_STAGE_LIMITS, "limits.budget has changed: that needs a new login");
	rc = prepare(job, &slices, &plans, err);
	return rc < 0 ? rc : crl_manager_limit(job, &slices, &plans, err);
}

static void word_house(struct scope_words *w, const struct crl_job *job, const struct crl_kept *room)
{
	(void)snprintf(w->name, sizeof(w->name), "carrel-room-%s.scope", room->id); /* fits */
	word_scope(w, job, "carrel.slice", "room",
		   (const pid_t[HOUSED_MAX]){getpid(), room->init_pid, room->listener_pid});
}

static void stays(const struct crl_kept *room, const char *why)
{
	crl_log(LOG_WARNING, "id=%s: supervisor and init stay where they began: %s", room->id, why);
}

/*
 * Supervisor and init out of the user's slice: systemd is asked as soon as init stands, and works while the application
 * goes in; the answer is waited for before anybody is told that the login is in, so that the supervisor never waits for
 * systemd. Not needed for isolation, so failing is only logged.
 */
static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *ret)
{
	struct crl_err err = {0};
	struct scope_words w = {.name = ""};

	(void)ret;
	if (job->cgroup.manager != &crl_manager_systemd)
		return 0;
	word_house(&w, job, room);
	if (crl_systemd_begin(w.argv, &job->housing, &err) < 0)
		stays(room, err.text);
	return 0;
}

static void settle(struct crl_job *job, struct crl_kept *room)
{
	int64_t end = crl_now_ms() + HOUSE_MS, patience = crl_job_patience_ms(job);
	struct crl_err err = {0};
	struct scope_words w = {.name = ""};
	int rc;

	if (job->housing.pid == 0)
		return;
	end = end < patience ? end : patience; /* it is worth no refusal */
	word_house(&w, job, room);
	rc = crl_systemd_await(&job->housing, end, &err);
	if (rc == -EAGAIN)
		rc = crl_systemd_ask(w.argv, end, &err);
	if (rc < 0)
		stays(room, err.text);
	else if (!await_move(getpid(), w.name, end)) /* one never entered would never be seen to be empty */
		stays(room, "systemd has not moved them yet");
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	(void)job;
	if (room)
		crl_manager_use_no_more(room->used); /* what the job holds is given up with the limits */
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_manager_sweep(&s->state, s->path, &s->first);
	return 0;
}

const struct crl_part crl_part_systemd = {
	.name = "systemd",
	.stand = stand,
	.settle = settle,
	.undo = undo,
	.end_not = "limits that nobody needs go when the room is off the record, as its last act (leave.c)",
	.leaves = "drop-ins of slices, and locks that tell of them in STATE/rooms",
	.sweep = sweep,
};
