// SPDX-License-Identifier: Apache-2.0
/*
 * How a login leaves its room, and how a room ends.
 *
 * Runs in: supervisor. R1: init's exit is never waited for before the module has its answer: PID 1 of a namespace
 * waits in the kernel for every process to be reaped, and some are the application's to reap, which waits for us.
 * R2: a cgroup is never killed while the application is in it. R3: of a lock's errors only "somebody has it" means
 * wait, and not for ever; with any other the room ends without it, and leaves alone what only the lock makes its own.
 */
#include "helper/helper.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <syslog.h>

#include "apply/cgroup.h"
#include "base/log.h"
#include "helper/farewell.h"
#include "helper/left.h"
#include "helper/manager.h"

#define EMPTY_WAIT_MS 2000  /* for killed processes to be gone */
#define APP_WAIT_MS 200     /* for the application to exit by itself after its close */
#define REMOVE_WAIT_MS 2000 /* for a cgroup to become empty */
#define INIT_WAIT_MS 10000
#define CLOSE_PATIENCE_MS 4000 /* the module waits 5 s for its answer */
#define JOIN_MOST_MS 620000 /* no helper that joins lives longer: its deadline is 600 s at the most */
#define LOCK_WAIT_MS 2000
#define LOCK_RETRY_MS 10

/* True for a process directory of the room that is neither init nor dead. */
static bool is_alive(int proc, const char *name)
{
	char path[64], text[512];
	scoped_fd fd = -EBADF;
	const char *p;
	ssize_t n;

	if (name[0] < '0' || name[0] > '9' || strcmp(name, "1") == 0)
		return false;
	if (snprintf(path, sizeof(path), "%s/stat", name) >= (int)sizeof(path))
		return false;
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false; /* gone meanwhile */
	text[n] = '\0';
	p = strrchr(text, ')');
	return p && p[1] == ' ' && p[2] != 'Z' && p[2] != 'X';
}

size_t crl_room_alive(const struct crl_room *room, size_t most)
{
	size_t alive = 0;
	DIR *dir;
	int fd;

	if (crl_pidfd_is_dead(room->init_pidfd))
		return 0;
	if (room->proc < 0)
		return 0;
	fd = openat(room->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		scope_close_fd(&fd);
		return 0;
	}
	for (const struct dirent *d = readdir(dir); d && alive < most; d = readdir(dir))
		alive += is_alive(room->proc, d->d_name);
	(void)closedir(dir);
	return alive;
}

/* True when nothing but zombies is left inside; what the application has yet to reap does not count (R1). */
bool crl_room_is_over(const struct crl_room *room)
{
	return crl_room_alive(room, 1) == 0;
}

static void answer_close(const struct crl_member *m)
{
	scoped_fd self = -EBADF;

	if (!m->asked || m->channel < 0)
		return;
	self = pidfd_open(getpid(), 0);
	if (self < 0 || crl_msg_send(m->channel, CRL_MSG_CLOSED, NULL, 0, &self, 1) < 0)
		crl_log(LOG_WARNING, "id=%s: the application did not take the answer to its close", m->id);
}

/* systemd's scopes have no "back": while the rest is killed the application stands with us, outside (R2). */
static bool move_out(const struct crl_room *room, const struct crl_member *m)
{
	char here[1024];
	struct stat ours, its;
	scoped_fd dir = -EBADF;

	if (crl_cgroup_of(getpid(), here, sizeof(here)) < 0)
		return false;
	dir = openat(room->cgroup_root, here, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &ours) < 0 || fstat(m->cgroup, &its) < 0 || ours.st_ino == its.st_ino)
		return false; /* then killing would hit us */
	return crl_pidfd_is_dead(m->pidfd) || crl_cgroup_attach(dir, m->pid) == 0;
}

