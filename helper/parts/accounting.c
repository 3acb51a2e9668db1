// SPDX-License-Identifier: Apache-2.0
/*
 * Keep the host's utmp, wtmp and lastlog true for the logins of this room, and what is written to them on the host on
 * its way to their terminals.
 *
 * Runs in: supervisor. The files are opened before the sandbox; afterwards only those are written.
 */
#include "helper/parts/accounting.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <syslog.h>

#include "apply/accounting/accounting.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/parts/outer.h"
#include "helper/parts/why.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/watch.h"
#include "helper/sweep.h"
#include "policy/policy.h"
#include "state/rooms/record.h"
#include "wire/login.h"

#define PAUSE_MS 20 /* a user may change the mode of a terminal as often as they like */
#define MIRROR_MS 60000 /* idle times are true to a minute, as w(1) counts, or to a quarter of themselves … */
#define MIRROR_MOST_MS 600000 /* … or to this */

/* The directory in which the room's utmp really lies, since what is watched is a directory. */
static int open_run(struct crl_kept *room, struct crl_err *err)
{
	struct stat held, named;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/root/run",
		       (int)room->init_pid); /* our own child: the number is its */
	room->account.run = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (room->account.run < 0 || fstat(room->utmp, &held) < 0 ||
	    fstatat(room->account.run, "utmp", &named, AT_SYMLINK_NOFOLLOW) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot open the room's /run");
	if (held.st_dev != named.st_dev || held.st_ino != named.st_ino)
		return crl_err_set(err, ESTALE, CRL_STAGE_STATE, "the room's utmp is not in its /run");
	return 0;
}

/* The room's /dev/pts, also for who closes a terminal of it to messages. Without it nothing is lost but those. */
static void open_pts(struct crl_kept *room)
{
	struct statfs fs;
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%d/root/dev/pts", (int)room->init_pid);
	room->pts = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (room->pts >= 0 && (fstatfs(room->pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC ||
			       fcntl(room->pts, F_NOTIFY, DN_ATTRIB | DN_MULTISHOT) < 0))
		drop_fd(&room->pts);
}

static int open_host(struct crl_kept *room, struct crl_err *err)
{
	struct crl_accounting *host = calloc(1, sizeof(*host));
	int rc;

	if (!host)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	rc = crl_accounting_open(&crl_accounting_host_files, host, err);
	if (rc < 0) {
		free(host);
		return rc;
	}
	room->account.host = host;
	return 0;
}

static void drop_host(struct crl_kept *room)
{
	if (room->account.host)
		crl_accounting_done(room->account.host);
	free(take_ptr(room->account.host));
}

static enum crl_need need_of(const struct crl_job *job)
{
	return job->options->rehearse ? CRL_NEED_OFF : job->policy.need[CRL_FEATURE_ACCOUNTING];
}

/* The host's files, before it is known whether the room has a utmp; what fails is told when that is known. */
static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	struct crl_err later = {0};

	(void)init;
	(void)err;
	if (mounts && need_of(job) != CRL_NEED_OFF)
		crl_ignore(open_host(room, &later));
	return 0;
}

static int open_files(struct crl_kept *room, struct crl_err *err)
{
	int rc = open_run(room, err);

	if (rc < 0)
		return rc;
	rc = room->account.watch = crl_accounting_watch(room->account.run);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot watch the room's utmp%s",
				   rc == -EINVAL ? ": no dnotify in this kernel, or fs.dir-notify-enable is 0" : "");
	if (!room->account.host && (rc = open_host(room, err)) < 0)
		return rc;
	room->account.host->pids_are_foreign = crl_kept_has_pids(room);
	return 0;
}

static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const enum crl_need need = need_of(job);
	struct crl_err why = {0};

	room->account.wanted = need != CRL_NEED_OFF && room->utmp >= 0;
	if (!room->account.wanted) {
		drop_host(room);
		return 0;
	}
	if (open_files(room, &why) == 0) {
		open_pts(room);
		return 0;
	}
	drop_fd(&room->account.watch);
	drop_fd(&room->account.run);
	drop_host(room);
	room->account.wanted = false;
	if (need == CRL_NEED_REQUIRE) {
		*err = why;
		return -why.code;
	}
	crl_log(LOG_WARNING, "room=%s: who and last will not list its logins: %s", room->id, why.text);
	return 0;
}

bool crl_account_wants_outer(const struct crl_kept *room, uint32_t shows)
{
	return room->account.host && room->pts >= 0 && shows == CRL_SHOWS_LATER;
}

