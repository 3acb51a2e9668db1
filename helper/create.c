// SPDX-License-Identifier: Apache-2.0
/*
 * A new room: plan its mounts, clone its init into new namespaces, wait until it stands.
 *
 * Runs in: helper (root, host namespaces). A failure ends init (its parent's death signal) and leaves nothing.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "base/log.h"
#include "plan/mounts.h"

#define CGROUP2_MAGIC 0x63677270

/* Without /proc/net/unix there is no AF_UNIX; any other fault leaves the sockets open, so the login is refused. */
static int read_sockets(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	scoped_fd fd = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /proc/net/unix");
	r = crl_host_read_sockets(fd, host, err);
	if (r == 0 && host->sockets_cut)
		crl_log(LOG_WARNING, "id=%s uid=%u: more sockets on this host than are looked at, not all are covered", job->id,
			job->login.uid);
	return r;
}

static int read_host(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	scoped_fd fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	const struct crl_policy *p = &job->policy;
	struct statfs fs;
	const char *tty = job->login.tty;

	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /proc/self/mountinfo");
	if (gethostname(host->name, sizeof(host->name) - 1) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot read the host's name");
	(void)snprintf(host->room_id, sizeof(host->room_id), "%s", job->id);
	host->screen = access("/run/screen", F_OK) == 0;
	host->cgroup2_unified = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
	/* sshd says "ssh", cron says "cron": only what is a terminal device counts, which applying it proves. */
	if (strncmp(tty, "pts/", 4) == 0 || strncmp(tty, "tty", 3) == 0)
		(void)snprintf(host->outer_tty, sizeof(host->outer_tty), "/dev/%.50s", tty);
	if (p->namespaces & CRL_NS_BIT(CRL_NS_UTS))
		(void)snprintf(host->room_name, sizeof(host->room_name), "%s", p->hostname);
	if (p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT) && p->root_mode == CRL_ROOT_HOST) {
		int r = read_sockets(job, host, err);

		if (r < 0)
			return r;
	}
	return crl_host_read_mounts(fd, host, err);
}

/*
 * Make uptime start now: the next child gets a time namespace whose boot clock reads one second, since programs take
 * zero for "not yet" (sshd's ChannelTimeout does). The monotonic clock stays: timers of the application, which joins
 * while it runs, must not jump.
 */
static int offset_time(struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct timespec now;
	char text[64];
	int n;

	if (unshare(CLONE_NEWTIME) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a time namespace");
	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot read the boot clock");
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "boottime -%lld 0\n", (long long)(now.tv_sec > 0 ? now.tv_sec - 1 : 0));
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot set the boot clock's offset");
	return 0;
}

static pid_t clone_init(const struct crl_job *job, int *ret_pidfd)
{
	uint32_t own_way = CRL_NS_BIT(CRL_NS_TIME) | CRL_NS_BIT(CRL_NS_CGROUP); /* made by unshare, see there */
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
		      struct crl_room *room, struct crl_err *err)
{
	int pidfd = -EBADF;
	pid_t pid;

	if (job->policy.namespaces & CRL_NS_BIT(CRL_NS_TIME)) {
		int r = offset_time(err);

		if (r < 0)
			return r;
	}
	pid = clone_init(job, &pidfd);
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make the room's namespaces%s",
				   errno == EAGAIN && job->cgroup.slice >= 0
					   ? ": the user, or his budget, has no task left (limits.tasks)"
					   : "");
	if (pid == 0) {
		(void)close(helper_end);
		crl_init_main(args);
	}
	room->init_pid = pid;
	room->init_pidfd = pidfd;
	return 0;
}

static int await_init(const struct crl_job *job, int channel, struct crl_room *room, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_msg_ready ready;
	int r = crl_msg_recv(channel, CRL_ACCEPT(CRL_MSG_READY), &ready, sizeof(ready), job->deadline_ms, &got);

	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_NAMESPACE, "the room's init died or did not answer");
	if (ready.err.code != 0) {
		r = crl_err_check(&ready.err);
		if (r < 0)
			return crl_err_set(err, -r, CRL_STAGE_NAMESPACE, "the room's init sent nonsense");
		*err = ready.err;
		return -err->code;
	}
	if (ready.err.text[0])
		crl_log(LOG_WARNING, "id=%s: %.*s", job->id, (int)sizeof(ready.err.text) - 1, ready.err.text);
	room->proc = take_fd(&got.fds[0]);
	room->utmp = take_fd(&got.fds[1]);
	return 0;
}

