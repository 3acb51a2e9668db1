// SPDX-License-Identifier: Apache-2.0
/* Rooms that live, and nobody who keeps true what they show of the host. */
#include "ctl/check/steward.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "state/rooms/rooms.h"
#include "state/steward.h"

static bool any_room(const char *state)
{
	struct crl_rooms rooms;
	bool any = false;

	if (crl_rooms_read(state, &rooms, NULL) < 0)
		return false;
	for (size_t i = 0; i < rooms.len; i++)
		any |= !rooms.item[i].stale;
	crl_rooms_done(&rooms);
	return any;
}

/* Root alone can ask; a lock that is not there is held by nobody. */
static bool is_held(const char *state)
{
	char path[PATH_MAX];
	scoped_fd fd = -EBADF;

	(void)snprintf(path, sizeof(path), "%s/" CRL_STEWARD_LOCK, state);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
}

void ctl_check_steward(struct ctl_findings *f, const struct ctl *c)
{
	if (geteuid() == 0 && any_room(c->state) && !is_held(c->state))
		ctl_find(f, CTL_WARNING, NULL, 0, "the next login starts it; the log says why it could not",
			 CRL_STEWARD_PROGRAM
			 " does not run: what rooms show of the host's /run, of /dev/log and of root.bind "
			 "stays as it was, and nothing of errands can be run");
}
