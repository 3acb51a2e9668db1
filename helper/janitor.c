// SPDX-License-Identifier: Apache-2.0
/*
 * What init does when its supervisor was killed: end everything inside, remove the room's files and cgroups.
 *
 * Runs in: the room's init, in its sandbox, with CAP_KILL and the descriptors that it took along.
 * R1: only PID 1 of a namespace says kill(-1); anywhere else that would be the host's processes.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "apply/cgroup.h"

#define FIRST_KEPT 10
#define FDS_MAX 64

static int keep(int fd)
{
	return fd < 0 ? -EBADF : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_KEPT);
}

/* Where the application came from can hold processes: there init goes to let go of the user's slice. */
static int open_way_out(const struct crl_login_cgroup *c)
{
	const char *origin = c->origin + (c->origin[0] == '/');
	char path[sizeof(c->origin) + 16];

	if (c->root < 0)
		return -EBADF;
	(void)snprintf(path, sizeof(path), "%s%scgroup.procs", origin, origin[0] ? "/" : ""); /* fits */
	return openat(c->root, path, O_WRONLY | O_CLOEXEC);
}

void crl_janitor_prepare(struct crl_janitor *j, const struct crl_job *job)
{
	scoped_fd way_out = open_way_out(&job->cgroup);

	j->state = (struct crl_state){-EBADF, keep(job->state.rooms), -EBADF};
	j->cgroup_root = job->cgroup.managed ? -EBADF : keep(job->cgroup.root);
	j->way_out = keep(way_out);
	(void)snprintf(j->slice, sizeof(j->slice), "%s", job->cgroup.slice_path);
	j->shared = job->policy.share != CRL_SHARE_LOGIN;
	(void)snprintf(j->name, sizeof(j->name), "%s", job->room_name);
	(void)snprintf(j->room, sizeof(j->room), "%s", job->id);
}

void crl_janitor_close_others(const struct crl_janitor *j)
{
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (fd != j->state.rooms && fd != j->cgroup_root && fd != j->way_out)
			(void)close(fd);
}

/* The application is in the login's cgroup itself and takes a moment to notice that its children died. */
static void remove_cgroup(void *arg, const char *root, const char *slice, const char *id)
{
	const struct crl_janitor *j = arg;

	(void)root; /* the room's own, which is open */
	for (int i = 0; i < 250 && crl_cgroup_remove(j->cgroup_root, slice, id) == -EBUSY; i++)
		crl_pause_ms(20);
}

_Noreturn void crl_janitor_tidy_up(struct crl_janitor *j)
{
	if (getpid() != 1) /* R1 */
		_exit(0);
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (j->cgroup_root >= 0) {
		crl_record_each_cgroup(&j->state, j->name, j->room, remove_cgroup, j);
		if (write(j->way_out, "0", 1) == 1)
			crl_ignore(crl_cgroup_remove(j->cgroup_root, j->slice, j->room)); /* the slices, now empty */
	}
	crl_record_remove_own(&j->state, j->name, j->room, j->shared);
	_exit(0);
}