static void kill_cgroup(const struct crl_room *room, const struct crl_member *m)
{
	if (m->cgroup < 0)
		return;
	if ((room->managed && !move_out(room, m)) || crl_cgroup_kill(m->cgroup) < 0)
		crl_log(LOG_WARNING, "id=%s: cannot kill what it left", m->id);
}

static void move_back(const struct crl_room *room, struct crl_member *m)
{
	if (room->managed || m->cgroup < 0 || !m->origin || crl_pidfd_is_dead(m->pidfd))
		return;
	if (crl_limits_move_back(room->cgroup_root, m->origin, m->pid) < 0)
		crl_log(LOG_WARNING, "id=%s: cannot move the application back to %s", m->id, m->origin);
}

/* One of several leaves, or the last of a room that lingers. */
static void leave_one(struct crl_room *room, struct crl_member *m)
{
	crl_room_account_end(room, m->id);
	crl_room_why_end(room, m);
	move_back(room, m);
	if (!room->keep && m->cgroup >= 0) {
		kill_cgroup(room, m); /* R2: the application was moved out above */
		for (int64_t end = crl_now_ms() + EMPTY_WAIT_MS; crl_now_ms() < end; crl_pause_ms(1))
			if (crl_cgroup_is_idle(m->cgroup, m->pid))
				break;
	}
	answer_close(m);
	crl_log_left(room, m);
	crl_left_add(room, m);
	(void)crl_left_look(room);
	crl_room_rest(room);
	crl_room_record(room);
}

/* Nobody is in any more, or still: from when on the room's time runs. Those on their way in do not count yet. */
void crl_room_rest(struct crl_room *room)
{
	bool empty = crl_members_present(room) == crl_members_joining(room);

	if (!empty)
		room->linger_until_ms = room->until = 0;
	else if (room->linger_s > 0 && room->linger_until_ms == 0) {
		room->linger_until_ms = crl_now_ms() + (int64_t)room->linger_s * 1000;
		room->until = crl_clock_ms() / 1000 + (int64_t)room->linger_s;
	}
}

void crl_join_failed(struct crl_room *room, struct crl_member *m)
{
	char user[CRL_USER_MAX * 4];

	crl_log(LOG_INFO, "id=%s room=%s user=%s uid=%" PRIu32 " did not come in", m->id, room->id,
		crl_escape(user, sizeof(user), m->user), m->uid);
	if (room->managed)
		crl_member_drop(room, m);
	else
		crl_left_add(room, m); /* its helper removes its cgroup, or was killed */
	crl_room_rest(room);
	crl_room_record(room);
}

/* R3. Returns true when the room may end: with its lock, or without one because there is none to be had. */
static bool may_end(struct crl_room *room)
{
	int64_t now = crl_now_ms();
	int r;

	if (!room->shared)
		return true;
	r = crl_state_lock(&room->state, room->name, LOCK_EX | LOCK_NB, &room->lock);
	if (r == -EINTR)
		return false; /* tried again at once */
	if (r == -EWOULDBLOCK) {
		room->lock_since_ms = room->lock_since_ms ? room->lock_since_ms : now;
		if (now - room->lock_since_ms < JOIN_MOST_MS)
			return false;
	}
	if (r < 0)
		crl_log(LOG_WARNING, "room=%s: ends without its lock: %s", room->id, strerror(-r));
	return true;
}

/* Its module does not wait longer than that: it has its answer, and the empty room waits without it. */
static void let_wait(struct crl_room *room, struct crl_member *m)
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
void crl_leave(struct crl_room *room, struct crl_member *m)
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
		crl_room_why_linger(room);
	}
	crl_end_room(room);
}

static void kill_everything(struct crl_room *room)
{
	(void)pidfd_send_signal(room->init_pidfd, SIGKILL, NULL, 0); /* it may be dead, which is what we want */
	if (room->proc >= 0)
		return;
	for (size_t i = 0; i < room->members; i++) { /* no PID namespace: the cgroups are all there is */
		move_back(room, room->member[i]);
		kill_cgroup(room, room->member[i]);
	}
}

