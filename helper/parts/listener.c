// SPDX-License-Identifier: Apache-2.0
/*
 * Filters that are listened to, and the process that does it.
 *
 * Runs in: helper (root, host namespaces), then supervisor in its sandbox.
 * R1: nobody is refused for it: where there can be no listener, the filter holds as it is.
 */
#include "helper/parts/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "apply/listenable.h"
#include "base/err.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/listener/listener.h"
#include "helper/obtain.h"
#include "helper/parts.h"
#include "helper/supervisor/leave.h"
#include "helper/supervisor/watch.h"
#include "helper/sweep.h"
#include "plan/filter/filter.h"
#include "plan/filter/notify.h"
#include "plan/filter/set.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/learn/learning.h"
#include "state/why/refused.h"

static bool learns(const struct crl_job *job)
{
	return crl_learning_wants(job->state.dir, job->policy.name, job->login.user);
}

static bool has_told_answers(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->seccomp.answers_len; i++)
		if (p->seccomp.answers[i].answer.kind == CRL_VERDICT_LOG)
			return true;
	return false;
}

/* There is no process for a filter that holds a quota alone, nor for a rehearsal. */
static bool wants(const struct crl_job *job)
{
	if (job->options->rehearse || job->filter->len == 0 || !job->policy.seccomp.base[0] ||
	    job->policy.need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF)
		return false;
	return job->policy.seccomp.log || job->policy.seccomp.mode == CRL_FILTER_LOG ||
	       has_told_answers(&job->policy) || learns(job);
}

static void describe(const struct crl_job *job, struct crl_listen_orders *o)
{
	o->uid = job->login.uid;
	o->learn = learns(job);
	o->trial = job->policy.seccomp.mode == CRL_FILTER_LOG;
	(void)snprintf(o->id, sizeof(o->id), "%s", job->id);
	(void)snprintf(o->room, sizeof(o->room), "%s", job->adopt.room);
	(void)snprintf(o->policy, sizeof(o->policy), "%s", job->policy.name);
	(void)snprintf(o->user, sizeof(o->user), "%s", job->login.user);
}

static int rewrite(struct crl_job *job, struct crl_listen_text *text, struct crl_filter *ret, struct crl_err *err)
{
	scoped_free struct crl_callset *core = NULL;
	int rc = 0;

	describe(job, &text->orders);
	text->filter.len = job->filter->len;
	memcpy(text->filter.insn, job->filter->insn, job->filter->len * sizeof(job->filter->insn[0]));
	if (text->orders.learn) {
		core = malloc(sizeof(*core));
		if (!core)
			return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
		rc = crl_obtain_core(job, core, err);
	}
	if (rc == 0)
		rc = crl_notify_rewrite(&text->filter, core, ret, err);
	return rc < 0 ? rc : crl_listen_orders_write(text, &job->listen_orders, err);
}

/* R1 */
void crl_listened_equip(struct crl_job *job)
{
	scoped_free struct crl_listen_text *text = NULL;
	scoped_free struct crl_filter *told = NULL;
	struct crl_err err = {0};
	int listens;

	if (!wants(job))
		return;
	listens = crl_listenable();
	text = calloc(1, sizeof(*text));
	told = malloc(sizeof(*told));
	if (!text || !told)
		(void)crl_err_set(&err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	else if (listens < 0)
		(void)crl_err_set(&err, -listens, CRL_STAGE_FILTER,
				  listens == -EBUSY ? "this service has a filter with a listener already"
						    : "the kernel gives no listener of a filter");
	else if (rewrite(job, text, told, &err) == 0)
		*job->filter = *told;
	job->adopt.listens = err.code == 0;
	if (err.code == 0)
		job->adopt.filter_log = 0;
	else
		crl_log(LOG_WARNING, "id=%s: its calls are not listened to: %s", job->id, err.text);
}

/* Before systemd is asked to house the room's processes. R1 */
static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *ret)
{
	struct crl_err err = {0};
	const char *store;

	(void)ret;
	if (!wants(job))
		return 0;
	store = learns(job) ? crl_config_store(job->config) : NULL;
	if (crl_listener_start(job->options->state, store, &room->listener_pid, &room->listener, &err) < 0) {
		crl_log(LOG_WARNING, "id=%s: its calls are not listened to: %s", job->id, err.text);
		return 0;
	}
	crl_listened_equip(job);
	room->listener_vital = learns(job);
	room->adopt.filter_log = job->adopt.filter_log;
	if (!job->adopt.listens)
		drop_fd(&room->listener); /* by which it ends */
	return 0;
}

/*
 * The kernel answers ENOSYS to what a filter would have told. Where that is what is refused, the room goes on, and
 * nothing is told any more; where it is nearly every call, nothing in the room can.
 */
static bool hear_end(struct crl_kept *room, void *arg)
{
	(void)arg;
	drop_fd(&room->listener);
	crl_log(LOG_ERR, "room=%s: its listener is gone: %s", room->id,
		room->listener_vital ? "the room ends" : "refused calls are answered with ENOSYS and not told");
	if (!room->listener_vital)
		return false;
	room->ended_by = "its listener is gone";
	crl_end_room(room);
}

static void watch(struct crl_kept *room, struct crl_watches *w)
{
	crl_watches_add(w, room->listener, POLLIN, hear_end, NULL);
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	(void)job;
	if (room)
		drop_fd(&room->listener);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_refused_sweep(s->state.dir);
	return 0;
}

const struct crl_part crl_part_listener = {
	.name = "listener",
	.stand = stand,
	.watch = watch,
	.undo = undo,
	.end_not = "it ends with the last process whose filter it serves",
	.leaves = "STATE/" CRL_REFUSED_DIR ", STATE/learn, STORE/learn",
	.sweep = sweep,
};
