// SPDX-License-Identifier: Apache-2.0
/*
 * Memory that a room holds without any process: files in tmpfs of its own, and System V shared memory; see held.h.
 *
 * Owns: R1 nothing of the room is followed or executed: its file systems are opened beneath its root without links, and
 * its IPC namespace is entered by a child that only reads a file of the host's /proc.
 * R2: what a server or a program answers for is not asked, since it may be dead; a tmpfs below such a place is looked
 * at by a child.
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
#include "ctl/host/answers.h"
#include "state/rooms/rooms.h"

static int open_root(pid_t init)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)init);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* R1. Returns a descriptor or -errno. */
static int open_beneath(int root, const char *path)
{
	int fd = -EBADF, rc = crl_plain_open(root, path, O_PATH | O_DIRECTORY, 0, &fd);

	return rc < 0 ? rc : fd;
}

struct tmpfs_use {
	dev_t device; /* 0 = it is none */
	uint64_t bytes;
};

static struct tmpfs_use look_beneath(int root, const char *path)
{
	scoped_fd fd = open_beneath(root, path);
	struct stat here;
	struct statfs fs;

	if (fd < 0 || fstat(fd, &here) < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return (struct tmpfs_use){0};
	return (struct tmpfs_use){here.st_dev, (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize};
}

#define PLACES 5

/* Places of a room, and what each has. NULL = not to be looked at. */
struct held_places {
	pid_t init;
	const char *path[PLACES];
};

/* It has no descriptor of ours: whether the root was that of the room, its pidfd tells afterwards. */
static void look_at_all(const void *arg, void *answer)
{
	const struct held_places *p = arg;
	struct tmpfs_use *use = answer;
	scoped_fd root = open_root(p->init);

	for (size_t i = 0; root >= 0 && i < PLACES; i++)
		if (p->path[i])
			use[i] = look_beneath(root, p->path[i]);
}

/* R2. A place that is itself a server's is no tmpfs. Returns 0; -ETIMEDOUT something does not answer; -errno. */
static int look_at(const struct held_places *p, const struct ctl_far *far, struct tmpfs_use use[PLACES])
{
	struct held_places asked = *p;
	const char *below = NULL;
	void *answer = NULL;
	int rc;

	for (size_t i = 0; i < PLACES; i++) {
		const char *at = asked.path[i] ? ctl_far_at(far, asked.path[i]) : NULL;

		if (at && strcmp(at, asked.path[i]) == 0)
			asked.path[i] = NULL;
		else if (at)
			below = at;
	}
	if (!below) {
		look_at_all(&asked, use);
		return 0;
	}
	rc = ctl_ask_far(below, look_at_all, &asked, &answer, PLACES * sizeof(*use));
	if (rc == 0)
		memcpy(use, answer, PLACES * sizeof(*use));
	ctl_answer_done(answer, PLACES * sizeof(*use));
	return rc;
}

/* R2. The host has the same at the same place. */
static bool is_hosts(const struct tmpfs_use *use, const char *path)
{
	const struct ctl_far *far = ctl_far_here();
	scoped_fd root = -EBADF;

	if (!far || ctl_far_at(far, path))
		return false;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root >= 0 && look_beneath(root, path).device == use->device;
}

/* UINT64_MAX: something does not answer. */
static uint64_t files_held(const struct crl_room_info *room, const struct ctl_far *far)
{
	char runtime[32];
	const struct held_places p = {.init = room->init,
				      .path = {"/tmp", "/var/tmp", "/dev/shm", runtime,
					       room->home[0] == '/' && room->home[1] ? room->home : NULL}};
	struct tmpfs_use use[PLACES] = {{0}};
	uint64_t sum = 0;

	(void)snprintf(runtime, sizeof(runtime), "/run/user/%u", room->uid);
	if (look_at(&p, far, use) < 0)
		return UINT64_MAX;
	for (size_t i = 0; i < PLACES; i++) {
		bool counted = use[i].device == 0 || is_hosts(&use[i], p.path[i]);

		for (size_t j = 0; j < i; j++)
			counted |= use[j].device == use[i].device;
		sum += counted ? 0 : use[i].bytes;
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
	uint64_t segments = 0, files = UINT64_MAX;
	struct ctl_far far;

	if (ctl_far_read(room->init, &far) < 0)
		return UINT64_MAX;
	if (!(room->adopt.ns_mask & CRL_NS_BIT(CRL_NS_IPC)) || segments_held(init, &segments))
		files = files_held(room, &far);
	ctl_far_done(&far);
	/* Still the one of the pidfd: then the paths have led to it, too. */
	return files == UINT64_MAX || syscall(SYS_pidfd_send_signal, init, 0, NULL, 0) < 0 ? UINT64_MAX
											   : files + segments;
}
