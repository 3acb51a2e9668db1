// SPDX-License-Identifier: Apache-2.0
/*
 * What supervisor and init may still open by name when their room stands.
 *
 * Runs in: helper, at the moment it becomes the supervisor; init, before it gives up its power.
 * R1: what can be opened before is opened before (the host's utmp, wtmp and lastlog, the kernel's log, a home's and a
 * /tmp's size): no place is named here for it.
 */
#include "helper/supervisor/reach.h"

#include <fcntl.h>
#include <grp.h>
#include <syslog.h>
#include <time.h>

#include "apply/landlock.h"
#include "apply/sandbox.h"
#include "base/err.h"
#include "base/log.h"
#include "helper/init/janitor.h"
#include "helper/kept_room.h"
#include "helper/parts/manager.h"
#include "state/rooms/seats.h"
#include "state/why/why.h"

#define PLACES_MAX 11
#define TTY_GID 5 /* of the terminals in every room: plan of /dev/pts */
#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct reach_places {
	struct crl_reach_place item[PLACES_MAX];
	int opened[PLACES_MAX]; /* those that are closed again */
	size_t len;
	size_t opened_len;
};

static void scope_places(struct reach_places *p)
{
	for (size_t i = 0; i < p->opened_len; i++)
		scope_close_fd(&p->opened[i]);
}

static void add(struct reach_places *p, int fd, uint32_t rights)
{
	p->item[p->len++] = (struct crl_reach_place){fd, rights};
}

/* A place that is not there is left out. Returns whether it is there. */
static bool add_path(struct reach_places *p, int at, const char *path, uint32_t rights)
{
	int fd = openat(at, path, DIR_FLAGS);

	p->opened[p->opened_len++] = fd;
	add(p, fd, rights);
	return fd >= 0;
}

/*
 * systemd's tree: the user's slice, where what a login left is killed, and the slice to which the application goes
 * meanwhile. Our own: an application goes back to where it came from, which can be anywhere.
 */
static void add_cgroups(struct reach_places *p, const struct crl_kept *room)
{
	const struct crl_manager *m = room->manager;

	if (room->cgroup_root < 0)
		return;
	if (m->house && add_path(p, room->cgroup_root, m->house, m->reach) &&
	    add_path(p, room->cgroup_root, room->slice, m->reach))
		add(p, room->cgroup_root, CRL_REACH_READ);
	else
		add(p, room->cgroup_root, m->reach);
}

int crl_confine_room(struct crl_kept *room, struct crl_err *err)
{
	const uint32_t records = CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_FILES;
	__attribute__((cleanup(scope_places))) struct reach_places p = {.len = 0};
	scoped_fd why = -EBADF;

	tzset(); /* R1: its file is read once */
	if (crl_why_open(room->state.dir, true, &why) < 0)
		crl_log(LOG_WARNING, "room=%s: what its logins meet cannot be recorded", room->id);
	add(&p, room->state.rooms, records);
	add(&p, why, records);
	(void)add_path(&p, AT_FDCWD, "/proc", CRL_REACH_READ);
	add(&p, room->proc, CRL_REACH_READ);
	add(&p, room->pts, CRL_REACH_WRITE);
	add(&p, room->holders, CRL_REACH_REMOVE);
	if (room->seat[0])
		(void)add_path(&p, room->state.dir, CRL_SEATS_DIR, CRL_REACH_REMOVE);
	if (room->manager->dropins)
		(void)add_path(&p, AT_FDCWD, room->manager->dropins, CRL_REACH_READ | CRL_REACH_REMOVE);
	add_cgroups(&p, room);
	if (room->pts >= 0 && setgroups(1, (const gid_t[]){TTY_GID}) < 0) /* what write(1) has, in this room only */
		return crl_err_set(err, errno, CRL_STAGE_HELPER, "cannot take the terminals' group");
	if (crl_landlock_version() == 0)
		crl_log(LOG_DEBUG, "room=%s: this kernel has no Landlock, the supervisor still owns root's files",
			room->id);
	return crl_sandbox_supervisor(&(struct crl_reach){p.item, p.len}, err);
}

int crl_confine_init(const struct crl_janitor *j, struct crl_err *err)
{
	const struct crl_reach_place place[] = {
		{j->state.rooms, CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_FILES},
		{j->cgroup_root, CRL_REACH_READ | CRL_REACH_REMOVE},
		{j->proc, CRL_REACH_READ},
	};

	return crl_sandbox_init(&(struct crl_reach){place, CRL_ARRAY_LEN(place)}, err);
}
