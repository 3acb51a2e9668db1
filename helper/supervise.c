// SPDX-License-Identifier: Apache-2.0
/*
 * Keep a room: wait for its logins to close or die, for more to join, for init to end.
 *
 * Runs in: supervisor: root's uid without any capability, under its own filter, host namespaces.
 * Trusts: pidfds. R1: whatever comes over a module's socket can at most end the login of that socket, since
 * the user's own processes inherit it. R2: life hangs on pidfds; a closed socket alone means nothing.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>

#include "apply/sandbox.h"
#include "base/log.h"
#include "helper/left.h"
#include "helper/recording.h"

#define FIXED         3 /* init, listen, accounting */
#define PER_MEMBER    3
#define LOCK_RETRY_MS 10
#define LOCK_LATER_MS 500
#define LOCK_SOON_MS  2000 /* so long the lock is asked for often */
#define JOIN_WAIT_MS  1000
#define AWAKE_MS      1000
#define ACCEPT_PAUSE_MS 1000
#define ERROR_PAUSE_MS 200

static void refuse_join(int conn, int code, const char *text)
{
	struct crl_err err = {0};

	(void)crl_err_set(&err, code, CRL_STAGE_STATE, "%s", text);
	crl_ignore(crl_msg_send(conn, CRL_MSG_REFUSED, &err, sizeof(err), NULL, 0)); /* it may be gone */
}

static struct crl_member *admit(struct crl_room *room, const struct crl_msg_join *join,
				struct crl_received *got)
{
	struct crl_member *m = crl_member_add(room, &join->login, join->id);

	if (!m)
		return NULL;
	m->channel = take_fd(&got->fds[0]);
	m->pidfd = take_fd(&got->fds[1]);
	if (join->cgroup[0] != '\0' && room->cgroup_root >= 0) {
		m->cgroup = openat(room->cgroup_root, join->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		m->origin = strdup(join->origin_cgroup);
		m->scope = room->managed ? strdup(join->cgroup) : NULL;
	}
	if (crl_pidfd_pid(m->pidfd, &m->pid) < 0 ||
	    (join->cgroup[0] != '\0' && (m->cgroup < 0 || !m->origin || (room->managed && !m->scope)))) {
		crl_member_drop(room, m);
		return NULL;
	}
	return m;
}

/* A connection that cannot be taken for want of descriptors or memory stays where it is, and would wake us for ever. */
static int take_connection(struct crl_room *room)
{
	int conn = accept4(room->listen, NULL, NULL, SOCK_CLOEXEC);

	if (conn >= 0 || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return conn;
	crl_log(LOG_WARNING, "room=%s: cannot hear who wants to join: %s", room->id, strerror(errno));
	room->accept_again_ms = crl_now_ms() + ACCEPT_PAUSE_MS;
	return -EBADF;
}

static int hear_request(int conn, struct crl_msg_join *join, struct crl_received *got)
{
	int r = crl_msg_recv(conn, CRL_ACCEPT(CRL_MSG_JOIN), join, sizeof(*join), crl_now_ms() + JOIN_WAIT_MS, got);

	if (r == 0)
		r = crl_login_check(&join->login, NULL);
	join->id[sizeof(join->id) - 1] = '\0';
	join->cgroup[sizeof(join->cgroup) - 1] = '\0';
	join->origin_cgroup[sizeof(join->origin_cgroup) - 1] = '\0';
	return r;
}

static void accept_join(struct crl_room *room)
{
	scoped_fd conn = take_connection(room);
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	scoped_free struct crl_msg_join *join = calloc(1, sizeof(*join));
	struct crl_msg_taken taken = {0};
	struct crl_member *m;

	if (conn < 0 || !join || hear_request(conn, join, &got) < 0)
		return;
	if (!crl_room_is_of(room, &join->login)) {
		refuse_join(conn, EPERM, "the room of that name was made for another user, home or group");
		return;
	}
	if (crl_left_look(room))
		crl_room_record(room);
	m = admit(room, join, &got);
	if (!m) {
		refuse_join(conn, EUSERS, "the room has no place for another login");
		return;
	}
	(void)snprintf(taken.room, sizeof(taken.room), "%s", room->id);
	if (crl_msg_send(conn, CRL_MSG_TAKEN, &taken, sizeof(taken), &room->init_pidfd, 1) < 0) {
		crl_member_drop(room, m);
		return;
	}
	m->joiner = take_fd(&conn);
	room->lock_since_ms = 0;
}

static void hear_joiner(struct crl_room *room, struct crl_member *m)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int r = crl_msg_recv(m->joiner, CRL_ACCEPT(CRL_MSG_JOINED), NULL, 0, -1, &got);
	scoped_fd helper = -EBADF; /* it stays until the login is on record */
	char user[CRL_USER_MAX * 4];

	if (r == -EAGAIN)
		return;
	helper = take_fd(&m->joiner);
	if (r < 0) { /* the helper gave up: it has told the module, and puts the application back itself */
		crl_join_failed(room, m);
		return;
	}
	crl_log(LOG_INFO, "id=%s room=%s user=%s uid=%" PRIu32 " joined, logins=%zu", m->id, room->id,
		crl_escape(user, sizeof(user), m->user), m->uid, crl_members_present(room) - crl_members_joining(room));
	crl_room_why_begin(room, m);
	crl_room_rest(room);
	crl_room_record(room);
}

static void hear_module(struct crl_room *room, struct crl_member *m)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int r = crl_msg_recv(m->channel, CRL_ACCEPT(CRL_MSG_CLOSE), NULL, 0, -1, &got);

