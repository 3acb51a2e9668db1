// SPDX-License-Identifier: Apache-2.0
/*
 * How a login leaves its room, and how a room ends.
 *
 * Runs in: supervisor. R1: init's exit is never waited for before the module has its answer: PID 1 of a namespace
 * waits in the kernel for every process to be reaped, and some are the application's to reap, which waits for us.
 * R2: a cgroup is never killed while the application is in it. R3: of a lock's errors only "somebody has it" means
 * wait, and not for ever; with any other the room ends without it, and leaves alone what only the lock makes its own.
 * R4: a program that was run outside for a login is in its cgroup and in no namespace of the room's: what that left in
 * the background does not die with init, and is killed by the cgroup.
 */
#include "helper/supervisor/leave.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/log.h"
#include "base/pidfd.h"
#include "base/text.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/parts/manager.h"
#include "helper/parts/why.h"
#include "helper/supervisor/alive.h"
#include "helper/supervisor/empty.h"
#include "helper/supervisor/ending.h"
#include "helper/supervisor/farewell.h"
#include "helper/supervisor/left.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/recording.h"
#include "state/rooms/record.h"
#include "state/rooms/seats.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/proto.h"

#define EMPTY_WAIT_MS 2000 /* for killed processes to be gone */
#define MOMENT_MS 20 /* for what a login leaves to be gone by itself */
#define APP_WAIT_MS 200 /* for the application to exit by itself after its close */
#define REMOVE_WAIT_MS 2000 /* for a cgroup to become empty */
#define INIT_WAIT_MS 10000
#define CLOSE_PATIENCE_MS (CRL_CLOSE_WAIT_MS - 1000) /* the module does not wait for ever */
#define JOIN_MOST_MS 620000 /* no helper that joins lives longer: its deadline is 600 s at the most */
#define LOCK_WAIT_MS 2000
#define LOCK_RETRY_MS 10

static void answer_close(const struct crl_member *m)
{
	scoped_fd self = -EBADF;

	if (!m->asked || m->channel < 0)
		return;
	self = pidfd_open(getpid(), 0);
	if (self < 0 || crl_msg_send(m->channel, CRL_MSG_CLOSED, NULL, 0, &self, 1) < 0)
		crl_log(LOG_WARNING, "id=%s: the application did not take the answer to its close", m->id);
}

/* R2. @dir is the member's cgroup. */
static bool kill_around(const struct crl_kept *room, const struct crl_member *m, int dir)
{
	bool steps = room->manager->step_aside && !m->gone, ok;

	if (steps && !room->manager->step_aside(room, m))
		return false;
	ok = crl_cgroup_kill(dir) == 0;
	if (steps)
		room->manager->step_back(m);
	return ok;
}

static void kill_cgroup(const struct crl_kept *room, const struct crl_member *m)
{
	if (m->cgroup >= 0 && !kill_around(room, m, m->cgroup))
		crl_log(LOG_WARNING, "id=%s: cannot kill what it left", m->id);
}

static void move_back(const struct crl_kept *room, struct crl_member *m)
{
	if (room->manager->move_back)
		room->manager->move_back(room, m);
}

static void has_left(struct crl_kept *room, struct crl_member *m)
{
	answer_close(m);
	crl_farewell_login(room, m);
	crl_left_add(room, m);
	(void)crl_left_look(room);
	crl_empty_reckon(room);
	crl_recording_write(room);
}

static void kill_rest(struct crl_kept *room, const struct crl_member *m)
{
	kill_cgroup(room, m); /* R2: the application was moved out */
	for (int64_t end = crl_now_ms() + EMPTY_WAIT_MS; crl_now_ms() < end; crl_pause_ms(1))
		if (crl_cgroup_is_idle(m->cgroup, m->pid))
			break;
}

/* Returns true when it has left: the table has changed. */
static bool go_on(struct crl_kept *room, struct crl_member *m)
{
	if (!crl_ending_login_is_over(room, m))
		return false;
	if (!crl_cgroup_is_idle(m->cgroup, m->pid))
		kill_rest(room, m);
	has_left(room, m);
	return true;
}

void crl_leave_go_on(struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->ending && go_on(room, room->member[i]))
			return;
}

/*
 * One of several leaves, or the last of a room that lingers. What it started gets its time, beside what others do; most
 * have nothing left in a moment, which is waited for here.
 */
