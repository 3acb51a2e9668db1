// SPDX-License-Identifier: Apache-2.0
/*
 * What init does when its supervisor was killed: end everything inside, remove the room's files and cgroups.
 *
 * Runs in: the room's init, in its sandbox, with CAP_KILL and the descriptors that it took along.
 * R1: only PID 1 of a namespace says kill(-1); anywhere else that would be the host's processes. R2: a supervisor that
 * was killed while it ended the room had given its name free: the record then goes by the room's id.
 */
#include "helper/init/janitor.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "helper/init/orders.h"
#include "helper/job.h"
#include "helper/parts/manager.h"
#include "plan/grace.h"
#include "policy/policy.h"
#include "state/rooms/record.h"

#define FIRST_KEPT 10
#define FDS_MAX 64
#define REMOVE_WAIT_MS 5000 /* for a login's cgroup to become empty */
#define REMOVE_RETRY_MS 20

static int keep(int fd)
{
	return fd < 0 ? -EBADF : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_KEPT);
}

/* Where the application came from can hold processes: there init goes to let go of the user's slice. */
static int open_way_out(const struct crl_job_cgroup *c)
{
	const char *origin = c->origin + (c->origin[0] == '/');
	char path[sizeof(c->origin) + 16];

	if (c->root < 0)
		return -EBADF;
	(void)snprintf(path, sizeof(path), "%s%scgroup.procs", origin, origin[0] ? "/" : ""); /* fits */
	return openat(c->root, path, O_WRONLY | O_CLOEXEC);
}

/* All that is waited for is blocked; read as descriptors, it can be waited for together. */
static int open_signals(void)
{
	scoped_fd fd = -EBADF;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : keep(fd);
}

int crl_janitor_prepare(struct crl_janitor *j, const struct crl_job *job, int channel)
{
	scoped_fd way_out = open_way_out(&job->cgroup);

	j->state = (struct crl_state){-EBADF, keep(job->state.rooms), -EBADF};
	j->cgroup_root = job->cgroup.manager->remove ? keep(job->cgroup.root) : -EBADF;
	j->way_out = keep(way_out);
	(void)snprintf(j->slice, sizeof(j->slice), "%s", job->cgroup.slice_path);
	j->shared = job->policy.share != CRL_SHARE_LOGIN;
	(void)snprintf(j->name, sizeof(j->name), "%s", job->room_name);
	(void)snprintf(j->room, sizeof(j->room), "%s", job->id);
	j->grace_s = crl_job_grace_s(job);
	j->orders = keep(channel);
	j->signals = open_signals();
	j->proc = -EBADF;
	return j->orders < 0 || j->signals < 0 ? -EMFILE : 0;
}

void crl_janitor_keep_proc(struct crl_janitor *j, int proc)
{
	j->proc = keep(proc);
}

void crl_janitor_close_others(const struct crl_janitor *j)
{
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (fd != j->state.rooms && fd != j->cgroup_root && fd != j->way_out && fd != j->orders &&
		    fd != j->signals && fd != j->proc)
			(void)close(fd);
}

/* The application is in the login's cgroup itself and takes a moment to notice that its children died. */
static void remove_cgroup(void *arg, const char *root, const char *slice, const char *id)
{
	const struct crl_janitor *j = arg;

	(void)root; /* the room's own, which is open */
	for (int64_t end = crl_now_ms() + REMOVE_WAIT_MS;
	     crl_cgroup_remove(j->cgroup_root, slice, id) == -EBUSY && crl_now_ms() < end;)
		crl_pause_ms(REMOVE_RETRY_MS);
}

/* R1. Who is dead and not yet reaped by an application counts as there: that costs no more than the time. */
static void leave_time(const struct crl_janitor *j)
{
	struct crl_grace g = crl_grace_begin(crl_now_ms(), (int64_t)j->grace_s * 1000);

	for (;;) {
		enum crl_grace_step step = crl_grace_next(&g, crl_now_ms());

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (step == CRL_GRACE_OVER || (kill(-1, 0) < 0 && errno == ESRCH))
			return;
		if (step != CRL_GRACE_WAIT)
			crl_signal_room(j->proc, step);
		crl_pause_ms((unsigned int)crl_grace_pause_ms(&g, crl_now_ms()));
	}
}

_Noreturn void crl_janitor_tidy_up(struct crl_janitor *j)
{
	if (getpid() != 1) /* R1 */
		_exit(0);
	leave_time(j);
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (j->cgroup_root >= 0) {
		crl_record_each_cgroup(&j->state, j->name, j->room, remove_cgroup, j);
		if (strcmp(j->name, j->room) != 0) /* the supervisor may have been on its way out already (R2) */
			crl_record_each_cgroup(&j->state, j->room, j->room, remove_cgroup, j);
		if (write(j->way_out, "0", 1) == 1)
			crl_ignore(crl_cgroup_remove(j->cgroup_root, j->slice, j->room)); /* the slices, now empty */
	}
	crl_record_remove_own(&j->state, j->name, j->room, j->shared);
	crl_record_remove(j->state.rooms, j->room); /* R2: an id is nobody else's */
	_exit(0);
}
