// SPDX-License-Identifier: Apache-2.0
/*
 * One login from its request to a room that is kept: the order of things.
 *
 * Runs in: helper (root, host namespaces), which becomes the room's supervisor here.
 * R1: whoever is told that he is in is supervised at once: what can fail, can wait or needs power comes before.
 * R2: while a login is on its way and not on record, its making lock is held: the sweep leaves its traces alone.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/log.h"
#include "helper/manager.h"
#include "state/seats.h"

static void disarm_deadline(void)
{
	struct itimerval never = {0};

	(void)setitimer(ITIMER_REAL, &never, NULL);
}

static void log_in(const struct crl_job *job, const char *how)
{
	char user[CRL_USER_MAX * 4], service[CRL_SERVICE_MAX * 4], rhost[CRL_RHOST_MAX * 4];

	/* The module says the same where the service's own messages are; here it is for those who debug. */
	crl_log(LOG_DEBUG, "id=%s room=%s user=%s uid=%" PRIu32 " service=%s rhost=%s policy=%s %s", job->id,
		job->adopt.room, crl_escape(user, sizeof(user), job->login.user), job->login.uid,
		crl_escape(service, sizeof(service), job->login.service),
		crl_escape(rhost, sizeof(rhost), job->login.rhost), job->policy.name, how);
}