	if (r == -EAGAIN)
		return;
	if (r < 0) { /* R1, R2 */
		if (r != -EPIPE)
			crl_log(LOG_WARNING,
				"id=%s: bad record on the module's socket (%s), not listening to it any more",
				m->id, strerror(-r));
		drop_fd(&m->channel);
		return;
	}
	m->asked = true;
	crl_leave(room, m);
}

/* What is waited for, and whose it is. Members that have left are not in it. */
struct events {
	struct pollfd p[FIXED + PER_MEMBER * CRL_ROOM_LOGINS_MAX];
	struct crl_member *of[CRL_ROOM_LOGINS_MAX];
	size_t members;
};

static void fill_events(const struct crl_room *room, struct events *e)
{
	bool deaf = room->accept_again_ms != 0;

	e->p[0] = (struct pollfd){.fd = room->init_pidfd, .events = POLLIN};
	e->p[1] = (struct pollfd){.fd = deaf ? -1 : room->listen, .events = POLLIN};
	e->p[2] = (struct pollfd){.fd = crl_room_account_fd(room), .events = POLLIN};
	e->members = 0;
	for (size_t i = 0; i < room->members && e->members < CRL_ROOM_LOGINS_MAX; i++) {
		struct crl_member *m = room->member[i];
		struct pollfd *q = &e->p[FIXED + e->members * PER_MEMBER];

		if (m->gone)
			continue;
		/* A member whose close waits for the lock is retried, not polled. */
		q[0] = (struct pollfd){.fd = m->joiner, .events = POLLIN};
		q[1] = (struct pollfd){.fd = m->waiting_ms || m->joiner >= 0 ? -1 : m->channel, .events = POLLIN};
		q[2] = (struct pollfd){.fd = m->waiting_ms ? -1 : m->pidfd, .events = POLLIN};
		e->of[e->members++] = m;
	}
}

/* One event: what its helper says comes before what has become of its application since. */
static void serve_member(struct crl_room *room, struct crl_member *m, const struct pollfd *p)
{
	if (p[0].revents)
		hear_joiner(room, m);
	else if (p[1].revents)
		hear_module(room, m);
	else if (m->joiner >= 0)
		crl_join_failed(room, m); /* it was never in */
	else
		crl_leave(room, m);
}

/* Returns true after one event: the table may have changed, so the caller polls anew. */
static bool serve_members(struct crl_room *room, const struct events *e)
{
	for (size_t i = 0; i < e->members; i++) {
		const struct pollfd *q = &e->p[FIXED + i * PER_MEMBER];

		if (q[0].revents || q[1].revents || q[2].revents) {
			serve_member(room, e->of[i], q);
			return true;
		}
	}
	return false;
}

