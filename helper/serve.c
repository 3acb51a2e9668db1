// SPDX-License-Identifier: Apache-2.0
/*
 * One login from its request to a room that is kept: the order of things.
 *
 * Runs in: helper (root, host namespaces), which becomes the room's supervisor here.
 * R1: whoever is told to be in is supervised at once: what can fail, can wait or needs power comes before.
 * R2: while a login is on its way and not on record, its making lock is held: the sweep leaves its traces alone.
 * R3: while init mounts and while the application goes in, this process has nothing to wait with: what does not depend
 * on their success is done then.
 */
#include "helper/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/err.h"
#include "base/log.h"
#include "helper/confirm.h"
#include "helper/create.h"
#include "helper/decide.h"
#include "helper/drain.h"
#include "helper/event.h"
#include "helper/job.h"
#include "helper/join.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/parts/limits.h"
#include "helper/parts/manager.h"
#include "helper/parts/steward.h"
#include "helper/parts/systemd_used.h"
#include "helper/process/clock.h"
#include "helper/process/harden.h"
#include "helper/request.h"
#include "helper/supervisor/leave.h"
#include "helper/supervisor/loop.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/reach.h"
#include "helper/supervisor/recording.h"
#include "helper/sweep.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/rooms/record.h"
#include "state/score.h"
#include "wire/login.h"
#include "wire/proto.h"

#define UNDO_WAIT_MS 2000 /* beyond the login's time, for an init that was killed to be gone */

static void disarm_deadline(void)
{
	struct itimerval never = {0};

	(void)setitimer(ITIMER_REAL, &never, NULL);
}

