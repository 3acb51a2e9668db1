// SPDX-License-Identifier: Apache-2.0
/*
 * The room's record: written at each change, and tried again until it stands.
 *
 * A record that cannot be written (no space in /run, a state directory that is read-only or was removed) keeps nobody
 * out: then this process holds the text in memory, in a file of its own that has no name but "carrel-room", and calls
 * itself "carrel!ID", by which carrelctl finds it (state/unrecorded.c).
 *
 * Runs in: supervisor. The memory file is made before the sandbox, by the first record.
 */
#include "helper/supervisor/recording.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/procstat.h"
#include "base/text.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/watch.h"
#include "helper/sweep.h"
#include "policy/policy.h"
#include "state/rooms/record.h"
#include "state/rooms/room_text.h"
#include "state/rooms/unrecorded.h"
#include "wire/login.h"
#include "wire/proto.h"

#define AGAIN_FIRST_MS 500
#define AGAIN_MOST_MS 30000

static void describe_login(const struct crl_kept *room, const struct crl_member *m, struct crl_record_login *ret)
{
	*ret = (struct crl_record_login){.uid = m->uid,
					 .pid = m->gone ? 0 : m->pid,
					 .since = m->since,
					 .user = m->user,
					 .service = m->service,
					 .tty = m->tty,
					 .rhost = m->rhost,
					 .base = &m->base,
					 .cgroup = room->cgroup_root >= 0 && !m->scope,
					 .scope = m->scope};
	(void)snprintf(ret->id, sizeof(ret->id), "%s", m->id);
}

/* What cannot even be kept in memory has been logged already. */
static void keep_copy(struct crl_kept *room, const struct crl_record *r)
{
	scoped_free char *text = NULL;
	size_t len = 0;

	if (room->recording.copy < 0 || ftruncate(room->recording.copy, 0) < 0 || !r ||
	    crl_room_print(r, &text, &len) < 0)
		return;
	if (pwrite(room->recording.copy, text, len, 0) < 0)
		crl_log(LOG_WARNING, "room=%s: nor can it be kept in memory: %s", room->id, strerror(errno));
}

void crl_recording_mark(const struct crl_kept *room)
{
	char name[16 + CRL_ID_MAX];

	(void)snprintf(name, sizeof(name), "%s%s", room->recording.error ? CRL_UNRECORDED_MARK : "carrel:", room->id);
	(void)prctl(PR_SET_NAME, name);
}

static void note_failure(struct crl_kept *room, const struct crl_record *r, int error)
{
	char user[CRL_USER_MAX * 4];

	if (room->recording.error != error)
		crl_log(LOG_WARNING,
			"room=%s user=%s uid=%" PRIu32 ": its record cannot be written: %s; it is tried again",
			room->id, crl_visible_field(user, sizeof(user), room->user), room->uid, strerror(-error));
	if (room->recording.wait_ms < AGAIN_FIRST_MS)
		room->recording.wait_ms = AGAIN_FIRST_MS;
	room->recording.again_ms = crl_now_ms() + room->recording.wait_ms;
	room->recording.error = error;
	keep_copy(room, r);
	crl_recording_mark(room);
}

static void note_success(struct crl_kept *room)
{
	char user[CRL_USER_MAX * 4];

	if (room->recording.error == 0)
		return;
	crl_log(LOG_NOTICE, "room=%s user=%s uid=%" PRIu32 ": its record is written now", room->id,
		crl_visible_field(user, sizeof(user), room->user), room->uid);
	room->recording.error = 0;
	room->recording.again_ms = room->recording.wait_ms = 0;
	keep_copy(room, NULL);
	crl_recording_mark(room);
}

void crl_recording_write(struct crl_kept *room)
{
	scoped_free struct crl_record_login *login = calloc(room->members + 1, sizeof(*login));
	struct crl_record r = {.name = room->name,
			       .adopt = &room->adopt,
			       .filter = room->filter,
			       .slice = room->slice,
			       .cgroup_root = room->cgroup_path,
			       .values = room->values,
			       .uid = room->uid,
			       .gid = room->gid,
			       .user = room->user,
			       .home = room->home_path,
			       .since = room->since,
			       .until = room->until,
			       .linger_s = room->linger_s,
			       .grace_s = (int64_t)room->grace_s,
			       .supervisor = getpid(),
			       .supervisor_start = room->start,
			       .init = room->init_pid,
			       .login = login,
			       .logins = room->members};
	int e = -ENOMEM;

	if (room->recording.copy < 0) /* in the sandbox it is there, or is not to be had */
		room->recording.copy = memfd_create(CRL_UNRECORDED_FILE, MFD_CLOEXEC);
	(void)snprintf(r.room, sizeof(r.room), "%s", room->id);
	for (size_t i = 0; login && i < room->members; i++)
		describe_login(room, room->member[i], &login[i]);
	if (login)
		e = crl_record_write(&room->state, &r);
	if (e < 0)
		note_failure(room, login ? &r : NULL, e);
	else
		note_success(room);
}

static void retry(struct crl_kept *room)
{
	if (room->recording.again_ms == 0 || crl_now_ms() < room->recording.again_ms)
		return;
	room->recording.wait_ms *= 2;
	if (room->recording.wait_ms > AGAIN_MOST_MS)
		room->recording.wait_ms = AGAIN_MOST_MS;
	crl_recording_write(room);
}

/* What a record needs and nothing of the room. */
static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	(void)job;
	(void)mounts;
	(void)init;
	(void)err;
	room->start = crl_process_start(getpid());
	room->recording.copy = memfd_create(CRL_UNRECORDED_FILE, MFD_CLOEXEC);
	return 0;
}

/* Before anybody is told that he is in. What stands for a record is found by the sweep as well. */
static void keep(struct crl_job *job, struct crl_kept *room)
{
	(void)job;
	crl_recording_write(room);
}

static void begin(struct crl_kept *room, struct crl_member *m, int helper)
{
	(void)m;
	(void)helper;
	crl_recording_write(room);
}

/* A shared room's is removed by who holds its lock: serve.c. */
static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (room && job->policy.share == CRL_SHARE_LOGIN)
		crl_record_remove_stale(&job->state, job->id);
}

static void watch(struct crl_kept *room, struct crl_watches *w)
{
	crl_watches_due(w, room->recording.again_ms);
}

const struct crl_part crl_part_recording = {
	.name = "recording",
	.equip = equip,
	.keep = keep,
	.begin = begin,
	.watch = watch,
	.retry = retry,
	.undo = undo,
	.end_not = "it is written anew when the login is out of the table, and removed as the last act of the room "
		   "(leave.c)",
	.leaves = "STATE/rooms",
	.sweep = crl_sweep_records,
};
