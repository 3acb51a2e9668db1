// SPDX-License-Identifier: Apache-2.0
/* See left.h. */
#include "helper/left.h"

#include <fcntl.h>
#include <syslog.h>

#include "apply/cgroup.h"
#include "base/log.h"
#include "helper/helper.h"

#define AGAIN_FIRST_MS 1000
#define AGAIN_MOST_MS 60000

/* True when no process is left of it; then its cgroup is gone, too. systemd removes its own. */
static bool is_over(const struct crl_room *room, const struct crl_member *m)
{
	scoped_fd dir = -EBADF;

	if (room->cgroup_root < 0)
		return true;
	if (!room->managed)
		return crl_cgroup_remove(room->cgroup_root, room->slice, m->id) != -EBUSY;
	if (!m->scope)
		return true;
	dir = openat(room->cgroup_root, m->scope, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || crl_cgroup_is_idle(dir, 0);
}

/* The last of those that have left something before, and how many they are. */
static struct crl_member *find_last(const struct crl_room *room, size_t *ret_count)
{
	struct crl_member *last = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < room->members; i++) {
		if (!room->member[i]->gone)
			continue;
		last = !last || room->member[i]->since_ms > last->since_ms ? room->member[i] : last;
		++*ret_count;
	}
	return last;
}

/* Returns false when it has to keep its own. */
static bool move_to(const struct crl_room *room, const struct crl_member *from, const struct crl_member *to)
{
	char path[2][CRL_SLICE_MAX + 32];
	scoped_fd a = -EBADF, b = -EBADF;

	if (room->managed) /* systemd is the one writer there; what runs on is found by the room's other processes */
		return true;
	if (crl_cgroup_path(room->slice, from->id, path[0], sizeof(path[0])) < 0 ||
	    crl_cgroup_path(room->slice, to->id, path[1], sizeof(path[1])) < 0)
		return false;
	a = openat(room->cgroup_root, path[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b = openat(room->cgroup_root, path[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return a >= 0 && b >= 0 && crl_cgroup_gather(a, b) == 0 &&
	       crl_cgroup_remove(room->cgroup_root, room->slice, from->id) == 0;
}

static void schedule(struct crl_room *room, int64_t wait_ms)
{
	size_t count;

	room->left.wait_ms = wait_ms < AGAIN_MOST_MS ? wait_ms : AGAIN_MOST_MS;
	room->left.again_ms = find_last(room, &count) ? crl_now_ms() + room->left.wait_ms : 0;
}

void crl_left_add(struct crl_room *room, struct crl_member *m)
{
	struct crl_member *last;
	size_t count;

	drop_fd(&m->channel);
	drop_fd(&m->pidfd);
	drop_fd(&m->joiner);
	drop_fd(&m->cgroup);
	m->asked = false;
	m->waiting_ms = 0;
	last = find_last(room, &count);
	m->gone = true;
	if (is_over(room, m)) {
		crl_member_drop(room, m);
	} else if (count >= CRL_ROOM_LEFT_MAX) {
		if (move_to(room, m, last))
			crl_member_drop(room, m);
		else
			crl_log(LOG_WARNING, "id=%s room=%s: what it left cannot be moved to what others left", m->id, room->id);
	}
	schedule(room, AGAIN_FIRST_MS);
}

bool crl_left_look(struct crl_room *room)
{
	bool changed = false;

	for (size_t i = room->members; i-- > 0;) { /* the last one takes the place of one that is dropped */
		struct crl_member *m = room->member[i];

		if (!m->gone || !is_over(room, m))
			continue;
		crl_member_drop(room, m);
		changed = true;
	}
	schedule(room, room->left.wait_ms);
	return changed;
}

void crl_left_retry(struct crl_room *room)
{
	if (room->left.again_ms == 0 || crl_now_ms() < room->left.again_ms)
		return;
	room->left.wait_ms *= 2;
	if (crl_left_look(room))
		crl_room_record(room);
}
