// SPDX-License-Identifier: Apache-2.0
/*
 * What a login uses, from the kernel's files; UINT64_MAX = not known here. Processes are the room's, CPU the login's
 * own; memory, io and all limits are those of the user's slice, which all rooms of one user share. Of a stale room
 * nothing is known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crl_room_info;
struct crl_veth;
struct crl_room_login;

struct ctl_usage {
	uint64_t processes;
	uint64_t cpu_us;
	uint64_t cpu_max; /* per mille of one processor */
	uint64_t memory;
	uint64_t memory_max;
	uint64_t memory_high; /* above it the kernel holds the user back */
	uint64_t tasks_max;
	uint64_t io_bytes;
	uint64_t sent; /* bytes, by a room with a way out of its own, as all three that follow */
	uint64_t received;
	uint64_t sent_packets;
	uint64_t received_packets;
	uint64_t held; /* memory without a process: files in the room's own tmpfs, SysV shared memory */
	bool frozen;
	bool short_of_memory; /* in the last seconds all that could run waited for memory a tenth of the time */
};

/* What all logins are measured with at one time; its contents are usage.c's own. */
struct ctl_meter {
	int root; /* of cgroup v2; negative = this host has none */
	char *root_path; /* as a room's record has it; NULL = not yet opened */
	uint64_t host; /* PID namespace of the host */
	uint64_t *process; /* the PID namespace of each process that is not in the host's, sorted */
	size_t processes;
	struct crl_veth *link; /* of rooms with a way out */
	size_t links;
};
void ctl_meter_open(struct ctl_meter *m);
void ctl_meter_done(struct ctl_meter *m);
void ctl_usage_read(struct ctl_meter *m, const struct crl_room_info *room, const struct crl_room_login *login,
		    struct ctl_usage *ret);

/* The same of a whole slice, opened: all that is in it; processes are its tasks. Negative = nothing is known. */
void ctl_usage_of_slice(int slice, struct ctl_usage *ret);

/* Where a room's slice is beneath, and the directory of a login's cgroup; a descriptor or -errno. */
int ctl_cgroup_root(const struct crl_room_info *room);
int ctl_login_cgroup(const struct crl_room_info *room, const struct crl_room_login *login);
