// SPDX-License-Identifier: Apache-2.0
/* The cgroups of a room's logins and of its processes, each of them the room's alone. Paths are from the root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crl_room_info;

#define CTL_CGROUPS_MAX 280 /* CRL_ROOM_LOGINS_MAX and some */
#define CTL_CGROUP_PATH 512

/* Too big for the stack. */
struct ctl_cgroups {
	char path[CTL_CGROUPS_MAX][CTL_CGROUP_PATH];
	size_t len;
	bool more; /* than fit */
};
void ctl_room_cgroups(const struct crl_room_info *room, struct ctl_cgroups *ret);

/* Inode of a process's PID namespace, 0 = it has ended. @pid  in digits, or "self" */
uint64_t ctl_pid_namespace(const char *pid);
