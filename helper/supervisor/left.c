// SPDX-License-Identifier: Apache-2.0
/* See left.h. */
#include "helper/supervisor/left.h"

#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "helper/kept_room.h"
#include "helper/parts/manager.h"
#include "helper/parts/outer.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/recording.h"
#include "state/rooms/record.h"
#include "wire/proto.h"

#define AGAIN_FIRST_MS 1000
#define AGAIN_MOST_MS 60000

static bool is_over(const struct crl_kept *room, const struct crl_member *m)
{
	return room->cgroup_root < 0 || room->manager->is_over(room, m);
}

/* The last of those that have left something before, and how many they are. */
static struct crl_member *find_last(const struct crl_kept *room, size_t *ret_count)
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

static void schedule(struct crl_kept *room, int64_t wait_ms)
{
	size_t count;

	room->left.wait_ms = wait_ms < AGAIN_MOST_MS ? wait_ms : AGAIN_MOST_MS;
	room->left.again_ms = find_last(room, &count) ? crl_now_ms() + room->left.wait_ms : 0;
}

void crl_left_add(struct crl_kept *room, struct crl_member *m)
{
	struct crl_member *last;
	size_t count;

	drop_fd(&m->channel);
	drop_fd(&m->pidfd);
	drop_fd(&m->joiner);
	drop_fd(&m->cgroup);
	crl_outer_free(take_ptr(m->outer));
	m->asked = m->ending = false;
	m->waiting_ms = 0;
	last = find_last(room, &count);
	m->gone = true;
	if (is_over(room, m)) {
		crl_member_drop(room, m);
	} else if (count >= CRL_ROOM_LEFT_MAX) {
		if (room->manager->gather(room, m, last))
			crl_member_drop(room, m);
		else
			crl_log(LOG_WARNING, "id=%s room=%s: what it left cannot be moved to what others left", m->id,
				room->id);
	}
	schedule(room, AGAIN_FIRST_MS);
}

bool crl_left_look(struct crl_kept *room)
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

void crl_left_retry(struct crl_kept *room)
{
	if (room->left.again_ms == 0 || crl_now_ms() < room->left.again_ms)
		return;
	room->left.wait_ms *= 2;
	if (crl_left_look(room))
		crl_recording_write(room);
}
