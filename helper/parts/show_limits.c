// SPDX-License-Identifier: Apache-2.0
/*
 * What a room shows of the user's limits, put right when somebody comes back into a room that lingered.
 *
 * A room shows the user's slice. systemd removes that behind his last session, and makes another for the next one: the
 * room would go on showing the one that is gone, in which nothing can be read.
 *
 * Runs in: helper (root, host namespaces) that joins a room; a child of it goes into the room's mount namespace. It is
 * for information only, so failing is logged and keeps nobody out. R1: the child executes nothing, and reads nothing
 * of the room's.
 */
#include "helper/parts/show_limits.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <syslog.h>

#include "base/child.h"
#include "base/compat.h"
#include "base/log.h"
#include "base/nskind.h"
#include "helper/job.h"
#include "helper/parts/manager.h"
#include "wire/proto.h"

#define SHOWN "/sys/fs/cgroup"

/* The slice, when it is another than the room shows; "" else. */
static void find_other(const struct crl_job *job, pid_t init, char ret[CRL_SLICE_MAX + 32])
{
	const uint32_t ns = job->adopt.ns_mask;
	struct stat now, shown;
	struct statfs fs;
	char path[64];

	ret[0] = '\0';
	if (!job->cgroup.manager->slice_goes || !(ns & CRL_NS_BIT(CRL_NS_CGROUP)) || !(ns & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/root" SHOWN, (int)init);
	(void)snprintf(ret, CRL_SLICE_MAX + 32, SHOWN "/%s", job->cgroup.slice_path);
	if (stat(ret, &now) < 0 || stat(path, &shown) < 0 || statfs(path, &fs) < 0 ||
	    (unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC || now.st_ino == shown.st_ino)
		ret[0] = '\0';
}

/* R1 */
static int replace(const char *slice, int init_pidfd)
{
	struct mount_attr attr = {.attr_set =
					  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	scoped_fd fd = open_tree(AT_FDCWD, slice, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	attr.propagation = MS_PRIVATE;
	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ||
	    setns(init_pidfd, CLONE_NEWNS) < 0)
		return -errno;
	if (umount2(SHOWN, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return -errno;
	return move_mount(fd, "", AT_FDCWD, SHOWN, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

void crl_limits_show_again(const struct crl_job *job, int init_pidfd, pid_t init_pid)
{
	char slice[CRL_SLICE_MAX + 32];
	pid_t self = getpid(), child;
	int rc;

	find_other(job, init_pid, slice);
	if (slice[0] == '\0')
		return;
	child = fork();
	if (child == 0) {
		if (!crl_child_ends_with(self))
			_exit(ESRCH);
		_exit(-replace(slice, init_pidfd) & 0xff);
	}
	rc = child < 0 ? -errno : crl_child_answer(child, crl_job_patience_ms(job));
	if (rc < 0)
		crl_log(LOG_WARNING, "id=%s room=%s: the room shows limits of before: %s", job->id, job->adopt.room,
			strerror(-rc));
}
