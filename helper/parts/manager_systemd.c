// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: it makes and removes the scopes of logins, and has the limits as properties of slices (systemd.c).
 *
 * Runs in: see manager.h.
 */
#include "helper/parts/manager.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/landlock.h"
#include "apply/limits/cgroup.h"
#include "base/err.h"
#include "base/pidfd.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts/systemd.h"
#include "helper/parts/systemd_limits.h"
#include "helper/parts/systemd_used.h"
#include "helper/supervisor/member.h"

/* What the job holds of the limits' use is given up before. */
static void unmake(struct crl_job *job)
{
	crl_manager_release(&job->state, job->cgroup.slice_path);
}

static bool remember(struct crl_member *m, const char *path)
{
	m->scope = strdup(path);
	return m->scope != NULL;
}

static int path(const struct crl_kept *room, const struct crl_member *m, char *buf, size_t size)
{
	(void)room;
	if (!m->scope)
		return -ENOENT;
	return snprintf(buf, size, "%s", m->scope) < (int)size ? 0 : -ENAMETOOLONG;
}

/* While the rest is killed the application stands with us, outside. */
static bool step_aside(const struct crl_kept *room, const struct crl_member *m)
{
	char here[1024];
	struct stat ours, its;
	scoped_fd dir = -EBADF;

	if (crl_cgroup_of(getpid(), here, sizeof(here)) < 0)
		return false;
	dir = openat(room->cgroup_root, here, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &ours) < 0 || fstat(m->cgroup, &its) < 0 || ours.st_ino == its.st_ino)
		return false; /* then killing would hit us */
	return crl_pidfd_is_dead(m->pidfd) || crl_cgroup_attach(dir, m->pid) == 0;
}

/*
 * What dies holds the scope meanwhile. logind takes the word that a session ends from who is in its scope alone:
 * pam_systemd says it after us.
 */
static void step_back(const struct crl_member *m)
{
	if (!crl_pidfd_is_dead(m->pidfd))
		crl_ignore(crl_cgroup_attach(m->cgroup, m->pid));
}

static bool is_over(const struct crl_kept *room, const struct crl_member *m)
{
	scoped_fd dir = -EBADF;

	if (!m->scope)
		return true;
	dir = openat(room->cgroup_root, m->scope, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || crl_cgroup_is_idle(dir, 0);
}

/* systemd is the one writer there; what runs on is found by the room's other processes. */
static bool gather(const struct crl_kept *room, const struct crl_member *from, const struct crl_member *to)
{
	(void)room, (void)from, (void)to;
	return true;
}

static void release(struct crl_kept *room)
{
	crl_manager_use_no_more(room->used);
	crl_manager_release(&room->state, room->slice);
}

const struct crl_manager crl_manager_systemd = {
	.name = "systemd",
	.steward_option = "--house",
	.slice_goes = true,
	.make = crl_systemd_make,
	.unmake = unmake,
	.reload = crl_systemd_reload,
	.remember = remember,
	.path = path,
	.step_aside = step_aside,
	.step_back = step_back,
	.is_over = is_over,
	.gather = gather,
	.unjoined = crl_member_drop,
	.release = release,
	.reach = CRL_REACH_READ | CRL_REACH_WRITE,
	.house = "carrel.slice",
	.dropins = "/run/systemd/system.control",
};
