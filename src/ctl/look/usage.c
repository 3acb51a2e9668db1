// SPDX-License-Identifier: Apache-2.0
/* What a room uses, from the kernel's files; see usage.h. */
#include "ctl/look/usage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/limits/cgroup.h"
#include "apply/net/rtnl.h"
#include "apply/net/veth.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/scope.h"
#include "ctl/look/cgroups.h"
#include "ctl/look/held.h"
#include "ctl/look/room_init.h"
#include "ctl/print/lines.h"
#include "plan/net/pool.h"
#include "state/rooms/rooms.h"

#define UNKNOWN UINT64_MAX

static const struct ctl_usage unknown = {
	.processes = UNKNOWN,
	.cpu_us = UNKNOWN,
	.cpu_max = UNKNOWN,
	.memory = UNKNOWN,
	.memory_max = UNKNOWN,
	.memory_high = UNKNOWN,
	.tasks_max = UNKNOWN,
	.io_bytes = UNKNOWN,
	.sent = UNKNOWN,
	.received = UNKNOWN,
	.sent_packets = UNKNOWN,
	.received_packets = UNKNOWN,
	.held = UNKNOWN,
};

static uint64_t read_number(int dir, const char *file)
{
	uint64_t n;

	return crl_file_read_number(dir, file, &n) < 0 ? UNKNOWN : n; /* "max" is none */
}

/* The value after "KEY " at the start of a line. */
static uint64_t read_field(int dir, const char *file, const char *key)
{
	char text[4096], *rest = NULL;

	if (crl_file_read(dir, file, text, sizeof(text)) <= 0)
		return UNKNOWN;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t len = strlen(key);

		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return UNKNOWN;
}

