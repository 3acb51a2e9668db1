// SPDX-License-Identifier: Apache-2.0
/*
 * A place for this login in a room that stands already: its supervisor takes the login over, then this process ends.
 *
 * Runs in: helper (root, host namespaces), holding the room's lock.
 * Trusts: the socket, since only root can bind or connect below the state directory.
 * R1: that there is no room is what connecting to it says, and nothing behind that: a second one would take the place
 * of one that lives.
 * R2: a supervisor that hangs up before its answer has taken nobody (helper/supervisor/loop.c): it gives who connects a
 * second to speak, which a busy machine may not have for us. So it is asked again; not for ever, since one of another
 * version never answers.
 */
#include "helper/join.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/pidfd.h"
#include "helper/confirm.h"
#include "helper/job.h"
#include "helper/joining.h"
#include "helper/obtain.h"
#include "helper/parts/limits.h"
#include "helper/parts/listener.h"
#include "helper/parts/network.h"
#include "helper/parts/outer.h"
#include "helper/parts/outer_tty.h"
#include "helper/parts/show_limits.h"
#include "policy/policy.h"
#include "state/rooms/record.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/phases.h"
#include "wire/proto.h"

#define TRIES 5
#define AGAIN_MS 50

/* The two answers that a supervisor may give. */
union answer {
	struct crl_msg_taken taken;
	struct crl_err refused;
};

static int ask_supervisor(const struct crl_job *job, int conn, struct crl_err *err)
{
	scoped_free struct crl_msg_join *join = calloc(1, sizeof(*join));
	int rc;

	if (!join)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot ask to join");
	join->login = job->login;
	(void)snprintf(join->id, sizeof(join->id), "%s", job->id);
	(void)snprintf(join->cgroup, sizeof(join->cgroup), "%s", job->cgroup.path);
	(void)snprintf(join->origin_cgroup, sizeof(join->origin_cgroup), "%s", job->cgroup.origin);
	rc = crl_msg_send(conn, CRL_MSG_JOIN, join, sizeof(*join), (int[]){job->channel, job->app_pidfd}, 2);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "the room's supervisor does not answer") : 0;
}

static int await_supervisor(struct crl_job *job, int conn, int *ret_init, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	union answer answer = {0};
	int rc;

	rc = crl_msg_recv(conn, &crl_phases[CRL_PHASE_TAKING], &answer, sizeof(answer), job->deadline_ms, &got);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "the room's supervisor does not answer");
	if (got.type == CRL_MSG_REFUSED) {
		if (crl_err_check(&answer.refused) < 0)
			return crl_err_set(err, EBADMSG, CRL_STAGE_STATE, "the room's supervisor sent nonsense");
		*err = answer.refused;
		return -err->code;
	}
	answer.taken.room[sizeof(answer.taken.room) - 1] = '\0';
	(void)snprintf(job->adopt.room, sizeof(job->adopt.room), "%s", answer.taken.room);
	job->holds_projects = answer.taken.holds_projects;
	job->room_listens = answer.taken.listens == 1;
	*ret_init = take_fd(&got.fds[0]);
	return 0;
}

/*
 * The supervisor hangs up when the login is on record. Only then is the lock given free that keeps the sweep away;
 * nobody waits for us, and longer than its deadline this process never lives.
 */
static void await_record(const struct crl_job *job, int conn)
{
	struct pollfd p = {.fd = conn, .events = POLLIN};

	for (int64_t left; (left = job->deadline_ms - crl_now_ms()) > 0;)
		if (poll(&p, 1, (int)left) > 0)
			return;
}

/* Now that it is in. A supervisor that wants none, or knows of none, does not listen. */
static void hand_over_outer(const struct crl_job *job, int conn)
{
	struct crl_outer *o = NULL;

	if (job->login.shows != CRL_SHOWS_LATER || job->policy.need[CRL_FEATURE_ACCOUNTING] == CRL_NEED_OFF)
		return;
	o = crl_outer_open();
	crl_ignore(crl_outer_send(conn, o));
	crl_outer_free(o); /* our copies */
}

/* The supervisor has taken the login over; it notices when we give up. */
static int move_in(struct crl_job *job, int conn, int init, struct crl_err *err)
{
	struct crl_msg_joined joined = {0};
	pid_t init_pid;
	int rc = crl_obtain_filter(job, err);

	if (rc == 0 && job->room_listens)
		crl_listened_equip(job);
	if (rc < 0)
		return rc;
	rc = crl_pidfd_pid(init, &init_pid);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "the room ended meanwhile");
	rc = crl_network_check_joined(job, init_pid, err);
	if (rc < 0)
		return rc;
	crl_outer_tty_show(job, init_pid);
	rc = crl_limits_finish_move(job, err);
	if (rc < 0)
		return rc;
	crl_limits_show_again(job, init, init_pid);
	rc = crl_confirm(job, init, init_pid, err);
	if (rc < 0)
		return rc;
	joined.listens = job->adopt.listens;
	rc = crl_msg_send(conn, CRL_MSG_JOINED, &joined, sizeof(joined), NULL, 0);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "the room's supervisor went away");
	hand_over_outer(job, conn);
	await_record(job, conn);
	return 0;
}

/* Returns 0; -ENOENT there is no room; -EPIPE it has hung up; -errno. */
static int call_supervisor(struct crl_job *job, int *ret_conn, int *ret_init, struct crl_err *err)
{
	int rc = crl_joining_connect(&job->state, job->room_name, ret_conn);

	if (rc == -ECONNREFUSED) {
		crl_record_remove_stale(&job->state, job->room_name); /* its supervisor was killed */
		return -ENOENT;
	}
	if (rc == -ENOENT)
		return rc;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot reach the room's supervisor");
	rc = ask_supervisor(job, *ret_conn, err);
	if (rc == 0)
		rc = await_supervisor(job, *ret_conn, ret_init, err);
	return rc == -ENOENT ? -ESTALE : rc; /* R1 */
}

int crl_join_room(struct crl_job *job, struct crl_err *err)
{
	scoped_fd conn = -EBADF, init = -EBADF;
	int rc;

	for (int tries = 1; (rc = call_supervisor(job, &conn, &init, err)) == -EPIPE; tries++) { /* R2 */
		if (tries == TRIES || crl_now_ms() >= job->deadline_ms)
			break;
		drop_fd(&conn);
		*err = (struct crl_err){0};
		crl_pause_ms(AGAIN_MS);
	}
	if (rc < 0)
		return rc;
	rc = move_in(job, conn, init, err);
	return rc == -ENOENT ? -ESTALE : rc; /* R1 */
}
