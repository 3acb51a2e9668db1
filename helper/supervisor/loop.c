// SPDX-License-Identifier: Apache-2.0
/*
 * Keep a room: wait for its logins to close or die, for more to join, for init to end.
 *
 * Runs in: supervisor: root's uid without any capability, under its own filter, host namespaces.
 * Trusts: pidfds. R1: whatever comes over a module's socket can at most end the login of that socket, since
 * the user's own processes inherit it. R2: life hangs on pidfds; a closed socket alone means nothing.
 */
#include "helper/supervisor/loop.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>

#include "apply/sandbox.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pidfd.h"
#include "base/text.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/supervisor/empty.h"
#include "helper/supervisor/ending.h"
#include "helper/supervisor/leave.h"
#include "helper/supervisor/left.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/recording.h"
#include "helper/supervisor/watch.h"
#include "helper/whose.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/phases.h"
#include "wire/proto.h"

#define LOCK_RETRY_MS 10
#define LOCK_LATER_MS 500
#define LOCK_SOON_MS 2000 /* so long the lock is asked for often */
#define JOIN_WAIT_MS 1000
#define AWAKE_MS 1000
#define ACCEPT_PAUSE_MS 1000
#define ERROR_PAUSE_MS 200

static void refuse_join(int conn, int code, const char *text)
{
	struct crl_err err = {0};

	(void)crl_err_set(&err, code, CRL_STAGE_STATE, "%s", text);
	crl_ignore(crl_msg_send(conn, CRL_MSG_REFUSED, &err, sizeof(err), NULL, 0)); /* it may be gone */
}

static struct crl_member *admit(struct crl_kept *room, const struct crl_msg_join *join, struct crl_received *got)
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
	    (join->cgroup[0] != '\0' && (m->cgroup < 0 || !m->origin || !crl_member_remember(room, m, join->cgroup)))) {
		crl_member_drop(room, m);
		return NULL;
	}
	return m;
}

/* A connection that cannot be taken for want of descriptors or memory stays where it is, and would wake us for ever. */
static int take_connection(struct crl_kept *room)
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
	int rc = crl_msg_recv(conn, &crl_phases[CRL_PHASE_CALL], join, sizeof(*join), crl_now_ms() + JOIN_WAIT_MS, got);

	if (rc == 0)
		rc = crl_login_check(&join->login, NULL);
	join->id[sizeof(join->id) - 1] = '\0';
	join->cgroup[sizeof(join->cgroup) - 1] = '\0';
	join->origin_cgroup[sizeof(join->origin_cgroup) - 1] = '\0';
	return rc;
}

static void accept_join(struct crl_kept *room)
{
	scoped_fd conn = take_connection(room);
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	scoped_free struct crl_msg_join *join = calloc(1, sizeof(*join));
	struct crl_msg_taken taken = {0};
	struct crl_member *m;

	if (conn < 0 || !join || hear_request(conn, join, &got) < 0)
		return;
	if (!crl_whose_room_is(room, &join->login)) {
		refuse_join(conn, EPERM, "the room of that name was made for another user, home or group");
		return;
	}
	if (crl_left_look(room))
		crl_recording_write(room);
	m = admit(room, join, &got);
	if (!m) {
		refuse_join(conn, EUSERS, "the room has no place for another login");
		return;
	}
	(void)snprintf(taken.room, sizeof(taken.room), "%s", room->id);
	taken.holds_projects = room->holds_projects;
	taken.listens = room->listener >= 0;
	if (crl_msg_send(conn, CRL_MSG_TAKEN, &taken, sizeof(taken), &room->init_pidfd, 1) < 0) {
		crl_member_drop(room, m);
		return;
	}
	m->joiner = take_fd(&conn);
	room->lock_since_ms = 0;
}

static void hear_joiner(struct crl_kept *room, struct crl_member *m)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_msg_joined joined;
	int rc = crl_msg_recv(m->joiner, &crl_phases[CRL_PHASE_JOINING], &joined, sizeof(joined), -1, &got);
	scoped_fd helper = -EBADF; /* it stays until the login is on record */
	char user[CRL_USER_MAX * 4];

	if (rc == -EAGAIN)
		return;
	helper = take_fd(&m->joiner);
	if (rc < 0) { /* the helper gave up: it has told the module, and puts the application back itself */
		crl_leave_unjoined(room, m);
		return;
	}
	m->listens = joined.listens == 1;
	crl_log(LOG_INFO, "id=%s room=%s user=%s uid=%" PRIu32 " joined, logins=%zu", m->id, room->id,
		crl_visible_field(user, sizeof(user), m->user), m->uid,
		crl_members_present(room) - crl_members_joining(room));
	crl_parts_begin(room, m, helper);
}

/* R1, R2: any end of its stream but that word means nothing. */
static void hear_module(struct crl_kept *room, struct crl_member *m)
{
	if (crl_member_asks(room, m))
		crl_leave(room, m);
}

static bool hear_init(struct crl_kept *room, void *arg)
{
	(void)arg;
	room->ended_by = "its init is gone";
	crl_end_room(room);
}

static bool hear_root(struct crl_kept *room, void *arg)
{
	(void)arg;
	room->ended_by = "told to end";
	crl_end_room(room);
}

static bool serve_joiner(struct crl_kept *room, void *arg)
{
	hear_joiner(room, arg);
	return true;
}