/* Sum of rbytes and wbytes over all devices. */
static uint64_t read_io(int dir)
{
	char text[8192], *rest = NULL;
	uint64_t sum = 0;

	if (crl_file_read(dir, "io.stat", text, sizeof(text)) < 0)
		return UNKNOWN;
	for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		if (strncmp(word, "rbytes=", 7) == 0 || strncmp(word, "wbytes=", 7) == 0)
			sum += strtoull(word + 7, NULL, 10);
	return sum;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One walk through /proc, however many rooms there are. */
static void count_all(struct ctl_meter *m)
{
	scoped(crl_dir) proc = {0};
	size_t room = 0;

	(void)crl_dir_open(AT_FDCWD, "/proc", &proc);
	for (const char *name; (name = crl_dir_next(&proc));) {
		uint64_t of = name[0] >= '1' && name[0] <= '9' ? ctl_pid_namespace(name) : 0;

		if (of == 0 || of == m->host)
			continue;
		if (m->processes == room) {
			room = room ? room * 2 : 64;
			m->process = reallocarray(m->process, room, sizeof(*m->process));
			if (!m->process)
				abort(); /* as ctl_cell() */
		}
		m->process[m->processes++] = of;
	}
	if (m->processes > 1)
		qsort(m->process, m->processes, sizeof(*m->process), compare);
}

static void find_links(struct ctl_meter *m)
{
	scoped_fd fd = -EBADF;

	if (crl_rtnl_open(&fd) < 0 || crl_veth_find(fd, CRL_NAT_LINK, &m->link, &m->links) < 0)
		m->links = 0;
}

void ctl_meter_open(struct ctl_meter *m)
{
	*m = (struct ctl_meter){.root = -EBADF, .host = ctl_pid_namespace("self")};
	count_all(m);
	find_links(m);
}

/* Whose a link is stands in its alias. */
static void read_link(const struct ctl_meter *m, const char *room, struct ctl_usage *io)
{
	static const char head[] = CRL_NAT_ALIAS;

	for (size_t i = 0; i < m->links; i++) {
		const struct crl_veth *l = &m->link[i];

		if (strncmp(l->alias, head, strlen(head)) != 0 || strcmp(l->alias + strlen(head), room) != 0)
			continue;
		io->sent = l->received; /* by the host's end */
		io->received = l->sent;
		io->sent_packets = l->received_packets;
		io->received_packets = l->sent_packets;
	}
}

int ctl_cgroup_root(const struct crl_room_info *room)
{
	int root;

	return room->slice[0] && crl_cgroup_open_root(crl_room_cgroup_root(room), &root, NULL, NULL) == 0 ? root
													  : -ENOENT;
}

/* Most often all rooms have the same root, so it stays open. */
static void turn_to(struct ctl_meter *m, const struct crl_room_info *room)
{
	const char *path = crl_room_cgroup_root(room);

	if (m->root_path && strcmp(m->root_path, path) == 0)
		return;
	free(m->root_path);
	drop_fd(&m->root);
	m->root_path = strdup(path);
	m->root = ctl_cgroup_root(room);
}

void ctl_meter_done(struct ctl_meter *m)
{
	drop_fd(&m->root);
	free(m->root_path);
	free(m->process);
	free(m->link);
	m->link = NULL;
	m->links = 0;
	m->root_path = NULL;
	m->process = NULL;
}

/* First place in the sorted list whose namespace is not below @of. */
static size_t place(const struct ctl_meter *m, uint64_t of)
{
	size_t low = 0, high = m->processes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->process[middle] < of)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t count_lines(int dir, const char *file)
{
	scoped_fd fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	uint64_t count = 0;
	char text[4096];
	ssize_t n;

	if (fd < 0)
		return UNKNOWN;
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			count += text[i] == '\n';
	return n < 0 ? UNKNOWN : count;
}

/* Those of the room's PID namespace without its init; where it has none of its own, those of the login's cgroup. */
static uint64_t count_processes(const struct ctl_meter *m, const struct crl_room_info *room, int cgroup)
{
	char pid[16];
	uint64_t of;
	size_t count;

	(void)snprintf(pid, sizeof(pid), "%d", (int)room->init);
	of = ctl_pid_namespace(pid);
	if (of == 0 || of == m->host)
		return cgroup < 0 ? UNKNOWN : count_lines(cgroup, "cgroup.procs");
	count = place(m, of + 1) - place(m, of);
	return count > 0 ? count - 1 : 0;
}

static int login_cgroup_at(int root, const struct crl_room_info *room, const struct crl_room_login *login)
{
	char path[1024], of[512];
	size_t len = strlen(room->slice);
	int fd;

	if (!room->slice[0] || root < 0)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/login-%s", room->slice, login->id);
	if (!login->cgroup) { /* systemd's scope: where the application is */
		if (login->pid == 0 || crl_cgroup_of(login->pid, of, sizeof(of)) < 0 ||
		    strncmp(of, room->slice, len) != 0 || of[len] != '/')
			return -ENOENT;
		(void)snprintf(path, sizeof(path), "%s", of);
	}
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int ctl_login_cgroup(const struct crl_room_info *room, const struct crl_room_login *login)
{
	scoped_fd root = ctl_cgroup_root(room);

	return login_cgroup_at(root, room, login);
}

/* "QUOTA PERIOD", or "max PERIOD" */
static uint64_t read_cpu_max(int dir)
{
	unsigned long long quota, period;
	char text[64];

	if (crl_file_read(dir, "cpu.max", text, sizeof(text)) <= 0 || sscanf(text, "%llu %llu", &quota, &period) != 2 ||
	    period == 0)
		return UNKNOWN;
	return quota * 1000 / period;
}

/* "full avg10=12.34 avg60=…": per cent of the last ten seconds. */
static bool is_short_of_memory(int dir)
{
	char text[512];
	const char *full;
	unsigned int percent;

	if (crl_file_read(dir, "memory.pressure", text, sizeof(text)) <= 0)
		return false;
	full = strstr(text, "full avg10=");
	return full && sscanf(full, "full avg10=%u.", &percent) == 1 && percent >= 10;
}

static void read_slice(int slice, struct ctl_usage *ret)
{
	if (slice < 0)
		return;
	ret->cpu_max = read_cpu_max(slice);
	ret->memory = read_number(slice, "memory.current");
	ret->memory_max = read_number(slice, "memory.max");
	ret->memory_high = read_number(slice, "memory.high");
	ret->short_of_memory = is_short_of_memory(slice);
	ret->tasks_max = read_number(slice, "pids.max");
	ret->io_bytes = read_io(slice);
}

/* The room has no login to ask: all cgroups that are its own. */
static void read_lingering(const struct ctl_meter *m, const struct crl_room_info *room, struct ctl_usage *ret)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	scoped_fd init = ctl_open_init(room);

	if (!all)
		abort(); /* as ctl_cell() */
	ret->processes = count_processes(m, room, -EBADF);
	ret->held = init < 0 ? UNKNOWN : ctl_room_held(room, init);
	ctl_room_cgroups(room, all);
	for (size_t i = 0; i < all->len && m->root >= 0; i++) {
		scoped_fd dir = openat(m->root, all->path[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		uint64_t cpu = dir < 0 ? UNKNOWN : read_field(dir, "cpu.stat", "usage_usec");

		if (cpu != UNKNOWN)
			ret->cpu_us = (ret->cpu_us == UNKNOWN ? 0 : ret->cpu_us) + cpu;
		ret->frozen |= dir >= 0 && read_number(dir, "cgroup.freeze") == 1;
	}
}

void ctl_usage_read(struct ctl_meter *m, const struct crl_room_info *room, const struct crl_room_login *login,
		    struct ctl_usage *ret)
{
	scoped_fd own = -EBADF;
	scoped_fd slice = -EBADF;

	*ret = unknown;
	if (room->stale)
		return; /* its numbers may be somebody else's by now */
	if (room->slice[0])
		turn_to(m, room);
	read_link(m, room->id, ret);
	own = login_cgroup_at(m->root, room, login);
	if (ctl_room_is_lingering(room))
		read_lingering(m, room, ret);
	else
		ret->processes = count_processes(m, room, own);
	if (own >= 0 && !ctl_room_is_lingering(room)) {
		ret->cpu_us = read_field(own, "cpu.stat", "usage_usec");
		ret->frozen = read_number(own, "cgroup.freeze") == 1;
	}
	if (!room->slice[0] || m->root < 0)
		return;
	slice = openat(m->root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	read_slice(slice, ret);
}

void ctl_usage_of_slice(int slice, struct ctl_usage *ret)
{
	*ret = unknown;
	read_slice(slice, ret);
	if (slice < 0)
		return;
	ret->processes = read_number(slice, "pids.current");
	ret->cpu_us = read_field(slice, "cpu.stat", "usage_usec");
}
