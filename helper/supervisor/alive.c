// SPDX-License-Identifier: Apache-2.0
/* See alive.h. */
#include "helper/supervisor/alive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/dir.h"
#include "base/pidfd.h"
#include "base/procstat.h"
#include "helper/kept_room.h"
#include "helper/supervisor/member.h"

/* True for a process of the room that is neither init nor dead. */
static bool is_alive(int proc, pid_t pid)
{
	struct crl_procstat s;

	return pid > 1 && crl_procstat_read(proc, pid, &s) == 0 && !crl_procstat_is_dead(&s);
}

/* Without a PID namespace its cgroup is all that tells a login's processes from others. */
static size_t alive_in_cgroups(const struct crl_kept *room)
{
	size_t alive = 0;

	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->cgroup >= 0)
			alive += crl_cgroup_count(room->member[i]->cgroup, room->member[i]->pid);
	return alive;
}

size_t crl_alive_count(const struct crl_kept *room, size_t most)
{
	size_t alive = 0;
	scoped(crl_dir) dir = {0};

	if (!crl_kept_has_pids(room))
		return alive_in_cgroups(room);
	if (crl_pidfd_is_dead(room->init_pidfd) || room->proc < 0)
		return 0;
	(void)crl_dir_open(room->proc, ".", &dir);
	for (int pid; alive < most && crl_dir_next_number(&dir, &pid);)
		alive += is_alive(room->proc, pid);
	return alive;
}

bool crl_alive_none(const struct crl_kept *room)
{
	return crl_alive_count(room, 1) == 0;
}
