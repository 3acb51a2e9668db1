// SPDX-License-Identifier: Apache-2.0
/*
 * A new room: plan its mounts, clone its init into new namespaces, wait until it stands.
 *
 * Runs in: helper (root, host namespaces). A failure ends init (its parent's death signal) and leaves nothing.
 */
#include "helper/create.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "apply/mounts/host_devices.h"
#include "apply/mounts/host_places.h"
#include "apply/mounts/host_sockets.h"
#include "apply/namespaces.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "helper/init/init.h"
#include "helper/job.h"
#include "helper/joining.h"
#include "helper/kept_room.h"
#include "helper/obtain.h"
#include "helper/parts.h"
#include "plan/mounts/plan.h"
#include "policy/policy.h"
#include "wire/fdpass.h"
#include "wire/phases.h"

#define CGROUP2_MAGIC 0x63677270

/* Not to know them leaves them open, so the login is refused then. */
static int read_sockets(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	int rc = crl_find_host_sockets(host, err);

	if (rc == 0 && host->sockets_cut)
		crl_log(LOG_WARNING, "id=%s uid=%u: more sockets on this host than are looked at, not all are covered",
			job->id, job->login.uid);
	return rc;
}

/* @fd  -EBADF is nothing's */
static bool is_top(int fd, const char *path)
{
	struct stat here, there;

	return fd >= 0 && fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

static int read_host(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	scoped_fd fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	const struct crl_policy *p = &job->policy;
	struct statfs fs;
	int rc;

	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /proc/self/mountinfo");
	if (gethostname(host->name, sizeof(host->name) - 1) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot read the host's name");
	(void)snprintf(host->room_id, sizeof(host->room_id), "%s", job->id);
	if (p->nested_proc && p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) {
		rc = crl_obtain_nest(job, &host->nest, err);
		if (rc < 0)
			return rc;
	}
	crl_find_host_places(host);
	host->selinux = statfs(CRL_SELINUX_DIR, &fs) == 0 && fs.f_type == SELINUX_MAGIC;
	host->cgroup2_unified = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
	if (host->cgroup2_unified && is_top(job->cgroup.root, "/sys/fs/cgroup"))
		(void)snprintf(host->cgroup, sizeof(host->cgroup), "%s", job->cgroup.slice_path); /* fits */
	if (p->namespaces & CRL_NS_BIT(CRL_NS_UTS))
		(void)snprintf(host->room_name, sizeof(host->room_name), "%s", p->hostname);
	if (p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT) && p->root_mode != CRL_ROOT_IMAGE) {
		rc = read_sockets(job, host, err);
		if (rc < 0)
			return rc;
	}
	rc = crl_find_host_devices(p, host, err);
	if (rc < 0)
		return rc;
	rc = crl_host_read_mounts(fd, host, err);
	return rc < 0 ? rc : crl_parts_look(job, host, err);
}

static pid_t clone_init(const struct crl_job *job, int *ret_pidfd)
{
	/* Time by crl_time_begin(), before this; cgroup by each application for itself, when it is in its cgroup. */
	uint32_t own_way = CRL_NS_BIT(CRL_NS_TIME) | CRL_NS_BIT(CRL_NS_CGROUP) |
			   (crl_job_net(job) >= 0 ? CRL_NS_BIT(CRL_NS_NET) : 0); /* that one is there */
	struct clone_args ca = {
		.flags = crl_ns_clone_flags(job->policy.namespaces & ~own_way) | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};

	if (job->cgroup.slice >= 0) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)job->cgroup.slice;
	}
	return (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
}

static int start_init(const struct crl_job *job, const struct crl_init_args *args, int helper_end,
		      struct crl_kept *room, struct crl_err *err)
{
	int pidfd = -EBADF;
	char absent[80];
	pid_t pid;

	if (job->policy.namespaces & CRL_NS_BIT(CRL_NS_TIME)) {
		int rc = crl_time_begin(err);

		if (rc < 0)
			return rc;
	}
	pid = clone_init(job, &pidfd);
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make the room's namespaces%s",
				   errno == EAGAIN && job->cgroup.slice >= 0
					   ? ": the user, or their budget, has no task left (limits.tasks)"
				   : errno == EINVAL
					   ? crl_ns_absent_text(crl_ns_absent("/proc/self/ns", job->policy.namespaces),
								absent, sizeof(absent))
					   : "");
	if (pid == 0) {
		(void)close(helper_end);
		crl_init_main(args);
	}
	room->init_pid = pid;
	room->init_pidfd = pidfd;
	return 0;
}