static void leave_one(struct crl_kept *room, struct crl_member *m)
{
	crl_parts_end(room, m);
	move_back(room, m);
	if (room->keep || m->cgroup < 0) {
		has_left(room, m);
		return;
	}
	crl_ending_login(room, m);
	for (int64_t end = crl_now_ms() + MOMENT_MS; !go_on(room, m) && crl_now_ms() < end; crl_pause_ms(1))
		;
}

void crl_leave_unjoined(struct crl_kept *room, struct crl_member *m)
{
	char user[CRL_USER_MAX * 4];

	crl_log(LOG_INFO, "id=%s room=%s user=%s uid=%" PRIu32 " did not come in", m->id, room->id,
		crl_visible_field(user, sizeof(user), m->user), m->uid);
	room->manager->unjoined(room, m);
	crl_empty_reckon(room);
	crl_recording_write(room);
}

/* R3. Returns true when the room may end: with its lock, or without one because there is none to be had. */
static bool may_end(struct crl_kept *room)
{
	int64_t now = crl_now_ms();
	int rc;

	if (!room->shared)
		return true;
	rc = crl_state_lock(&room->state, room->name, LOCK_EX | LOCK_NB, &room->lock);
	if (rc == -EINTR)
		return false; /* tried again at once */
	if (rc == -EWOULDBLOCK) {
		room->lock_since_ms = room->lock_since_ms ? room->lock_since_ms : now;
		if (now - room->lock_since_ms < JOIN_MOST_MS)
			return false;
	}
	if (rc < 0)
		crl_log(LOG_WARNING, "room=%s: ends without its lock: %s", room->id, strerror(-rc));
	return true;
}

/* Its module does not wait longer than that: it has its answer, and the empty room waits without it. */
static void let_wait(struct crl_kept *room, struct crl_member *m)
{
	int64_t now = crl_now_ms();

	if (m->waiting_ms == 0)
		m->waiting_ms = now;
	if (now - m->waiting_ms >= CLOSE_PATIENCE_MS)
		leave_one(room, m);
}

/*
 * A login closed or its application died (@m), or the room is empty and due (NULL). While a helper holds the room's
 * lock somebody is about to join: then nothing happens and the loop comes back.
 */
void crl_leave(struct crl_kept *room, struct crl_member *m)
{
	if (m && (crl_members_present(room) > 1 || room->linger_s > 0)) {
		leave_one(room, m);
		return;
	}
	if (!may_end(room)) {
		if (m)
			let_wait(room, m);
		return;
	}
	room->ended_by = m ? "last login left" : "nobody is in it";
	if (room->linger_until_ms != 0) {
		room->ended_by = "linger is over";
		crl_kept_why_linger(room);
	}
	crl_end_room(room);
}

static void kill_everything(struct crl_kept *room)
{
	(void)pidfd_send_signal(room->init_pidfd, SIGKILL, NULL, 0); /* it may be dead, which is what we want */
	if (crl_kept_has_pids(room))
		return;
	for (size_t i = 0; i < room->members; i++) { /* no PID namespace: the cgroups are all there is */
		move_back(room, room->member[i]);
		kill_cgroup(room, room->member[i]);
	}
}

static bool apps_are_gone(const struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->pidfd >= 0 && !crl_pidfd_is_dead(room->member[i]->pidfd))
			return false;
	return true;
}

/* They exit, or their modules come to close only now and need us as a way back for a moment. */
static void wait_for_apps(const struct crl_kept *room)
{
	int64_t now = crl_now_ms(), end = now + APP_WAIT_MS;
	const int64_t last = now + EMPTY_WAIT_MS;

	for (; now < end && !apps_are_gone(room); now = crl_now_ms()) {
		for (size_t i = 0; i < room->members && now + APP_WAIT_MS < last; i++) {
			if (!crl_member_asks(room, room->member[i]))
				continue;
			answer_close(room->member[i]);
			end = now + APP_WAIT_MS;
		}
		crl_pause_ms(2);
	}
}

/*
 * Init died: turn those away who are joining, so that they let go of the lock. R3: whoever does not for long has made
 * a room of that name anew, or there is no lock to be had: then its files are left alone.
 */