/* Through our own descriptor: the state directory's path may be longer than sun_path. */
static int name_socket(const struct crl_state *s, const char *name, struct sockaddr_un *ret)
{
	int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s.sock", s->rooms, name);

	ret->sun_family = AF_UNIX;
	return n < 0 || (size_t)n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

/*
 * What a socket was bound to is shown for ever in /proc/net/unix, to everybody who has the host's network: so that is
 * the random id, and the name by which it is found, which says whose room it is, only comes after that.
 */
int crl_room_listen(const struct crl_state *s, const char *name, const char *id, int *ret_fd)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char from[CRL_ID_MAX + 8], to[CRL_KEY_MAX + 8];
	struct sockaddr_un sa = {0};

	(void)snprintf(from, sizeof(from), "%s.sock", id); /* both are shorter */
	(void)snprintf(to, sizeof(to), "%s.sock", name);
	if (fd < 0)
		return -errno;
	if (name_socket(s, id, &sa) < 0)
		return -ENAMETOOLONG;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 128) < 0)
		return -errno;
	if (renameat2(s->rooms, from, s->rooms, to, RENAME_NOREPLACE) < 0) {
		int e = errno;

		(void)unlinkat(s->rooms, from, 0);
		return e == EEXIST ? -EADDRINUSE : -e;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_room_connect(const struct crl_state *s, const char *name, int *ret_fd)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {0};

	if (fd < 0)
		return -errno;
	if (name_socket(s, name, &sa) < 0)
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Before anything of the room costs the host something. */
static int take_seat(const struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	uint64_t most = job->policy.rooms;
	int r;

	if (most == CRL_UNLIMITED || job->options->rehearse)
		return 0;
	r = crl_seat_take(job->state.dir, job->login.uid, most, room->seat, &room->seat_fd);
	if (r == -EDQUOT)
		return crl_err_set(err, EDQUOT, CRL_STAGE_LIMITS, "the user has all rooms that limits.rooms gives him (%" PRIu64 ")",
				   most);
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_STATE, "cannot count the user's rooms") : 0;
}

static int describe(const struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;

	(void)snprintf(room->id, sizeof(room->id), "%s", job->id);
	(void)snprintf(room->name, sizeof(room->name), "%s", job->room_name);
	room->adopt = job->adopt;
	(void)snprintf(room->filter, sizeof(room->filter), "%s", job->filter_name);
	room->shared = p->share != CRL_SHARE_LOGIN;
	room->keep = p->on_close == CRL_CLOSE_KEEP;
	room->linger_s = p->linger_s;
	room->accounting = !job->options->rehearse && p->need[CRL_FEATURE_ACCOUNTING] != CRL_NEED_OFF && room->utmp >= 0;
	room->uid = job->login.uid;
	room->gid = job->login.gid;
	room->since = crl_clock_ms() / 1000;
	room->user = strdup(job->login.user);
	room->home_path = strdup(job->login.home);
	return room->user && room->home_path ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
}

static int build(struct crl_job *job, struct crl_room *room, const struct crl_init_args *args, struct crl_err *err)
{
	scoped_fd helper_end = -EBADF, init_end = -EBADF;
	struct crl_init_args mine = *args;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a socket pair");
	helper_end = pair[0];
	init_end = pair[1];
	mine.channel = init_end;
	r = start_init(job, &mine, helper_end, room, err);
	if (r < 0)
		return r;
	drop_fd(&init_end); /* so that init's death is seen as end of file */
	r = crl_filter_obtain(job, err); /* while init mounts */
	if (r < 0)
		return r;
	r = await_init(job, helper_end, room, err);
	job->init_channel = take_fd(&helper_end);
	return r;
}

int crl_create_room(struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	bool mounts = job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT);
	scoped(crl_mount_plan) plan = {0};
	scoped(crl_host) host = {0};
	struct crl_init_args args = {.job = job, .host = &host, .mounts = mounts ? &plan : NULL, .channel = -EBADF};
	int r;

	r = take_seat(job, room, err);
	if (r == 0)
		r = read_host(job, &host, err);
	if (r < 0)
		return r;
	if (mounts) {
		r = crl_mount_plan_build(&job->policy, &job->login, &host, &plan, err);
		if (r < 0)
			return r;
	}
	r = build(job, room, &args, err);
	if (r == 0 && job->policy.share != CRL_SHARE_LOGIN) {
		r = crl_room_listen(&job->state, job->room_name, job->id, &room->listen);
		if (r < 0)
			r = crl_err_set(err, -r, CRL_STAGE_STATE, "cannot listen for further logins of the room");
	}
	if (r < 0)
		return r;
	(void)snprintf(job->adopt.room, sizeof(job->adopt.room), "%s", job->id);
	r = describe(job, room, err);
	return r < 0 ? r : crl_room_open_accounting(room, job->policy.need[CRL_FEATURE_ACCOUNTING] == CRL_NEED_REQUIRE, err);
}