/* The first login of the room becomes a member before it is let in: its death must end the room. */
static int add_first_member(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	struct crl_member *m = crl_member_add(room, &job->login, job->id);

	if (!m)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot record the login");
	m->pid = job->app_pid;
	m->pidfd = fcntl(job->app_pidfd, F_DUPFD_CLOEXEC, 3);
	m->channel = fcntl(job->channel, F_DUPFD_CLOEXEC, 3);
	m->listens = job->adopt.listens;
	room->manager = job->cgroup.manager;
	if (crl_manager_keep_using(job, room) < 0)
		return crl_err_set(err, EMFILE, CRL_STAGE_STATE, "cannot record the login");
	if (job->cgroup.dir >= 0) {
		m->cgroup = fcntl(job->cgroup.dir, F_DUPFD_CLOEXEC, 3);
		m->origin = strdup(job->cgroup.origin);
		(void)snprintf(room->slice, sizeof(room->slice), "%s", job->cgroup.slice_path);
		room->cgroup_root = fcntl(job->cgroup.root, F_DUPFD_CLOEXEC, 3);
		room->cgroup_path = strdup(room->manager->root ? room->manager->root(job) : "");
		if (m->cgroup < 0 || room->cgroup_root < 0 || !room->cgroup_path || !m->origin ||
		    !crl_member_remember(room, m, job->cgroup.path))
			return crl_err_set(err, EMFILE, CRL_STAGE_STATE, "cannot record the login");
	}
	if (m->pidfd < 0 || m->channel < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot record the login");
	return 0;
}

/* On its way no more: it is on record, or in vain. */
static void end_making(struct crl_job *job)
{
	if (job->making >= 0 && job->state.rooms >= 0)
		crl_state_unlock_for_good(&job->state, job->id);
	drop_fd(&job->making);
	drop_fd(&job->drain);
}

/* Refused after the room was announced. */
static void turn_away(struct crl_job *job, struct crl_kept *room, const struct crl_err *err)
{
	crl_job_refuse(job, err);
	crl_member_drop(room, room->member[0]);
	crl_parts_undo(job, NULL);
	drop_fd(&job->channel); /* the module waits until we let go, whatever else is to be done here */
}

/* What a supervisor needs and can only get with power; the application goes in meanwhile (R3). */
static void prepare_to_keep(struct crl_job *job, struct crl_kept *room)
{
	crl_sweep_start(job);
	crl_parts_keep(job, room);
}

/* By SIGTERM root has the room end (carrelctl kill, a host that shuts down). Late: what is started inherits a mask. */
static void hear_orders(struct crl_kept *room)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	room->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (room->signals >= 0) /* else it ends us, and init does as after any other death of ours */
		(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int give_up_power(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	char name[16 + CRL_ID_MAX];

	crl_parts_settle(job, room);
	(void)snprintf(name, sizeof(name), "carrel:%s", room->id); /* cannot be cut */
	crl_rename_process(name);
	crl_recording_mark(room); /* what stands for a record is found by that name */
	end_making(job); /* R2 */
	hear_orders(room);
	disarm_deadline(); /* from here on nothing waits, and the sandbox knows no timers */
	return crl_confine_room(room, err);
}

/* The room stands, with or without its first login. R1 */
static _Noreturn void keep_room(struct crl_job *job, struct crl_kept *room)
{
	struct crl_err err = {0};
	bool sandboxed = give_up_power(job, room, &err) == 0;
	bool in = room->members > 0 && sandboxed && crl_confirm_go_on(job, room->init_pidfd, &err) == 0;

	if (room->members > 0 && !in)
		turn_away(job, room, &err);
	else if (!sandboxed)
		crl_log(LOG_ERR, "id=%s: %s", room->id, err.text);
	if (in)
		crl_event_opened(job, true);
	if (crl_kept_has_pids(room))
		room->orders = take_fd(&job->init_channel);
	job->state = (struct crl_state){-EBADF, -EBADF, -EBADF}; /* the room's now */
	crl_job_done(job);
	/* An unsandboxed supervisor is not what we promise; and nobody can come into a room that is not shared. */
	if (!sandboxed || (!in && !room->shared))
		crl_end_room(room);
	crl_supervise(room);
}

/* Nobody else can be in a room that failed before it was announced. */
static void undo_room(struct crl_job *job, struct crl_kept *room, int lock)
{
	if (room->init_pidfd >= 0) {
		(void)pidfd_send_signal(room->init_pidfd, SIGKILL, NULL, 0);
		while (waitpid(room->init_pid, NULL, 0) < 0 && errno == EINTR &&
		       crl_now_ms() < job->deadline_ms + UNDO_WAIT_MS)
			;
	}
	crl_parts_undo(job, room);
	if (lock < 0)
		return;
	crl_record_remove_stale(&job->state, job->room_name);
	crl_state_unlock_for_good(&job->state, job->room_name);
}

/* Make the room and announce it. */
static int make_room(struct crl_job *job, struct crl_kept *room, int *lock, struct crl_err *err)
{
	int rc = crl_create_room(job, room, err);

	if (rc < 0)
		return rc;
	rc = crl_limits_finish_move(job, err);
	if (rc == 0)
		rc = add_first_member(job, room, err);
	if (rc < 0)
		return rc;
	room->state = job->state; /* both until there is one of them */
	if (room->shared) {
		crl_recording_write(room);
		drop_fd(lock); /* from here on others may join */
	}
	return 0;
}

/* Make the room and let the login in. Does not return when the room stands. */
static int let_into_new(struct crl_job *job, int *lock, struct crl_err *err)
{
	static struct crl_kept *room; /* lives as long as the process */
	int rc;

	room = crl_kept_new();
	if (!room)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	rc = make_room(job, room, lock, err);
	if (rc < 0) {
		undo_room(job, room, *lock);
		return rc;
	}
	rc = crl_confirm_invite(job, room->init_pidfd, err);
	prepare_to_keep(job, room);
	if (rc == 0)
		rc = crl_confirm_verify(job, room->init_pid, err);
	if (rc < 0 && !room->shared) {
		undo_room(job, room, *lock);
		return rc;
	}
	if (rc < 0) { /* somebody may have joined already: the room lives on without this login */
		turn_away(job, room, err);
		crl_recording_write(room);
	}
	keep_room(job, room);
}

static int let_in(struct crl_job *job, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	int rc;

	rc = crl_decide(job, err);
	if (rc == 0)
		rc = crl_parts_admit(job, err);
	if (rc == 0 && job->policy.share != CRL_SHARE_LOGIN) {
		do {
			rc = crl_state_lock(&job->state, job->room_name, LOCK_EX, &lock);
		} while (rc == -EINTR && crl_now_ms() < job->deadline_ms);
		if (rc < 0)
			return crl_err_set(err, rc == -EINTR ? ETIMEDOUT : -rc, CRL_STAGE_STATE,
					   "cannot lock the shared room %s", job->room_name);
		rc = crl_join_room(job, err);
		if (rc == 0)
			crl_event_opened(job, false);
		if (rc == 0)
			crl_ensure_steward(job);
		if (rc != -ENOENT)
			return rc;
		*err = (struct crl_err){0};
		rc = 0;
	}
	return rc < 0 ? rc : let_into_new(job, &lock, err);
}

int crl_serve(struct crl_job *job, struct crl_err *err)
{
	int rc;

	rc = crl_request_receive(job, err);
	if (rc == 0)
		rc = crl_check_clock(err);
	if (rc == 0)
		rc = crl_state_open(job->options->state, &job->state, err);
	if (rc < 0)
		return rc;
	crl_ignore(crl_score_open(job->state.dir, &job->score)); /* then it is not counted */
	rc = crl_id_make(job->id);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "no random numbers for an id");
	rc = crl_state_lock(&job->state, job->id, LOCK_EX, &job->making); /* R2 */
	if (rc <
	    0) /* no space: a sweep at the wrong moment can cost the login, but that is no reason to refuse it now */
		crl_log(LOG_WARNING, "id=%s: cannot keep the sweep away: %s", job->id, strerror(-rc));
	rc = crl_refuse_drained(job, err);
	if (rc == 0)
		rc = let_in(job, err);
	if (rc < 0)
		crl_parts_undo(job, NULL);
	end_making(job);
	return rc;
}