static void wait_for_apps(const struct crl_room *room)
{
	int64_t end = crl_now_ms() + APP_WAIT_MS;

	for (size_t i = 0; i < room->members; i++) {
		struct pollfd p = {.fd = room->member[i]->pidfd, .events = POLLIN};
		int64_t left = end - crl_now_ms();

		if (p.fd >= 0)
			(void)poll(&p, 1, left > 0 ? (int)left : 0);
	}
}

/*
 * Init died: turn those away who are joining, so that they let go of the lock. R3: whoever does not for long has made
 * a room of that name anew, or there is no lock to be had: then its files are left alone.
 */
static void take_lock(struct crl_room *room)
{
	int64_t end = crl_now_ms() + LOCK_WAIT_MS;
	int r;

	for (size_t i = 0; i < room->members; i++)
		drop_fd(&room->member[i]->joiner);
	do {
		r = crl_state_lock(&room->state, room->name, LOCK_EX | LOCK_NB, &room->lock);
		if (r == -EWOULDBLOCK)
			crl_pause_ms(LOCK_RETRY_MS);
	} while ((r == -EWOULDBLOCK || r == -EINTR) && crl_now_ms() < end);
}

static void remove_cgroups(struct crl_room *room)
{
	int64_t end = crl_now_ms() + REMOVE_WAIT_MS; /* for all of them together */

	if (room->managed || room->cgroup_root < 0)
		return;
	for (size_t i = 0; i < room->members; i++) {
		struct crl_member *m = room->member[i];

		if (!m->gone && m->cgroup < 0)
			continue;
		drop_fd(&m->cgroup);
		while (crl_cgroup_remove(room->cgroup_root, room->slice, m->id) == -EBUSY) {
			if (crl_now_ms() >= end) {
				crl_log(LOG_WARNING, "id=%s: its cgroup is still in use and stays", m->id);
				break;
			}
			crl_pause_ms(5);
		}
	}
}

_Noreturn void crl_end_room(struct crl_room *room)
{
	struct pollfd init = {.fd = room->init_pidfd, .events = POLLIN};

	for (size_t i = 0; i < room->members; i++)
		crl_room_why_end(room, room->member[i]);
	kill_everything(room);
	drop_fd(&room->listen);
	if (room->shared && room->lock < 0)
		take_lock(room);
	crl_record_retire(room->state.rooms, room->name, room->id, !room->shared || room->lock >= 0);
	crl_room_account_end(room, NULL);
	for (int64_t end = crl_now_ms() + EMPTY_WAIT_MS; !crl_room_is_over(room) && crl_now_ms() < end; crl_pause_ms(1))
		;
	crl_seat_leave(room->state.dir, room->seat);
	drop_fd(&room->seat_fd); /* before the answer: who logs out and in again finds it free */
	for (size_t i = 0; i < room->members; i++) {
		answer_close(room->member[i]);
		crl_log_left(room, room->member[i]);
	}
	crl_log_ended(room);
	wait_for_apps(room);
	for (size_t i = 0; i < room->members; i++)
		move_back(room, room->member[i]);
	remove_cgroups(room);
	(void)poll(&init, 1, INIT_WAIT_MS);
	for (size_t i = 0; i < room->members; i++) /* the slice is empty only now that init has left it */
		if (room->cgroup_root >= 0 && !room->managed)
			crl_ignore(crl_cgroup_remove(room->cgroup_root, room->slice, room->member[i]->id));
	if (room->cgroup_root >= 0 && !room->managed) /* after a time without logins there is no member to do it for */
		crl_ignore(crl_cgroup_remove(room->cgroup_root, room->slice, room->id));
	crl_record_remove(room->state.rooms, room->id);
	drop_fd(&room->lock);
	crl_manager_use_no_more(room->used);
	if (room->managed)
		crl_manager_release(&room->state, room->slice);
	_exit(0);
}
