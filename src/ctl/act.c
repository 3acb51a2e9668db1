// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl kill, freeze, thaw: the whole room, or all rooms of a user.
 *
 * kill ends the room's init: its supervisor then ends all else and tidies up, as after every other end of a room.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <syslog.h>

#include "apply/cgroup_limits.h"
#include "base/log.h"
#include "proto/fdpass.h"
#include "state/record.h"
#include "state/why.h"

#define KILL_WAIT_MS 10000
#define FREEZE_WAIT_MS 5000

/* For carrelctl why, and for the user's next login. What cannot be recorded is done all the same: it is logged. */
static void record(const struct ctl *c, const struct crl_room_info *room, enum crl_why_cause cause)
{
	scoped_fd state = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ctl_lines lines;

	ctl_room_lines(room, &lines);
	for (size_t i = 0; i < lines.len; i++) {
		const struct crl_room_login *l = &lines.line[i];
		struct crl_why_event e = {.since = l->since, .cause = cause, .count = 1, .limit = CRL_COUNT_UNKNOWN};

		(void)snprintf(e.id, sizeof(e.id), "%s", l->id);
		(void)snprintf(e.policy, sizeof(e.policy), "%s", room->policy);
		if (crl_why_add(state, (struct crl_why_whose){l->uid, l->user}, &e, 1) < 0) {
			crl_log_open(NULL, false);
			crl_log(LOG_WARNING, "room=%s: %s by the operator, but it cannot be recorded for uid %u", room->id,
				cause == CRL_WHY_KILLED ? "ended" : "frozen", l->uid);
		}
	}
}

static enum ctl_exit act(const struct ctl *c, int argc, char **argv, ctl_room_action *one, const char *done)
{
	enum ctl_exit status = CTL_YES;
	struct crl_rooms rooms;
	struct crl_err err = {0};

	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	for (int i = 0; i < argc; i++) {
		size_t found = 0;

		for (size_t j = 0; j < rooms.len; j++) {
			if (rooms.item[j].stale || !ctl_is_of(&rooms.item[j], argv[i]))
				continue;
			found++;
			if (one(c, &rooms.item[j], true, &err) < 0)
				status = ctl_error(c, &err);
			else
				(void)printf("room %s %s\n", rooms.item[j].id, done);
		}
		if (found == 0)
			status = ctl_complain(c, status == CTL_FAIL ? CTL_FAIL : CTL_NO, "no room, login or user %s with a live room",
					      argv[i]);
	}
	crl_rooms_done(&rooms);
	return status;
}

/* The supervisor must still be init's parent. */
int ctl_open_init(const struct crl_room_info *room)
{
	int fd = pidfd_open(room->init, 0);
	char path[40], text[1024];
	const char *p;
	int parent = 0;

	if (fd < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)room->init);
	if (crl_cgroup_read(AT_FDCWD, path, text, sizeof(text)) <= 0 || !(p = strrchr(text, ')')) ||
	    sscanf(p + 1, " %*c %d", &parent) != 1 || parent != room->supervisor) {
		(void)close(fd);
		return -ESRCH;
	}
	return fd;
}

/* Without a word: what cannot be thawed is dead, or is told later as a supervisor that does not end. */
static void thaw_all(const struct crl_room_info *room, const struct ctl_cgroups *all)
{
	scoped_fd root = ctl_cgroup_root(room);

	for (size_t i = 0; i < all->len && root >= 0; i++) {
		scoped_fd cgroup = openat(root, all->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (cgroup >= 0)
			crl_ignore(crl_cgroup_write(cgroup, "cgroup.freeze", "0"));
	}
}

int ctl_room_kill(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	scoped_fd init = ctl_open_init(room);
	scoped_fd supervisor = pidfd_open(room->supervisor, 0);
	struct pollfd p = {.fd = supervisor, .events = POLLIN};

	if (!all)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
	if (init < 0 || supervisor < 0)
		return 0; /* it has ended by itself */
	ctl_room_cgroups(room, all); /* while there are processes to find them by */
	if (pidfd_send_signal(init, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return crl_err_set(err, errno, CRL_STAGE_NONE, "room %s: cannot end its init: %s", room->id,
				   strerrordesc_np(errno));
	record(c, room, CRL_WHY_KILLED);
	/* Its service has to reap what died: frozen it would never, and the namespace stays until then. */
	thaw_all(room, all);
	if (!wait || poll(&p, 1, KILL_WAIT_MS) == 1)
		return 0;
	return crl_err_set(err, ETIMEDOUT, CRL_STAGE_NONE, "room %s: its supervisor (pid %d) has not ended after %d s",
			   room->id, (int)room->supervisor, KILL_WAIT_MS / 1000);
}

static bool is_frozen(int cgroup, bool want)
{
	char text[256];

	return crl_cgroup_read(cgroup, "cgroup.events", text, sizeof(text)) > 0 &&
	       (strstr(text, "frozen 1") != NULL) == want;
}

/* Returns 1; 0 when the cgroup has gone: with all that was in it. */
static int set_one(const struct crl_room_info *room, const char *path, bool frozen, bool wait, struct crl_err *err)
{
	scoped_fd root = ctl_cgroup_root(room);
	scoped_fd cgroup = root < 0 ? root : openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = cgroup < 0 ? cgroup : crl_cgroup_write(cgroup, "cgroup.freeze", frozen ? "1" : "0");

	if (cgroup < 0)
		return 0;
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_NONE, "room %s: cannot %s %s: %s", room->id, frozen ? "freeze" : "thaw", path,
				   strerrordesc_np(-r));
	for (int64_t end = crl_now_ms() + FREEZE_WAIT_MS; wait && !is_frozen(cgroup, frozen); crl_pause_ms(5))
		if (crl_now_ms() >= end)
			return crl_err_set(err, ETIMEDOUT, CRL_STAGE_NONE, "room %s: %s is not yet %s", room->id, path,
					   frozen ? "frozen" : "thawed");
	return 1;
}

static int set_frozen(const struct crl_room_info *room, bool frozen, bool wait, struct crl_err *err)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	int r = 0, done = 0;

	if (!all)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
	ctl_room_cgroups(room, all);
	for (size_t i = 0; i < all->len && r >= 0 && !all->more; i++) {
		r = set_one(room, all->path[i], frozen, wait, err);
		done += r;
	}
	if (r >= 0 && done == 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_NONE, "room %s has %s", room->id,
				   all->more ? "too many cgroups"
				   : room->slice[0]
					   ? "no process in a cgroup of its own that could be frozen"
					   : "no cgroup that could be frozen (its policy has no limits, or this host no cgroup v2)");
	return r < 0 ? r : 0;
}

int ctl_room_freeze(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	int r = set_frozen(room, true, wait, err);

	if (r == 0)
		record(c, room, CRL_WHY_FROZEN);
	return r;
}

int ctl_room_thaw(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	(void)c;
	return set_frozen(room, false, wait, err);
}

enum ctl_exit ctl_kill(const struct ctl *c, int argc, char **argv)
{
	return act(c, argc, argv, ctl_room_kill, "ended");
}

enum ctl_exit ctl_freeze(const struct ctl *c, int argc, char **argv)
{
	return act(c, argc, argv, ctl_room_freeze, "frozen");
}

enum ctl_exit ctl_thaw(const struct ctl *c, int argc, char **argv)
{
	return act(c, argc, argv, ctl_room_thaw, "thawed");
}