static bool is_of(const struct crl_accounting_line *l, const struct crl_member *m)
{
	return l->state == CRL_LINE_OPEN && strcmp(l->login, m->id) == 0;
}

/* All terminals of a login hear what is written to the one that the host knows. */
static void follow(struct crl_kept *room, struct crl_member *m)
{
	char line[CRL_ACCOUNTING_LINES_MAX][CRL_ACCOUNTING_LINE_SIZE];
	const struct crl_accounting *host = room->account.host;
	size_t n = 0;

	for (size_t i = 0; i < CRL_ACCOUNTING_LINES_MAX; i++)
		if (is_of(&host->line[i], m))
			memcpy(line[n++], host->line[i].room_line, sizeof(line[0]));
	crl_outer_follow(m->outer, room->pts, line, n);
	if (n > 0 && room->account.mirror_ms == 0)
		room->account.mirror_ms = crl_now_ms() + MIRROR_MS;
}

static void mirror(struct crl_kept *room)
{
	int64_t now = crl_now_ms(), idle = INT64_MAX, wait;

	if (room->account.mirror_ms == 0 || now < room->account.mirror_ms)
		return;
	for (size_t i = 0; i < room->members; i++) {
		int64_t its = room->member[i]->outer ? crl_outer_mirror(room->member[i]->outer) : INT64_MAX;

		idle = its < idle ? its : idle;
	}
	wait = idle / 4 < MIRROR_MOST_MS ? idle / 4 : MIRROR_MOST_MS;
	room->account.mirror_ms = idle == INT64_MAX ? 0 : now + (wait > MIRROR_MS ? wait : MIRROR_MS);
}

static void look(struct crl_kept *room)
{
	struct crl_accounting_login login[CRL_ROOM_LOGINS_MAX];
	struct crl_accounting *host = room->account.host;
	size_t n = 0;

	if (!host)
		return;
	crl_accounting_drain(room->account.watch);
	for (size_t i = 0; i < room->members; i++) {
		const struct crl_member *m = room->member[i];

		if (!m->gone && !m->ending) /* it has been logged out */
			login[n++] = (struct crl_accounting_login){.id = m->id,
								   .app = m->pid,
								   .uid = m->uid,
								   .user = m->user,
								   .rhost = m->rhost,
								   .tty = m->tty,
								   .outer = crl_outer_name(m->outer)};
	}
	if (crl_accounting_sync(host, room->utmp, login, n) < 0)
		crl_log(LOG_WARNING, "room=%s: cannot write the host's login records", room->id);
	for (size_t i = 0; i < CRL_ARRAY_LEN(host->line); i++)
		if (host->line[i].state != CRL_LINE_FREE)
			crl_kept_why_seen(room, host->line[i].login);
	for (size_t i = 0; i < room->members; i++)
		if (room->member[i]->outer)
			follow(room, room->member[i]);
}

/* @id  NULL = all of them */
static void log_out(struct crl_kept *room, const char *id)
{
	int rc;

	if (!room->account.host)
		return;
	look(room); /* what was written since the last event */
	rc = id ? crl_accounting_end_login(room->account.host, id) : crl_accounting_end_all(room->account.host);
	if (rc < 0)
		crl_log(LOG_WARNING, "room=%s: cannot write the host's logout records", room->id);
}

static void keep(struct crl_job *job, struct crl_kept *room)
{
	(void)job;
	look(room); /* the application may have written before we looked */
}

static void end(struct crl_kept *room, struct crl_member *m)
{
	log_out(room, m->id);
}

static void closing(struct crl_kept *room)
{
	log_out(room, NULL);
}

static bool serve(struct crl_kept *room, void *arg)
{
	(void)arg;
	look(room);
	room->account.again_ms = crl_now_ms() + PAUSE_MS;
	return false;
}

static void watch(struct crl_kept *room, struct crl_watches *w)
{
	if (room->account.again_ms > crl_now_ms())
		crl_watches_due(w, room->account.again_ms);
	else
		crl_watches_add(w, room->account.watch, POLLIN, serve, NULL);
	crl_watches_due(w, room->account.mirror_ms);
}

const struct crl_part crl_part_accounting = {
	.name = "accounting",
	.equip = equip,
	.stand = stand,
	.keep = keep,
	.end = end,
	.watch = watch,
	.retry = mirror,
	.closing = closing,
	.undo_not = "nothing is told the host before the application is in; the kernel closes what is open",
	.leaves = "lines in the host's utmp",
	.sweep = crl_sweep_terminals,
};
