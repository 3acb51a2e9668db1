// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl kill: the whole room, or all rooms of a user.
 *
 * It tells the room's supervisor, which ends and tidies up as at every other end of a room.
 */
#include "ctl/act/kill.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/err.h"
#include "base/procstat.h"
#include "base/scope.h"
#include "ctl/act/each_room.h"
#include "ctl/act/freeze.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/look/cgroups.h"
#include "ctl/look/room_init.h"
#include "ctl/options.h"
#include "state/rooms/rooms.h"
#include "state/why/why.h"

#define KILL_WAIT_S 10 /* beyond the time that its programs have */

/*
 * By its supervisor, which gives programs their time; by init's death at once. What an operator has stopped shall not
 * run once more. A supervisor of a version without that time would take the signal for its own end.
 */
static int set_ending(const struct ctl *c, const struct crl_room_info *room, struct crl_err *err)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	scoped_fd supervisor = pidfd_open(room->supervisor, 0); /* before init, which proves it */
	scoped_fd init = ctl_open_init(room);
	bool now;

	if (!all)
		return crl_err_set(err, ENOMEM, CRL_STAGE_NONE, "out of memory");
	if (init < 0 || supervisor < 0)
		return 0; /* it has ended by itself */
	ctl_room_cgroups(room, all); /* while there are processes to find them by */
	now = c->now || room->grace_s <= 0 || ctl_room_is_frozen(room, all);
	if (pidfd_send_signal(now ? init : supervisor, now ? SIGKILL : SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return crl_err_set(err, errno, CRL_STAGE_NONE, "room %s: cannot end its %s: %s", room->id,
				   now ? "init" : "supervisor", strerrordesc_np(errno));
	ctl_room_record(c, room, CRL_WHY_KILLED);
	/*
	 * The login's service (sshd) is in the frozen cgroup, too. It has to reap what died, which it cannot do frozen,
	 * and the PID namespace stays until it has.
	 */
	if (now)
		ctl_room_thaw_dead(room, all);
	return 0;
}

int ctl_room_await_end(const struct crl_room_info *room, struct crl_err *err)
{
	const int wait_s = KILL_WAIT_S + (room->grace_s > 0 ? (int)room->grace_s : 0);
	scoped_fd supervisor = pidfd_open(room->supervisor, 0);
	struct pollfd p = {.fd = supervisor, .events = POLLIN};

	if (supervisor < 0 || crl_process_start(room->supervisor) != room->supervisor_start)
		return 0;
	if (poll(&p, 1, wait_s * 1000) == 1)
		return 0;
	return crl_err_set(err, ETIMEDOUT, CRL_STAGE_NONE,
			   "room %s: its supervisor (pid %d) has not ended after %d s; --now does without it", room->id,
			   (int)room->supervisor, wait_s);
}

int ctl_room_kill(const struct ctl *c, const struct crl_room_info *room, bool wait, struct crl_err *err)
{
	int rc = set_ending(c, room, err);

	return rc < 0 || !wait ? rc : ctl_room_await_end(room, err);
}

static enum ctl_exit run_kill(const struct ctl *c, int argc, char **argv)
{
	return ctl_room_each(c, argc, argv, ctl_room_kill, "ended");
}

const struct ctl_command ctl_kill_command = {
	.name = "kill",
	.usage = "USER|ID...",
	.summary = "end a room with everything in it",
	.options =
		(const struct ctl_option[]){
			{.name = "now", .help = "at once: programs get no time to end by themselves", CTL_FLAG(now)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl kill alice",
			NULL,
		},
	CTL_COMMAND_OF_ROOMS,
	.run = run_kill,
};
