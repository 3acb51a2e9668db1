// SPDX-License-Identifier: Apache-2.0
/*
 * Memory that a room holds without any process: files in tmpfs of its own, and System V shared memory; see held.h.
 *
 * Owns: R1 nothing of the room is followed or executed: its file systems are opened beneath its root without links, and
 * its IPC namespace is entered by a child that only reads a file of the host's /proc.
 */
#include "ctl/look/held.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/plain.h"
#include "base/scope.h"
#include "state/rooms/rooms.h"

/* R1. Returns a descriptor or -errno. */
static int open_beneath(int root, const char *path)
{
	int fd = -EBADF, rc = crl_plain_open(root, path, O_PATH | O_DIRECTORY, 0, &fd);

	return rc < 0 ? rc : fd;
}

/* What is used of a tmpfs that the host has not at the same place; 0 for all else. */
static uint64_t used(int root, const char *path, dev_t *ret_device)
{
	scoped_fd fd = open_beneath(root, path);
	struct stat here, host;
	struct statfs fs;

	*ret_device = 0;
	if (fd < 0 || fstat(fd, &here) < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return 0;
	if (stat(path, &host) == 0 && host.st_dev == here.st_dev)
		return 0;
	*ret_device = here.st_dev;
	return (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize;
}

static uint64_t files_held(const struct crl_room_info *room, int root)
{
	char runtime[32];
	const char *const path[] = {"/tmp", "/var/tmp", "/dev/shm", runtime, room->home};
	dev_t device[CRL_ARRAY_LEN(path)];
	uint64_t sum = 0;

	(void)snprintf(runtime, sizeof(runtime), "/run/user/%u", room->uid);
	for (size_t i = 0; i < CRL_ARRAY_LEN(path); i++) {
		uint64_t bytes = path[i][0] == '/' && path[i][1] ? used(root, path[i], &device[i]) : 0;
		bool counted = false;

		if (bytes == 0)
			device[i] = 0;
		for (size_t j = 0; j < i && device[i] != 0; j++)
			counted |= device[j] == device[i];
		sum += counted ? 0 : bytes;
	}
	return sum;
}

/* The column "rss" of the segments of the namespace that the reader is in. */
static uint64_t sum_segments(FILE *f)
{
	unsigned long long rss;
	uint64_t sum = 0;
	char line[512];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &rss) == 1)
			sum += rss;
	return sum;
}

static _Noreturn void be_reader(int init, int out)
{
	uint64_t sum;
	FILE *f;

	if (setns(init, CLONE_NEWIPC) < 0 || !(f = fopen("/proc/sysvipc/shm", "re")))
		_exit(1);
	sum = sum_segments(f);
	_exit(write(out, &sum, sizeof(sum)) == (ssize_t)sizeof(sum) ? 0 : 1);
}

/* R1 */
static bool segments_held(int init, uint64_t *ret)
{
	scoped_fd in = -EBADF, out = -EBADF;
	int pair[2], status;
	bool read_it;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return false;
	in = pair[0];
	out = pair[1];
	pid = fork();
	if (pid == 0)
		be_reader(init, out);
	drop_fd(&out);
	read_it = pid > 0 && read(in, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return read_it;
}

uint64_t ctl_room_held(const struct crl_room_info *room, int init)
{
	scoped_fd root = -EBADF;
	uint64_t segments = 0;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)room->init);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Still the one of the pidfd: then the path has led to it, too. */
	if (root < 0 || syscall(SYS_pidfd_send_signal, init, 0, NULL, 0) < 0)
		return UINT64_MAX;
	if (room->adopt.ns_mask & CRL_NS_BIT(CRL_NS_IPC) && !segments_held(init, &segments))
		return UINT64_MAX;
	return files_held(room, root) + segments;
}