static bool serve_module(struct crl_kept *room, void *arg)
{
	hear_module(room, arg);
	return true;
}

/* The application is dead. */
static bool serve_death(struct crl_kept *room, void *arg)
{
	struct crl_member *m = arg;

	if (m->joiner >= 0)
		crl_leave_unjoined(room, m); /* it was never in */
	else
		crl_leave(room, m);
	return true;
}

static bool serve_listen(struct crl_kept *room, void *arg)
{
	(void)arg;
	accept_join(room);
	return false;
}

/*
 * What its helper says comes before what has become of its application since. A login whose close waits for the lock,
 * or for its programs, is retried, not waited for.
 */
static void watch_member(struct crl_watches *w, struct crl_member *m)
{
	bool leaves = m->waiting_ms || m->ending;

	crl_watches_add(w, m->joiner, POLLIN, serve_joiner, m);
	if (!leaves && m->joiner < 0)
		crl_watches_add(w, m->channel, POLLIN, serve_module, m);
	if (!leaves)
		crl_watches_add(w, m->pidfd, POLLIN, serve_death, m);
}

static void watch(struct crl_kept *room, struct crl_watches *w)
{
	crl_watches_begin(w);
	crl_watches_add(w, room->init_pidfd, POLLIN, hear_init, NULL);
	crl_watches_add(w, room->signals, POLLIN, hear_root, NULL);
	crl_parts_watch(room, w);
	for (size_t i = 0; i < room->members; i++)
		if (!room->member[i]->gone)
			watch_member(w, room->member[i]);
	if (room->accept_again_ms == 0)
		crl_watches_add(w, room->listen, POLLIN, serve_listen, NULL);
}

static bool is_waiting(const struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->waiting_ms)
			return true;
	return room->linger_until_ms == 0 && crl_members_present(room) == 0;
}

/* Joining takes a moment, or something is wrong and takes its time. */
static int64_t lock_again_ms(const struct crl_kept *room, int64_t now)
{
	bool soon = room->lock_since_ms == 0 || now - room->lock_since_ms < LOCK_SOON_MS;

	return now + (soon ? LOCK_RETRY_MS : LOCK_LATER_MS);
}

static void add_due(const struct crl_kept *room, struct crl_watches *w, int64_t now)
{
	if (is_waiting(room) || (room->linger_until_ms != 0 && now >= room->linger_until_ms))
		crl_watches_due(w, lock_again_ms(room, now));
	else
		crl_watches_due(w, room->linger_until_ms);
	crl_watches_due(w, room->accept_again_ms);
	crl_watches_due(w, room->left.again_ms);
	crl_watches_due(w, crl_ending_due_ms(room, now));
}

/* Those that could not close since somebody was joining, and the empty room whose time has come. */
static void retry_endings(struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++) {
		if (room->member[i]->waiting_ms) {
			crl_leave(room, room->member[i]);
			return;
		}
	}
	if (crl_members_present(room) > 0 || crl_now_ms() < room->linger_until_ms)
		return;
	if (room->linger_until_ms == 0 || room->lock_since_ms != 0 || !crl_empty_goes_on(room))
		crl_leave(room, NULL);
}

static void do_what_is_due(struct crl_kept *room)
{
	if (crl_now_ms() >= room->accept_again_ms)
		room->accept_again_ms = 0;
	crl_parts_retry(room);
	crl_left_retry(room);
	crl_leave_go_on(room);
	retry_endings(room);
}

/* Without memory for a moment, or with too few descriptors allowed: then nobody is thrown out, and nothing spins. */
static int bear_error(const struct crl_kept *room, int error)
{
	static int told;

	if (error != -EINTR) {
		if (told != error)
			crl_log(LOG_WARNING, "room=%s: cannot wait for events: %s; trying again", room->id,
				strerror(-error));
		told = error;
		crl_pause_ms(ERROR_PAUSE_MS);
	}
	return 0;
}

/*
 * Returns poll()'s count, 0 after an error. Each event brings memory back, so a long wait is begun awake: what follows
 * soon finds us so.
 */
static int wait_for_event(const struct crl_kept *room, struct crl_watches *w, bool *awake)
{
	int64_t now = crl_now_ms(), left;
	struct timespec t;
	bool is_long;
	int n;

	add_due(room, w, now);
	left = w->due_ms == 0 ? -1 : w->due_ms > now ? w->due_ms - now : 0;
	t = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
	is_long = left < 0 || left > AWAKE_MS;
	if (is_long && !*awake) {
		n = (int)crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)w->p, (long)w->len,
								left < 0 ? 0 : (long)(uintptr_t)&t, 0});
		*awake = true;
	} else {
		n = poll(w->p, w->len, is_long ? AWAKE_MS : (int)left);
		n = n < 0 ? -errno : n;
		*awake = n != 0;
	}
	return n < 0 ? bear_error(room, n) : n;
}

_Noreturn void crl_supervise(struct crl_kept *room)
{
	static struct crl_watches w;
	bool awake = false;

	crl_recording_mark(room);
	for (;;) {
		int n;

		watch(room, &w);
		n = wait_for_event(room, &w, &awake);
		if (n > 0 && crl_watches_serve(&w, room))
			continue;
		do_what_is_due(room);
	}
}
