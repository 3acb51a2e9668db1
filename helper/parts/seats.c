// SPDX-License-Identifier: Apache-2.0
/*
 * One of the rooms that a user may have at a time (limits.rooms).
 *
 * Runs in: helper (root, host namespaces); supervisor, which holds it until nothing runs in the room.
 */
#include "helper/parts.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/err.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/sweep.h"
#include "policy/policy.h"
#include "state/rooms/seats.h"

#define RETRY_MS 10

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	int64_t end = crl_job_patience_ms(job);
	uint64_t most = job->policy.rooms;
	int rc;

	if (most == CRL_UNLIMITED || job->options->rehearse)
		return 0;
	/* Whose line was cut comes back while the old room's programs still have their time to end. */
	while ((rc = crl_seat_take(job->state.dir, job->login.uid, most, room->seat, &room->seat_fd)) == -EINPROGRESS &&
	       crl_now_ms() < end)
		crl_pause_ms(RETRY_MS);
	if (rc == -EDQUOT || rc == -EINPROGRESS)
		return crl_err_set(err, EDQUOT, CRL_STAGE_LIMITS,
				   "the user has all rooms that limits.rooms gives them (%" PRIu64 ")", most);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot count the user's rooms") : 0;
}

static void room_end(struct crl_kept *room)
{
	crl_seat_leave(room->state.dir, room->seat);
	drop_fd(&room->seat_fd); /* before the answer: who logs out and in again finds it free */
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (room)
		crl_seat_leave(job->state.dir, room->seat);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_seats_sweep(s->state.dir);
	return 0;
}

const struct crl_part crl_part_seats = {
	.name = "seats",
	.prepare = prepare,
	.undo = undo,
	.room_end = room_end,
	.leaves = "STATE/" CRL_SEATS_DIR,
	.sweep = sweep,
};
