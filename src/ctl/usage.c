// SPDX-License-Identifier: Apache-2.0
/* What a room uses, from the kernel's files; see ctl.h. */
#include "ctl/ctl.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "apply/cgroup.h"
#include "apply/cgroup_limits.h"

#define UNKNOWN UINT64_MAX

static uint64_t read_number(int dir, const char *file)
{
	char text[64];

	if (crl_cgroup_read(dir, file, text, sizeof(text)) <= 0 || text[0] < '0' || text[0] > '9')
		return UNKNOWN; /* "max" is no number either */
	return strtoull(text, NULL, 10);
}

/* The value after "KEY " at the start of a line. */
static uint64_t read_field(int dir, const char *file, const char *key)
{
	char text[4096], *rest = NULL;

	if (crl_cgroup_read(dir, file, text, sizeof(text)) <= 0)
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

	if (crl_cgroup_read(dir, "io.stat", text, sizeof(text)) < 0)
		return UNKNOWN;
	for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
		if (strncmp(word, "rbytes=", 7) == 0 || strncmp(word, "wbytes=", 7) == 0)
			sum += strtoull(word + 7, NULL, 10);
	return sum;
}

static bool link_is(const char *pid, const char *want)
{
	char path[PATH_MAX], text[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	n = readlink(path, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 && strcmp(text, want) == 0;
}

/* Processes in the PID namespace of the room's init, without init itself. */
static uint64_t count_processes(pid_t init)
{
	char path[40], own[64], host[64];
	uint64_t count = 0;
	ssize_t n, h;
	DIR *proc;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	n = readlink(path, own, sizeof(own) - 1);
	h = readlink("/proc/self/ns/pid", host, sizeof(host) - 1);
	if (n <= 0 || (n == h && memcmp(own, host, (size_t)n) == 0))
		return UNKNOWN; /* no namespace of its own */
	own[n] = '\0';
	proc = opendir("/proc");
	for (const struct dirent *d = proc ? readdir(proc) : NULL; d; d = readdir(proc))
		count += d->d_name[0] >= '1' && d->d_name[0] <= '9' && link_is(d->d_name, own);
	if (proc)
		(void)closedir(proc);
	return count > 0 ? count - 1 : 0;
}

int ctl_login_cgroup(const struct crl_room_info *room, const struct crl_room_login *login)
{
	char path[1024], of[512];
	scoped_fd root = -EBADF;
	size_t len = strlen(room->slice);
	int fd;

	if (!room->slice[0])
		return -ENOENT;
	if (crl_cgroup_open_root("", &root, NULL) < 0)
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

void ctl_usage_read(const struct crl_room_info *room, struct ctl_usage *ret)
{
	scoped_fd root = -EBADF;
	scoped_fd slice = -EBADF;

	*ret = (struct ctl_usage){count_processes(room->init), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, false};
	if (!room->slice[0] || crl_cgroup_open_root("", &root, NULL) < 0)
		return;
	slice = openat(root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slice < 0)
		return;
	ret->cpu_us = read_field(slice, "cpu.stat", "usage_usec");
	ret->memory = read_number(slice, "memory.current");
	ret->memory_max = read_number(slice, "memory.max");
	ret->tasks_max = read_number(slice, "pids.max");
	ret->io_bytes = read_io(slice);
	for (size_t i = 0; i < room->logins; i++) {
		scoped_fd cgroup = ctl_login_cgroup(room, &room->login[i]);

		ret->frozen |= cgroup >= 0 && read_number(cgroup, "cgroup.freeze") == 1;
	}
}