static bool is_waiting(const struct crl_room *room)
{
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->waiting_ms)
			return true;
	return room->linger_until_ms == 0 && crl_members_present(room) == 0;
}

static void sooner(int64_t *due, int64_t when)
{
	if (when != 0 && (*due == 0 || when < *due))
		*due = when;
}

/* When something is to be done though nothing happens, by crl_now_ms(); 0 = never. */
static int64_t next_due(const struct crl_room *room, int64_t now)
{
	int64_t due = 0;

	/* Joining takes a moment, or something is wrong and takes its time. */
	if (is_waiting(room) || (room->linger_until_ms != 0 && now >= room->linger_until_ms))
		sooner(&due, now + (room->lock_since_ms == 0 || now - room->lock_since_ms < LOCK_SOON_MS ? LOCK_RETRY_MS :
													   LOCK_LATER_MS));
	else
		sooner(&due, room->linger_until_ms);
	sooner(&due, room->accept_again_ms);
	sooner(&due, room->recording.again_ms);
	sooner(&due, room->left.again_ms);
	return due;
}

/* Those that could not close since somebody was joining, and the empty room whose time has come. */
static void retry_endings(struct crl_room *room)
{
	for (size_t i = 0; i < room->members; i++) {
		if (room->member[i]->waiting_ms) {
			crl_leave(room, room->member[i]);
			return;
		}
	}
	if (crl_members_present(room) == 0 &&
	    (room->linger_until_ms == 0 || crl_now_ms() >= room->linger_until_ms))
		crl_leave(room, NULL);
}

static void do_what_is_due(struct crl_room *room)
{
	if (crl_now_ms() >= room->accept_again_ms)
		room->accept_again_ms = 0;
	crl_recording_retry(room);
	crl_left_retry(room);
	retry_endings(room);
}

/* Without memory for a moment, or with too few descriptors allowed: then nobody is thrown out, and nothing spins. */
static int bear_error(const struct crl_room *room, int error)
{
	static int told;

	if (error != -EINTR) {
		if (told != error)
			crl_log(LOG_WARNING, "room=%s: cannot wait for events: %s; trying again", room->id, strerror(-error));
		told = error;
		crl_pause_ms(ERROR_PAUSE_MS);
	}
	return 0;
}

/*
 * Returns poll()'s count, 0 after an error. Each event brings memory back, so a long wait is begun awake: what follows
 * soon finds us so.
 */
static int wait_for_event(const struct crl_room *room, struct events *e, bool *awake)
{
	const nfds_t count = FIXED + PER_MEMBER * e->members;
	int64_t now = crl_now_ms(), due = next_due(room, now);
	int64_t left = due == 0 ? -1 : due > now ? due - now : 0;
	struct timespec t = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
	bool is_long = left < 0 || left > AWAKE_MS;
	int n;

	if (is_long && !*awake) {
		n = (int)crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)e->p, (long)count,
								left < 0 ? 0 : (long)(uintptr_t)&t, 0});
		*awake = true;
	} else {
		n = poll(e->p, count, is_long ? AWAKE_MS : (int)left);
		n = n < 0 ? -errno : n;
		*awake = n != 0;
	}
	return n < 0 ? bear_error(room, n) : n;
}

_Noreturn void crl_supervise(struct crl_room *room)
{
	static struct events e;
	bool awake = false;

	crl_recording_mark(room);
	for (;;) {
		int n;

		fill_events(room, &e);
		n = wait_for_event(room, &e, &awake);
		if (n > 0 && e.p[0].revents) {
			room->ended_by = "its init is gone";
			crl_end_room(room);
		}
		if (n > 0 && e.p[2].revents)
			crl_room_account(room);
		if (n > 0 && serve_members(room, &e))
			continue;
		if (n > 0 && e.p[1].revents)
			accept_join(room);
		do_what_is_due(room);
	}
}
