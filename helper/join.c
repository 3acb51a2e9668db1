// SPDX-License-Identifier: Apache-2.0
/*
 * A place for this login in a room that stands already: its supervisor takes the login over, then this process ends.
 *
 * Runs in: helper (root, host namespaces), holding the room's lock.
 * Trusts: the socket, since only root can bind or connect below the state directory.
 */
#include "helper/helper.h"

#include <poll.h>
#include <string.h>

#include "base/log.h"

/* The two answers that a supervisor may give. */
union answer {
	struct crl_msg_taken taken;
	struct crl_err refused;
};

static int ask_supervisor(const struct crl_job *job, int conn, struct crl_err *err)
{
	scoped_free struct crl_msg_join *join = calloc(1, sizeof(*join));
	int r;

	if (!join)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot ask to join");
	join->login = job->login;
	(void)snprintf(join->id, sizeof(join->id), "%s", job->id);
	(void)snprintf(join->cgroup, sizeof(join->cgroup), "%s", job->cgroup.path);
	(void)snprintf(join->origin_cgroup, sizeof(join->origin_cgroup), "%s", job->cgroup.origin);
	r = crl_msg_send(conn, CRL_MSG_JOIN, join, sizeof(*join), (int[]){job->channel, job->app_pidfd}, 2);
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_STATE, "the room's supervisor does not answer") : 0;
}

static int await_supervisor(struct crl_job *job, int conn, int *ret_init, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	union answer answer = {0};
	int r;

	r = crl_msg_recv(conn, CRL_ACCEPT(CRL_MSG_TAKEN) | CRL_ACCEPT(CRL_MSG_REFUSED), &answer, sizeof(answer),
			 job->deadline_ms, &got);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "the room's supervisor does not answer");
	if (got.type == CRL_MSG_REFUSED) {
		if (crl_err_check(&answer.refused) < 0)
			return crl_err_set(err, EBADMSG, CRL_STAGE_STATE, "the room's supervisor sent nonsense");
		*err = answer.refused;
		return -err->code;
	}
	answer.taken.room[sizeof(answer.taken.room) - 1] = '\0';
	(void)snprintf(job->adopt.room, sizeof(job->adopt.room), "%s", answer.taken.room);
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

/*
 * Returns 0 when the login is in; -ENOENT when no room of that name lives (stale files are gone then); other -errno
 * as recorded in @err.
 */
int crl_join_room(struct crl_job *job, struct crl_err *err)
{
	scoped_fd conn = -EBADF, init = -EBADF;
	pid_t init_pid;
	int r;

	r = crl_room_connect(&job->state, job->room_name, &conn);
	if (r == -ECONNREFUSED) {
		crl_record_remove_stale(&job->state, job->room_name); /* its supervisor was killed */
		return -ENOENT;
	}
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "cannot reach the room's supervisor");
	r = ask_supervisor(job, conn, err);
	if (r == 0)
		r = crl_filter_obtain(job, err); /* while the supervisor works; it notices when we give up */
	if (r == 0)
		r = await_supervisor(job, conn, &init, err);
	if (r < 0)
		return r;
	r = crl_pidfd_pid(init, &init_pid);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "the room ended meanwhile");
	r = crl_limits_finish_move(job, err);
	if (r < 0)
		return r;
	r = crl_enter(job, init, init_pid, err);
	if (r < 0)
		return r;
	r = crl_msg_send(conn, CRL_MSG_JOINED, NULL, 0, NULL, 0);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "the room's supervisor went away");
	await_record(job, conn);
	return 0;
}