static void take_lock(struct crl_kept *room)
{
	int64_t end = crl_now_ms() + LOCK_WAIT_MS;
	int rc;

	for (size_t i = 0; i < room->members; i++)
		drop_fd(&room->member[i]->joiner);
	do {
		rc = crl_state_lock(&room->state, room->name, LOCK_EX | LOCK_NB, &room->lock);
		if (rc == -EWOULDBLOCK)
			crl_pause_ms(LOCK_RETRY_MS);
	} while ((rc == -EWOULDBLOCK || rc == -EINTR) && crl_now_ms() < end);
}

static int open_cgroup(const struct crl_kept *room, const struct crl_member *m)
{
	char path[CRL_SLICE_MAX + 32];

	if (m->cgroup >= 0)
		return fcntl(m->cgroup, F_DUPFD_CLOEXEC, 0);
	if (!m->gone || room->cgroup_root < 0 || room->manager->path(room, m, path, sizeof(path)) < 0)
		return -EBADF;
	return openat(room->cgroup_root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* R4 */
static void kill_outside(const struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++) {
		const struct crl_member *m = room->member[i];
		scoped_fd dir = open_cgroup(room, m);

		if (dir < 0 || crl_cgroup_is_idle(dir, m->gone ? 0 : m->pid))
			continue;
		if (!kill_around(room, m, dir))
			crl_log(LOG_WARNING, "id=%s: cannot kill what its errands left", m->id);
	}
}

static void remove_cgroups(struct crl_kept *room)
{
	int64_t end = crl_now_ms() + REMOVE_WAIT_MS; /* for all of them together */

	if (!room->manager->remove || room->cgroup_root < 0)
		return;
	for (size_t i = 0; i < room->members; i++) {
		struct crl_member *m = room->member[i];

		if (!m->gone && m->cgroup < 0)
			continue;
		drop_fd(&m->cgroup);
		while (room->manager->remove(room, m->id) == -EBUSY) {
			if (crl_now_ms() >= end) {
				crl_log(LOG_WARNING, "id=%s: its cgroup is still in use and stays", m->id);
				break;
			}
			crl_pause_ms(5);
		}
	}
}

/* It is empty only when init has left it; after a time without logins there is no member to do it for. */
static void remove_slice(struct crl_kept *room)
{
	if (!room->manager->remove || room->cgroup_root < 0)
		return;
	for (size_t i = 0; i < room->members; i++)
		crl_ignore(room->manager->remove(room, room->member[i]->id));
	crl_ignore(room->manager->remove(room, room->id));
}

/* Meanwhile the room's name is free: who logs in gets a new room, and does not wait for this one. */
static void leave_time(struct crl_kept *room)
{
	if (!crl_kept_has_pids(room))
		for (size_t i = 0; i < room->members; i++)
			move_back(room, room->member[i]); /* R2 */
	if (crl_alive_none(room))
		return;
	crl_seat_ends(room->seat_fd);
	drop_fd(&room->lock);
	crl_ending_room(room);
}

_Noreturn void crl_end_room(struct crl_kept *room)
{
	struct pollfd init = {.fd = room->init_pidfd, .events = POLLIN};

	crl_parts_closing(room);
	drop_fd(&room->listen);
	if (room->shared && room->lock < 0)
		take_lock(room);
	crl_record_retire(room->state.rooms, room->name, room->id, !room->shared || room->lock >= 0);
	leave_time(room);
	kill_everything(room);
	for (int64_t end = crl_now_ms() + EMPTY_WAIT_MS; !crl_alive_none(room) && crl_now_ms() < end; crl_pause_ms(1))
		;
	crl_parts_room_end(room);
	for (size_t i = 0; i < room->members; i++) { /* R1: zombies are left at the most */
		answer_close(room->member[i]);
		crl_farewell_login(room, room->member[i]);
	}
	crl_farewell_room(room);
	wait_for_apps(room);
	for (size_t i = 0; i < room->members; i++)
		move_back(room, room->member[i]);
	kill_outside(room);
	remove_cgroups(room);
	(void)poll(&init, 1, INIT_WAIT_MS);
	remove_slice(room);
	crl_record_remove(room->state.rooms, room->id);
	drop_fd(&room->lock);
	if (room->manager->release)
		room->manager->release(room);
	_exit(0);
}