/* Its socket's end comes first; a filter that ends it says so by the signal. */
static const char *end_of_init(const struct crl_kept *room)
{
	struct pollfd gone = {.fd = room->init_pidfd, .events = POLLIN};
	siginfo_t info = {0};

	if (poll(&gone, 1, 1000) > 0 &&
	    waitid(P_PIDFD, (id_t)room->init_pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) && info.si_status == SIGSYS)
		return ": a system call filter of this service has ended it (SystemCallFilter= in its unit)";
	return "";
}

static int await_init(const struct crl_job *job, int channel, struct crl_kept *room, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_msg_ready ready;
	int rc = crl_msg_recv(channel, &crl_phases[CRL_PHASE_BIRTH], &ready, sizeof(ready), job->deadline_ms, &got);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "the room's init died or did not answer%s",
				   end_of_init(room));
	if (ready.err.code != 0) {
		rc = crl_err_check(&ready.err);
		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "the room's init sent nonsense");
		*err = ready.err;
		return -err->code;
	}
	if (ready.err.text[0])
		crl_log(LOG_WARNING, "id=%s uid=%u: %.*s", job->id, job->login.uid, (int)sizeof(ready.err.text) - 1,
			ready.err.text);
	room->proc = take_fd(&got.fds[0]);
	room->utmp = take_fd(&got.fds[1]);
	return 0;
}

static int describe(const struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;

	(void)snprintf(room->id, sizeof(room->id), "%s", job->id);
	(void)snprintf(room->name, sizeof(room->name), "%s", job->room_name);
	room->adopt = job->adopt;
	(void)snprintf(room->filter, sizeof(room->filter), "%s", job->filter_name);
	room->holds_projects = job->holds_projects;
	room->shared = p->share != CRL_SHARE_LOGIN;
	room->keep = p->on_close == CRL_CLOSE_KEEP;
	room->linger_s = p->linger_s;
	room->grace_s = crl_job_grace_s(job);
	room->uid = job->login.uid;
	room->gid = job->login.gid;
	room->since = crl_clock_ms() / 1000;
	room->user = strdup(job->login.user);
	room->home_path = strdup(job->login.home);
	return room->user && room->home_path ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
}

static int build(struct crl_job *job, struct crl_kept *room, const struct crl_init_args *args, struct crl_err *err)
{
	scoped_fd helper_end = -EBADF, init_end = -EBADF;
	struct crl_init_args mine = *args;
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a socket pair");
	helper_end = pair[0];
	init_end = pair[1];
	mine.channel = init_end;
	rc = start_init(job, &mine, helper_end, room, err);
	if (rc < 0)
		return rc;
	drop_fd(&init_end); /* so that init's death is seen as end of file */
	rc = crl_parts_equip(job, room, args->mounts, helper_end, err);
	if (rc < 0)
		return rc;
	crl_log_connect();
	rc = await_init(job, helper_end, room, err);
	job->init_channel = take_fd(&helper_end);
	return rc;
}

int crl_create_room(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	bool mounts = job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT);
	scoped(crl_mount_plan) plan = {0};
	scoped(crl_host) host = {0};
	struct crl_init_args args = {.job = job, .host = &host, .mounts = mounts ? &plan : NULL, .channel = -EBADF};
	int rc;

	rc = crl_parts_prepare(job, room, err);
	if (rc == 0)
		rc = read_host(job, &host, err);
	if (rc < 0)
		return rc;
	if (mounts) {
		rc = crl_mount_plan_build(&job->policy, &job->login, &host, &plan, err);
		if (rc < 0)
			return rc;
		if (plan.homeless)
			crl_log(LOG_NOTICE, "id=%s uid=%u: the room has no home: %s", job->id, job->login.uid,
				plan.homeless);
	}
	rc = build(job, room, &args, err);
	if (rc == 0 && job->policy.share != CRL_SHARE_LOGIN) {
		rc = crl_joining_listen(&job->state, job->room_name, job->id, &room->listen);
		if (rc < 0)
			rc = crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot listen for further logins of the room");
	}
	if (rc < 0)
		return rc;
	(void)snprintf(job->adopt.room, sizeof(job->adopt.room), "%s", job->id);
	rc = describe(job, room, err);
	return rc < 0 ? rc : crl_parts_stand(job, room, err);
}
