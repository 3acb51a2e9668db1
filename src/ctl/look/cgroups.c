// SPDX-License-Identifier: Apache-2.0
/*
 * The cgroups that a room's logins and processes are in; see cgroups.h.
 *
 * A room without logins names none of its cgroups where systemd keeps them, so they are found from its processes:
 * those of its PID namespace, which no process can leave. Of these cgroups, only such beneath the user's slice are the
 * room's.
 */
#include "ctl/look/cgroups.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/limits/cgroup.h"
#include "base/dir.h"
#include "state/rooms/rooms.h"

/* Inode of a process's PID namespace; 0 when it has ended. */
uint64_t ctl_pid_namespace(const char *pid)
{
	char path[64], text[64];
	unsigned long long inode;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/ns/pid", pid);
	n = readlink(path, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return sscanf(text, "pid:[%llu]", &inode) == 1 ? inode : 0;
}

static void add(struct ctl_cgroups *all, const char *path)
{
	for (size_t i = 0; i < all->len; i++)
		if (strcmp(all->path[i], path) == 0)
			return;
	if (all->len < CTL_CGROUPS_MAX)
		(void)snprintf(all->path[all->len++], sizeof(all->path[0]), "%s", path);
	else
		all->more = true;
}

/* Is it beneath the slice? Then in one that is all the room's: what is in the slice itself may be another room's. */
static bool is_beneath(const char *path, const char *slice)
{
	size_t len = strlen(slice);

	return len > 0 && strncmp(path, slice, len) == 0 && path[len] == '/';
}

static void add_login(struct ctl_cgroups *all, const struct crl_room_info *room, const struct crl_room_login *l)
{
	char path[CTL_CGROUP_PATH];

	if (l->cgroup && crl_cgroup_path(room->slice, l->id, path, sizeof(path)) == 0)
		add(all, path);
	else if (is_beneath(l->scope, room->slice))
		add(all, l->scope);
	else if (l->pid != 0 && crl_cgroup_of(l->pid, path, sizeof(path)) == 0 && is_beneath(path, room->slice))
		add(all, path);
}

static void add_processes(struct ctl_cgroups *all, const struct crl_room_info *room, uint64_t of)
{
	scoped(crl_dir) proc = {0};

	(void)crl_dir_open(AT_FDCWD, "/proc", &proc);
	for (int pid; crl_dir_next_number(&proc, &pid);) {
		char path[CTL_CGROUP_PATH], name[16];

		(void)snprintf(name, sizeof(name), "%d", pid);
		if (ctl_pid_namespace(name) != of)
			continue;
		if (crl_cgroup_of(pid, path, sizeof(path)) == 0 && is_beneath(path, room->slice))
			add(all, path);
	}
}

void ctl_room_cgroups(const struct crl_room_info *room, struct ctl_cgroups *ret)
{
	char init[16];
	uint64_t of;

	ret->len = 0;
	ret->more = false;
	if (room->stale || !room->slice[0])
		return;
	for (size_t i = 0; i < room->logins; i++)
		add_login(ret, room, &room->login[i]);
	(void)snprintf(init, sizeof(init), "%d", (int)room->init);
	of = ctl_pid_namespace(init);
	if (of != 0 && of != ctl_pid_namespace("self"))
		add_processes(ret, room, of);
}
