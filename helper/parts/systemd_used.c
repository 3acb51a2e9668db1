// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: who still needs a slice's limits, whatever is on record.
 *
 * Each supervisor holds the lock "used-UNIT" of its user's slice and of his budget's, shared with all others, from
 * before its room is made until the room is over; the kernel gives it free when the supervisor dies of whatever. So
 * nobody has to read records to know, and a room whose record could not be written counts, too.
 *
 * R1: it is taken, and looked at, with the unit's limits lock held: taken by who sets limits, looked at by who removes
 * them and holds that lock alone. So nobody comes between the look and what follows from it.
 * R2: who cannot be asked counts as there.
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#include "helper/parts/systemd_used.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/err.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts/systemd.h"
#include "state/rooms/record.h"
#include "wire/proto.h"

#define USED "used"
#define LIMITS "limits"

static void lock_name(char buf[CRL_KEY_MAX], const char *kind, const char *unit)
{
	(void)snprintf(buf, CRL_KEY_MAX, "%s-%.*s", kind, (int)strcspn(unit, "."), unit);
}

void crl_manager_limits_lock_name(char buf[CRL_KEY_MAX], const char *unit)
{
	lock_name(buf, LIMITS, unit);
}

static int use_one(struct crl_job *job, const char *unit, int *ret_fd, struct crl_err *err)
{
	char name[CRL_KEY_MAX];
	int rc;

	lock_name(name, USED, unit);
	do {
		rc = crl_state_lock(&job->state, name, LOCK_SH, ret_fd);
	} while (rc == -EINTR && crl_now_ms() < job->deadline_ms);
	if (rc < 0)
		return crl_err_set(err, rc == -EINTR ? ETIMEDOUT : -rc, CRL_STAGE_STATE, "cannot hold the limits of %s",
				   unit);
	return 0;
}

int crl_manager_use(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err)
{
	int rc = use_one(job, slices->user, &job->cgroup.used[0], err);

	return rc < 0 || !slices->budget[0] ? rc : use_one(job, slices->budget, &job->cgroup.used[1], err);
}

int crl_manager_keep_using(const struct crl_job *job, struct crl_kept *room)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(room->used); i++) {
		if (job->cgroup.used[i] < 0)
			continue;
		room->used[i] = fcntl(job->cgroup.used[i], F_DUPFD_CLOEXEC, 3);
		if (room->used[i] < 0)
			return -errno;
	}
	return 0;
}

void crl_manager_use_no_more(int used[2])
{
	drop_fd(&used[0]);
	drop_fd(&used[1]);
}

bool crl_manager_is_used(const struct crl_state *s, const char *unit)
{
	scoped_fd alone = -EBADF;
	char name[CRL_KEY_MAX];

	lock_name(name, USED, unit);
	if (crl_state_lock(s, name, LOCK_EX | LOCK_NB, &alone) < 0)
		return true; /* R2 */
	crl_state_unlock_for_good(s, name); /* R1: whoever comes next makes it anew */
	return false;
}
