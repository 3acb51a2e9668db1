// SPDX-License-Identifier: Apache-2.0
/*
 * Terminals of the host: the one on which a login comes, shown in its room; and the one by which the host knows a login
 * that has none there (outer.h).
 *
 * Runs in: helper (root, host namespaces); begin in the supervisor.
 */
#include "helper/parts.h"

#include "base/clock.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts/accounting.h"
#include "helper/parts/outer.h"
#include "helper/parts/outer_tty.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/watch.h"
#include "plan/mounts/plan.h"

#define TERMINAL_WAIT_MS 100

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	(void)err;
	crl_outer_tty(job, host->outer_tty, sizeof(host->outer_tty));
	return 0;
}

static void keep(struct crl_job *job, struct crl_kept *room)
{
	if (room->members > 0 && crl_account_wants_outer(room, job->login.shows))
		room->member[0]->outer = crl_outer_open();
}

static void begin(struct crl_kept *room, struct crl_member *m, int helper)
{
	if (crl_account_wants_outer(room, m->shows))
		m->outer = crl_outer_receive(helper, TERMINAL_WAIT_MS);
}

/* Some of each, so that who is written to without end keeps nobody else waiting. */
static bool copy(struct crl_kept *room, void *arg)
{
	(void)room;
	crl_outer_copy(arg);
	return false;
}

static void watch(struct crl_kept *room, struct crl_watches *w)
{
	for (size_t i = 0; i < room->members; i++) {
		struct crl_outer *o = room->member[i]->outer;
		struct pollfd p;
		int64_t due = 0;

		if (!o)
			continue;
		p = crl_outer_event(o, crl_now_ms(), &due);
		crl_watches_add(w, p.fd, p.events, copy, o);
		crl_watches_due(w, due);
	}
}

const struct crl_part crl_part_outer = {
	.name = "outer",
	.look = look,
	.keep = keep,
	.begin = begin,
	.watch = watch,
	.undo_not = "the kernel closes it, and it is gone",
	.end_not = "it is the member's, and closed with it",
	.leaves = CRL_LEAVES_NOTHING,
};
