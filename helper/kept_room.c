// SPDX-License-Identifier: Apache-2.0
/* See kept_room.h. */
#include "helper/kept_room.h"

#include <errno.h>
#include <stdlib.h>

#include "base/nskind.h"
#include "helper/parts/manager.h"

struct crl_kept *crl_kept_new(void)
{
	struct crl_kept *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->state = (struct crl_state){-EBADF, -EBADF, -EBADF};
	room->account.run = room->account.watch = -EBADF;
	room->init_pidfd = room->proc = room->utmp = room->listen = room->lock = room->cgroup_root = -EBADF;
	room->home = room->tmp = room->kernlog = room->seat_fd = room->recording.copy = room->pts = -EBADF;
	room->holders = room->root_use = room->home_use = room->keeper = room->keeper_listen = -EBADF;
	room->score = room->public_use = room->orders = room->signals = room->terminals = -EBADF;
	room->listener = room->used[0] = room->used[1] = -EBADF;
	room->manager = &crl_manager_cgroupfs; /* where there is none, too */
	return room;
}

bool crl_kept_has_pids(const struct crl_kept *room)
{
	return room->adopt.ns_mask & CRL_NS_BIT(CRL_NS_PID);
}
