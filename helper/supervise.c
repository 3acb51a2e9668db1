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

#include "apply/sandbox.h"
#include "base/log.h"

#define FIXED         3 /* init, listen, accounting */
#define PER_MEMBER    3
#define LOCK_RETRY_MS 10
#define JOIN_WAIT_MS  1000
#define AWAKE_MS      1000

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
	}
	if (crl_pidfd_pid(m->pidfd, &m->pid) < 0 ||
	    (join->cgroup[0] != '\0' && (m->cgroup < 0 || !m->origin))) {
		crl_member_drop(room, m);
		return NULL;
	}
	return m;
}

static void accept_join(struct crl_room *room)
{
	scoped_fd conn = accept4(room->listen, NULL, NULL, SOCK_CLOEXEC);
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	scoped_free struct crl_msg_join *join = calloc(1, sizeof(*join));
	struct crl_msg_taken taken = {0};
	struct crl_member *m;
	int r;

	if (conn < 0 || !join)
		return;
	r = crl_msg_recv(conn, CRL_ACCEPT(CRL_MSG_JOIN), join, sizeof(*join), crl_now_ms() + JOIN_WAIT_MS,
			 &got);
	if (r == 0)
		r = crl_login_check(&join->login, NULL);
	if (r < 0)
		return;
	if (!crl_room_is_of(room, &join->login)) {
		refuse_join(conn, EPERM, "the room of that name was made for another user, home or group");
		return;
	}
	join->id[sizeof(join->id) - 1] = '\0';
	join->cgroup[sizeof(join->cgroup) - 1] = '\0';
	join->origin_cgroup[sizeof(join->origin_cgroup) - 1] = '\0';
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
	room->linger_until_ms = room->until = 0;
}

static void hear_joiner(struct crl_room *room, struct crl_member *m)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int r = crl_msg_recv(m->joiner, CRL_ACCEPT(CRL_MSG_JOINED), NULL, 0, -1, &got);

	if (r == -EAGAIN)
		return;
	if (r < 0) { /* the helper gave up: it has told the module, and puts the application back itself */
		crl_member_drop(room, m);
		return;
	}
	crl_log(LOG_INFO, "id=%s room=%s uid=%" PRIu32 " joined, logins=%zu", m->id, room->id, m->uid,
		crl_members_present(room));
	crl_room_why_begin(room, m);
	crl_room_record(room);
	drop_fd(&m->joiner); /* the helper stays until the login is on record */
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

/* Serve one event; the table may have changed afterwards, so the caller polls anew. */
static void serve_member(struct crl_room *room, struct crl_member *m, const struct pollfd *p)
{
	if (p[0].revents)
		hear_module(room, m);
	else if (p[1].revents)
		crl_leave(room, m);
	else if (p[2].revents)
		hear_joiner(room, m);
}

static int poll_timeout(const struct crl_room *room)
{
	int64_t left;

	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->waiting)
			return LOCK_RETRY_MS;
	if (room->linger_until_ms == 0)
		return crl_members_present(room) > 0 ? -1 : LOCK_RETRY_MS;
	left = room->linger_until_ms - crl_now_ms();
	return left <= 0 ? LOCK_RETRY_MS : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void fill_poll(const struct crl_room *room, struct pollfd *p)
{
	p[0] = (struct pollfd){.fd = room->init_pidfd, .events = POLLIN};
	p[1] = (struct pollfd){.fd = room->listen, .events = POLLIN};
	p[2] = (struct pollfd){.fd = crl_room_account_fd(room), .events = POLLIN};
	for (size_t i = 0; i < room->members; i++) {
		const struct crl_member *m = room->member[i];
		struct pollfd *q = &p[FIXED + i * PER_MEMBER];

		/* A member whose close waits for the lock is retried, not polled. */
		q[0] = (struct pollfd){.fd = m->waiting || m->joiner >= 0 ? -1 : m->channel,
				       .events = POLLIN};
		q[1] = (struct pollfd){.fd = m->waiting ? -1 : m->pidfd, .events = POLLIN};
		q[2] = (struct pollfd){.fd = m->joiner, .events = POLLIN};
	}
}

static bool serve_members(struct crl_room *room, const struct pollfd *p)
{
	for (size_t i = 0; i < room->members; i++) {
		const struct pollfd *q = &p[FIXED + i * PER_MEMBER];

		if (q[0].revents || q[1].revents || q[2].revents) {
			serve_member(room, room->member[i], q);
			return true;
		}
	}
	return false;
}

/* Those that could not close since somebody was joining, and the empty room whose time has come. */
static void retry_endings(struct crl_room *room)
{
	for (size_t i = 0; i < room->members; i++) {
		if (room->member[i]->waiting) {
			crl_leave(room, room->member[i]);
			return;
		}
	}
	if (crl_members_present(room) == 0 &&
	    (room->linger_until_ms == 0 || crl_now_ms() >= room->linger_until_ms))
		crl_leave(room, NULL);
}

/*
 * Returns poll()'s count or -errno. Each event brings memory back, so the next wait without an end is tried
 * for a moment first: what follows soon finds us awake.
 */
static int wait_for_event(const struct crl_room *room, struct pollfd *p, bool *awake)
{
	const nfds_t count = FIXED + PER_MEMBER * room->members;
	int timeout = poll_timeout(room);
	int n;

	if (timeout == -1 && !*awake) {
		n = (int)crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)p, (long)count, 0, 0});
		*awake = true;
	} else {
		n = poll(p, count, timeout == -1 ? AWAKE_MS : timeout);
		*awake = n != 0;
		n = n < 0 ? -errno : n;
	}
	return n == -EINTR ? 0 : n;
}

_Noreturn void crl_supervise(struct crl_room *room)
{
	static struct pollfd p[FIXED + PER_MEMBER * CRL_ROOM_LOGINS_MAX];
	bool awake = false;

	for (;;) {
		int n;

		fill_poll(room, p);
		n = wait_for_event(room, p, &awake);
		if (n < 0)
			crl_end_room(room);
		if (n > 0 && p[0].revents)
			crl_end_room(room);
		if (n > 0 && p[2].revents)
			crl_room_account(room);
		if (n > 0 && serve_members(room, p))
			continue;
		if (n > 0 && p[1].revents)
			accept_join(room);
		retry_endings(room);
	}
}
