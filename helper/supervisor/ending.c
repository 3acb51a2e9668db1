// SPDX-License-Identifier: Apache-2.0
/* See ending.h. */
#include "helper/supervisor/ending.h"

#include <poll.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "helper/init/orders.h"
#include "helper/kept_room.h"
#include "helper/supervisor/alive.h"
#include "helper/supervisor/member.h"
#include "plan/grace.h"

#define COUNT_MAX 9999 /* more than that are not counted */

/* R3 */
static bool is_frozen(const struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->cgroup >= 0 && crl_cgroup_is_frozen(room->member[i]->cgroup))
			return true;
	return false;
}

static void hear_closes(const struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		(void)crl_member_asks(room, room->member[i]);
}

/* Shorter when init dies, and with it all in its namespace. */
static void wait_a_little(const struct crl_kept *room, int64_t ms)
{
	struct pollfd init = {.fd = crl_kept_has_pids(room) ? room->init_pidfd : -1, .events = POLLIN};

	(void)poll(&init, 1, (int)ms);
}

/* R1 */
void crl_ending_room(struct crl_kept *room)
{
	const int64_t length_ms = is_frozen(room) ? 0 : (int64_t)room->grace_s * 1000;
	struct crl_grace g = crl_grace_begin(crl_now_ms(), length_ms);

	while (!crl_alive_none(room)) {
		enum crl_grace_step step = crl_grace_next(&g, crl_now_ms());

		if (step == CRL_GRACE_OVER) {
			room->killed = crl_alive_count(room, COUNT_MAX);
			return;
		}
		if (step != CRL_GRACE_WAIT)
			crl_order_room(room, step);
		wait_a_little(room, crl_grace_pause_ms(&g, crl_now_ms()));
		hear_closes(room);
	}
}

void crl_ending_login(struct crl_kept *room, struct crl_member *m)
{
	m->ending = true;
	m->waiting_ms = 0;
	m->grace = crl_grace_begin(crl_now_ms(), crl_cgroup_is_frozen(m->cgroup) ? 0 : (int64_t)room->grace_s * 1000);
}

/* R2 */
bool crl_ending_login_is_over(const struct crl_kept *room, struct crl_member *m)
{
	enum crl_grace_step step;

	if (crl_cgroup_is_idle(m->cgroup, m->pid))
		return true;
	step = crl_grace_next(&m->grace, crl_now_ms());
	if (step == CRL_GRACE_OVER)
		m->killed = crl_cgroup_count(m->cgroup, m->pid);
	else if (step != CRL_GRACE_WAIT)
		crl_order_login(room, m, step);
	return step == CRL_GRACE_OVER;
}

int64_t crl_ending_due_ms(const struct crl_kept *room, int64_t now_ms)
{
	int64_t due = 0;

	for (size_t i = 0; i < room->members; i++) {
		const struct crl_member *m = room->member[i];
		int64_t at = m->ending ? now_ms + crl_grace_pause_ms(&m->grace, now_ms) : 0;

		if (at != 0 && (due == 0 || at < due))
			due = at;
	}
	return due;
}