/* The first login of the room becomes a member before it is let in: its death must end the room. */
static int add_first_member(struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	struct crl_member *m = crl_member_add(room, &job->login, job->id);

	if (!m)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot record the login");
	m->pid = job->app_pid;
	m->pidfd = fcntl(job->app_pidfd, F_DUPFD_CLOEXEC, 3);
	m->channel = fcntl(job->channel, F_DUPFD_CLOEXEC, 3);
	room->managed = job->cgroup.managed;
	if (crl_manager_keep_using(job, room) < 0)
		return crl_err_set(err, EMFILE, CRL_STAGE_STATE, "cannot record the login");
	if (job->cgroup.dir >= 0) {
		m->cgroup = fcntl(job->cgroup.dir, F_DUPFD_CLOEXEC, 3);
		m->origin = strdup(job->cgroup.origin);
		m->scope = room->managed ? strdup(job->cgroup.path) : NULL;
		(void)snprintf(room->slice, sizeof(room->slice), "%s", job->cgroup.slice_path);
		room->cgroup_root = fcntl(job->cgroup.root, F_DUPFD_CLOEXEC, 3);
		room->cgroup_path = strdup(room->managed ? "" : crl_config_cgroup_root(job->config));
		if (m->cgroup < 0 || room->cgroup_root < 0 || !room->cgroup_path || !m->origin ||
		    (room->managed && !m->scope))
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
static void turn_away(struct crl_job *job, struct crl_room *room, const struct crl_err *err)
{
	crl_refuse(job, err);
	crl_member_drop(room, room->member[0]);
	crl_limits_undo(job);
	drop_fd(&job->channel); /* the module waits until we let go, whatever else is to be done here */
}

/* What a supervisor needs and can only get with power; the application goes in meanwhile. */
static void prepare_to_keep(const struct crl_job *job, struct crl_room *room)
{
	crl_log_connect();
	crl_room_why_start(room, job);
	crl_room_start_accounting(room);
	/* Without it a reload cannot tell what else has changed, and says that. */
	crl_ignore(crl_policy_digests(job->config, job->policy.name, room->values, NULL));
}

static int give_up_power(struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	char name[16 + CRL_ID_MAX];

	crl_manager_house_end(job, room);
	crl_sweep_start(job);
	(void)snprintf(name, sizeof(name), "carrel:%s", room->id); /* cannot be cut */
	crl_rename_process(name);
	crl_room_record(room); /* or what stands for it, by which the sweep finds it as well */
	end_making(job); /* R2 */
	disarm_deadline(); /* from here on nothing waits, and the sandbox knows no timers */
	return crl_room_confine(room, err);
}

/* The room stands, with or without its first login. R1 */
static _Noreturn void keep_room(struct crl_job *job, struct crl_room *room)
{
	struct crl_err err = {0};
	bool sandboxed = give_up_power(job, room, &err) == 0;
	bool in = room->members > 0 && sandboxed && crl_enter_confirm(job, room->init_pidfd, &err) == 0;

	if (room->members > 0 && !in)
		turn_away(job, room, &err);
	else if (!sandboxed)
		crl_log(LOG_ERR, "id=%s: %s", room->id, err.text);
	if (in)
		log_in(job, "entered");
	job->state = (struct crl_state){-EBADF, -EBADF, -EBADF}; /* the room's now */
	crl_job_done(job);
	/* An unsandboxed supervisor is not what we promise; and nobody can come into a room that is not shared. */
	if (!sandboxed || (!in && !room->shared))
		crl_end_room(room);
	crl_supervise(room);
}

/* Nobody else can be in a room that failed before it was announced. */
static void undo_room(struct crl_job *job, struct crl_room *room, int lock)
{
	if (room->init_pidfd >= 0) {
		(void)pidfd_send_signal(room->init_pidfd, SIGKILL, NULL, 0);
		while (waitpid(room->init_pid, NULL, 0) < 0 && errno == EINTR && crl_now_ms() < job->deadline_ms + 2000)
			;
	}
	crl_manager_use_no_more(room->used);
	crl_limits_undo(job);
	crl_seat_leave(job->state.dir, room->seat);
	if (lock < 0)
		return;
	crl_record_remove_stale(&job->state, job->room_name);
	crl_state_unlock_for_good(&job->state, job->room_name);
}

/* Make the room and announce it. */
static int make_room(struct crl_job *job, struct crl_room *room, int *lock, struct crl_err *err)
{
	int r = crl_create_room(job, room, err);

	if (r < 0)
		return r;
	crl_manager_house_begin(job, room);
	r = crl_limits_finish_move(job, err);
	if (r == 0)
		r = add_first_member(job, room, err);
	if (r < 0)
		return r;
	room->state = job->state; /* both until there is one of them */
	if (room->shared) {
		crl_room_record(room);
		drop_fd(lock); /* from here on others may join */
	}
	return 0;
}

/* Make the room and let the login in. Does not return when the room stands. */
static int let_into_new(struct crl_job *job, int *lock, struct crl_err *err)
{
	static struct crl_room *room; /* lives as long as the process */
	int r;

	room = crl_room_new();
	if (!room)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	r = make_room(job, room, lock, err);
	if (r < 0) {
		undo_room(job, room, *lock);
		return r;
	}
	r = crl_enter_invite(job, room->init_pidfd, err);
	prepare_to_keep(job, room);
	if (r == 0)
		r = crl_enter_verify(job, room->init_pid, err);
	if (r < 0 && !room->shared) {
		undo_room(job, room, *lock);
		return r;
	}
	if (r < 0) /* somebody may have joined already: the room lives on without this login */
		turn_away(job, room, err);
	keep_room(job, room);
}

static int let_in(struct crl_job *job, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	int r;

	r = crl_decide(job, err);
	if (r == 0)
		r = crl_limits_make(job, err);
	if (r == 0)
		r = crl_limits_start_move(job, err);
	if (r == 0 && job->policy.share != CRL_SHARE_LOGIN) {
		do {
			r = crl_state_lock(&job->state, job->room_name, LOCK_EX, &lock);
		} while (r == -EINTR && crl_now_ms() < job->deadline_ms);
		if (r < 0)
			return crl_err_set(err, r == -EINTR ? ETIMEDOUT : -r, CRL_STAGE_STATE,
					   "cannot lock the shared room %s", job->room_name);
		r = crl_join_room(job, err);
		if (r == 0)
			log_in(job, "joined");
		if (r != -ENOENT)
			return r;
		*err = (struct crl_err){0};
		r = 0;
	}
	return r < 0 ? r : let_into_new(job, &lock, err);
}

int crl_serve(struct crl_job *job, struct crl_err *err)
{
	int r;

	r = crl_request_receive(job, err);
	if (r == 0)
		r = crl_clock_check(err);
	if (r == 0)
		r = crl_state_open(job->options->state, &job->state, err);
	if (r < 0)
		return r;
	r = crl_id_make(job->id);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "no random numbers for an id");
	r = crl_state_lock(&job->state, job->id, LOCK_EX, &job->making); /* R2 */
	if (r < 0) /* no space: a sweep at the wrong moment can cost the login, but that is no reason to refuse it now */
		crl_log(LOG_WARNING, "id=%s: cannot keep the sweep away: %s", job->id, strerror(-r));
	r = crl_drain_refuse(job, err);
	if (r == 0)
		r = let_in(job, err);
	if (r < 0)
		crl_limits_undo(job);
	end_making(job);
	return r;
}
