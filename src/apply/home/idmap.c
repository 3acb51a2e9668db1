// SPDX-License-Identifier: Apache-2.0
/*
 * See idmap.h. A user namespace needs a process to be born with; this one's does nothing and is ended at once.
 *
 * R1: the map is written from outside, by a process that has power over the ids on both sides.
 */
#include "apply/home/idmap.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/child.h"
#include "base/compat.h"
#include "base/pidfd.h"

#define IDS_LAST (UINT32_MAX - 1) /* (uint32_t)-1 is no id */

static pid_t make_process(int *ret_pidfd)
{
	struct clone_args ca = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret_pidfd, .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)pause();
}

static int open_in_proc(pid_t number, const char *file, int flags)
{
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", number, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* R1 */
static int write_map(pid_t number, const char *file, uint32_t id)
{
	scoped_fd fd = open_in_proc(number, file, O_WRONLY);
	char text[128];
	int n = snprintf(text, sizeof(text), "0 %" PRIu32 " 1\n", id);

	if (fd < 0)
		return fd;
	if (id > 1)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "1 1 %" PRIu32 "\n", id - 1);
	if (id < IDS_LAST)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", id + 1,
			      id + 1, IDS_LAST - id);
	return write(fd, text, (size_t)n) == n ? 0 : -errno;
}

int crl_idmap_open(uint32_t uid, uint32_t gid, int *ret_fd)
{
	scoped_fd pidfd = -EBADF;
	pid_t number, pid = make_process(&pidfd);
	int rc;

	if (pid < 0)
		return pid;
	rc = crl_pidfd_pid(pidfd, &number); /* /proc is the host's, we may be in a PID namespace below */
	if (rc == 0)
		rc = write_map(number, "uid_map", uid);
	if (rc == 0)
		rc = write_map(number, "gid_map", gid);
	if (rc == 0)
		rc = open_in_proc(number, "ns/user", O_RDONLY);
	crl_child_end(pid); /* it only pauses, and nobody but root can stop it */
	if (rc < 0)
		return rc;
	*ret_fd = rc;
	return 0;
}

int crl_idmap_apply(int mount, int map)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)map};

	return mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int crl_idmap_try(int dir)
{
	scoped_fd mount = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	scoped_fd map = -EBADF;
	int rc = mount < 0 ? -errno : crl_idmap_open(1, 1, &map);

	return rc < 0 ? rc : crl_idmap_apply(mount, map);
}
