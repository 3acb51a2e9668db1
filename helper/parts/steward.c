// SPDX-License-Identifier: Apache-2.0
/*
 * What the login's helper does for carrel-steward, the host's one process that keeps true what rooms show of the host.
 *
 * Runs in: helper (root, host namespaces), when its room stands, or when it has brought a login into one.
 * It is called for twice: as early as can be, so that the first login finds it ready, and when the room is noted.
 * R1: no login fails for it or waits for it: one file and one look at a lock, and a fork when nobody holds that.
 * R2: the room is noted before the lock is looked at. Who is about to end gives the lock free first and looks for rooms
 * once more, so that one of the two sees the other.
 */
#include "helper/parts/steward.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "base/procstat.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/parts/manager.h"
#include "helper/process/apart.h"
#include "helper/process/beside.h"
#include "helper/sweep.h"
#include "state/rooms/shown.h"
#include "state/steward.h"

static uint64_t namespace_of(pid_t pid)
{
	char path[40];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid); /* fits */
	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

static void note_shown(const struct crl_job *job, const struct crl_kept *room)
{
	struct crl_showing s = {.uid = room->uid,
				.init = room->init_pid,
				.init_start = crl_process_start(room->init_pid),
				.supervisor = getpid(),
				.supervisor_start = room->start};
	int rc;

	if (job->options->rehearse)
		return;
	if (job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT))
		s.ns = namespace_of(room->init_pid);
	(void)snprintf(s.id, sizeof(s.id), "%s", room->id);
	rc = crl_shown_write(job->state.dir, &s, room->shown ? room->shown : "");
	if (rc < 0)
		crl_log(LOG_WARNING, "room=%s: what it shows of the host stays as it is now: cannot write %s/%s: %s",
			room->id, CRL_SHOWN_DIR, room->id, strerror(-rc));
}

static bool it_lives(const struct crl_state *state)
{
	scoped_fd lock = openat(state->dir, CRL_STEWARD_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0;
}

/* R1, R2 */
void crl_ensure_steward(const struct crl_job *job)
{
	const char *argv[] = {CRL_STEWARD_PROGRAM, "--state", job->options->state, NULL, NULL, NULL};
	static bool told; /* it is called for twice */
	size_t n = 3;
	char path[PATH_MAX];
	int rc;

	if (job->options->rehearse || it_lives(&job->state))
		return;
	if (job->options->debug)
		argv[n++] = "--debug";
	argv[n] = crl_manager_of(job)->steward_option;
	rc = crl_beside(CRL_STEWARD_PROGRAM, path, sizeof(path));
	if (rc == 0)
		rc = crl_start_apart(path, argv, NULL, 0);
	if (rc < 0 && !told)
		crl_log(LOG_WARNING,
			"cannot start " CRL_STEWARD_PROGRAM ", rooms do not follow the host and have no errands: %s",
			rc == -EPERM ? "it is not root's alone" : strerror(-rc));
	told |= rc < 0;
}

static int admit(struct crl_job *job, struct crl_err *err)
{
	(void)err;
	crl_ensure_steward(job); /* it is ready when the room stands */
	return 0;
}

static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	(void)job;
	(void)init;
	return crl_shown_print(mounts, &room->shown) < 0
		       ? crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "no memory for what the room shows")
		       : 0;
}

static void keep(struct crl_job *job, struct crl_kept *room)
{
	note_shown(job, room);
	crl_ensure_steward(job);
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (room)
		crl_shown_remove(job->state.dir, job->id);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_shown_sweep(&s->state);
	return 0;
}

const struct crl_part crl_part_steward = {
	.name = "steward",
	.admit = admit,
	.equip = equip,
	.keep = keep,
	.undo = undo,
	.end_not = "the steward sees the room's end, and removes its file",
	.leaves = "STATE/" CRL_SHOWN_DIR,
	.sweep = sweep,
};
