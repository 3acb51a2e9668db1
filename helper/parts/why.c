// SPDX-License-Identifier: Apache-2.0
/*
 * What stopped a login's processes: counted by the kernel, looked at when the login ends, told at the next one.
 *
 * Runs in: helper (root) until the room stands, then supervisor in its sandbox, which only reads cgroup files, asks
 * descriptors that it holds how full they are or what the kernel has logged, and writes below its own state directory.
 * Trusts: the kernel's counts. R1: paths of the room are looked up inside the room, and by no links but root's.
 * R2: what a keeper left is a file of the user's: a number, or nothing. R3: a room shows its user's record alone, as it
 * was when the room was made, and only where they are told at all.
 */
#include "helper/parts/why.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <syslog.h>
#include <time.h>

#include "apply/limits/counts.h"
#include "apply/mounts/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/nskind.h"
#include "base/parse.h"
#include "base/plain.h"
#include "helper/job.h"
#include "helper/keeper_wire.h"
#include "helper/kept_room.h"
#include "helper/parts.h"
#include "helper/supervisor/alive.h"
#include "helper/supervisor/member.h"
#include "helper/sweep.h"
#include "plan/limits/counts.h"
#include "plan/mounts/plan.h"
#include "policy/policy.h"
#include "state/score.h"
#include "state/why/kernlog.h"
#include "state/why/why.h"
#include "wire/login.h"
#include "wire/proto.h"

#define ALIVE_MAX 9999 /* more processes than that are not counted */
#define FULL_PART 256 /* less than this part free counts as full */

/* R1 */
static int open_inside(pid_t init, const char *path)
{
	scoped_fd root = -EBADF;
	char text[32];
	int fd;

	(void)snprintf(text, sizeof(text), "/proc/%d/root", (int)init);
	root = open(text, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root >= 0 && crl_beneath_find_dir(root, path, true, &fd) == 0 ? fd : -EBADF;
}

static void look(const struct crl_kept *room, const struct crl_member *m, struct crl_counts *ret)
{
	scoped_fd slice = -EBADF;

	if (room->cgroup_root >= 0 && room->slice[0])
		slice = openat(room->cgroup_root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	crl_counts_read(slice, m->cgroup, ret);
}

/* As soon as it is in: whoever never came in has met nothing. */
static void count_from_here(const struct crl_kept *room, struct crl_member *m)
{
	look(room, m, &m->base);
	m->counted = true;
	if (!room->account.wanted) /* then nobody learns of its terminal */
		crl_kept_why_seen(room, m->id);
}

static void keep(struct crl_job *job, struct crl_kept *room)
{
	const struct crl_policy *p = &job->policy;
	struct statfs fs;

	room->why = !job->options->rehearse;
	room->notice = p->notice;
	for (size_t i = 0; i < room->members; i++)
		count_from_here(room, room->member[i]);
	if (room->why && job->score >= 0)
		room->score = fcntl(job->score, F_DUPFD_CLOEXEC, 3);
	if (room->why && room->adopt.filter_log) /* opened with power that is gone when it is read */
		room->kernlog = open(CRL_KERNLOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (!room->why || !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	if (p->home_mode != CRL_HOME_REAL) /* a real one's disk is not the login's to fill, and not ours to hold */
		room->home = open_inside(room->init_pid, job->login.home);
	/* A room without a home has the host's directory there, or a directory of the room's own above it. */
	if (room->home >= 0 && (fstatfs(room->home, &fs) < 0 ||
				fs.f_type != (p->home_mode == CRL_HOME_TMPFS ? TMPFS_MAGIC : OVERLAYFS_SUPER_MAGIC)))
		drop_fd(&room->home);
	room->tmp = open_inside(room->init_pid, "/tmp");
	if (room->tmp >= 0 && (fstatfs(room->tmp, &fs) < 0 || fs.f_type != TMPFS_MAGIC))
		drop_fd(&room->tmp);
}

static bool is_full(int fd, uint64_t *ret_size)
{
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_blocks == 0)
		return false;
	*ret_size = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
	return fs.f_bfree <= fs.f_blocks / FULL_PART || (fs.f_files > 0 && fs.f_ffree == 0);
}

static void record(const struct crl_kept *room, struct crl_why_whose whose, const struct crl_why_event *event,
		   size_t len)
{
	if (len == 0 || !room->why)
		return;
	for (size_t i = 0; i < len; i++)
		crl_log(LOG_NOTICE, "id=%s room=%s uid=%" PRIu32 " policy=%s met=%s count=%" PRIu64, event[i].id,
			room->id, whose.uid, event[i].policy, crl_why_name(event[i].cause), event[i].count);
	if (crl_why_add(room->state.dir, whose, event, len) < 0)
		crl_log(LOG_WARNING, "id=%s: what it met cannot be recorded", event[0].id);
	for (size_t i = 0; i < len; i++)
		crl_score_why(room->score, event[i].cause, event[i].cause == CRL_WHY_CALL ? event[i].count : 0);
}

static struct crl_why_event event_of(const struct crl_kept *room, const char *id, int64_t since)
{
	struct crl_why_event e = {.since = since, .count = 1, .limit = CRL_COUNT_UNKNOWN};

	(void)snprintf(e.id, sizeof(e.id), "%s", id);
	(void)snprintf(e.policy, sizeof(e.policy), "%s", room->adopt.policy);
	return e;
}

struct refusals {
	uint32_t uid;
	int64_t since_ms;
	uint64_t n;
};

static void count_refusal(void *arg, const struct crl_denial *d)
{
	struct refusals *r = arg;

	r->n += d->uid == r->uid && d->when_ms >= r->since_ms && !crl_denial_is_usual(d);
}

/* What the kernel has logged of this user since the login began; of all his logins, as with limits. */
static uint64_t refused_calls(const struct crl_kept *room, const struct crl_member *m)
{
	struct refusals r = {.uid = m->uid, .since_ms = m->since_ms};

	if (room->kernlog < 0 || lseek(room->kernlog, 0, SEEK_SET) < 0 ||
	    crl_denials_read(room->kernlog, count_refusal, &r) < 0)
		return 0;
	return r.n;
}

/* While its cgroup is still there, and before its processes are ended by us. */
static void end(struct crl_kept *room, struct crl_member *m)
{
	struct crl_why_event login = event_of(room, m->id, m->since), event[CRL_WHY_MET_MAX + 3];
	int64_t seconds = time(NULL) - m->since;
	struct crl_counts now;
	struct crl_met met;
	size_t n;

	if (m->gone || !m->counted)
		return;
	look(room, m, &now);
	met = crl_counts_met(&m->base, &now, seconds > 0 ? (uint64_t)seconds : 0);
	n = crl_why_of_counts(&met, &now, &login, event);
	for (enum crl_why_cause cause = CRL_WHY_HOME; cause <= CRL_WHY_TMP; cause++) {
		event[n] = login;
		event[n].cause = cause;
		n += is_full(cause == CRL_WHY_HOME ? room->home : room->tmp, &event[n].limit);
	}
	event[n] = login;
	event[n].cause = CRL_WHY_CALL;
	event[n].count = refused_calls(room, m);
	n += event[n].count > 0;
	record(room, (struct crl_why_whose){m->uid, m->user}, event, n);
	for (size_t i = 0; i < n; i++)
		m->met |= 1u << event[i].cause;
	(void)snprintf(room->last.id, sizeof(room->last.id), "%s", m->id);
	room->last.uid = m->uid;
	room->last.since = m->since;
	m->counted = false;
}

/* The time after the last logout is over, and something still runs. */
void crl_kept_why_linger(struct crl_kept *room)
{
	struct crl_why_event e = event_of(room, room->last.id, room->last.since);

	e.cause = CRL_WHY_LINGER;
	e.count = crl_alive_count(room, ALIVE_MAX);
	e.limit = room->linger_s;
	if (room->last.id[0] && e.count > 0)
		record(room, (struct crl_why_whose){room->uid, room->user}, &e, 1);
}

/*
 * The login of that id has a terminal, or nobody will ever know: sshd may have shown its user what it kept for him. It
 * does so for a shell, not for a command (ssh -t HOST COMMAND) nor where ~/.hushlogin is, and tells nobody which.
 */
void crl_kept_why_seen(const struct crl_kept *room, const char *id)
{
	for (size_t i = 0; i < room->members; i++) {
		struct crl_member *m = room->member[i];

		if (m->told || m->shows != CRL_SHOWS_LATER || !room->notice || strcmp(m->id, id) != 0)
			continue;
		m->told = true;
		crl_why_tell(room->state.dir, (struct crl_why_whose){m->uid, m->user}, m->since_ms, false);
	}
}

void crl_notice_write(struct crl_job *job, char notice[CRL_NOTICE_MAX])
{
	struct crl_told_at told = {.language = crl_job_language(job), .contact = crl_job_contact(job)};
	struct crl_why why;

	notice[0] = '\0';
	if (!job->policy.notice || job->options->rehearse || job->login.shows == CRL_SHOWS_NOTHING)
		return;
	job->noticed_ms = crl_clock_ms();
	told.now_s = job->noticed_ms / 1000;
	if (crl_why_read(job->state.dir, (struct crl_why_whose){job->login.uid, job->login.user}, &why) == 0)
		crl_why_notice(&why, &told, notice);
}

/* What sshd keeps counts as told when there is a terminal: the supervisor looks out for that. */
void crl_notice_given(const struct crl_job *job)
{
	if (job->noticed_ms != 0 && job->login.shows == CRL_SHOWS_NOW)
		crl_why_tell(job->state.dir, (struct crl_why_whose){job->login.uid, job->login.user}, job->noticed_ms,
			     true);
}

/* R2 */
static int take_asked(int data, uint64_t *ret)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	char text[24];
	ssize_t n;
	int rc = crl_plain_open(data, KEEPER_ASKED_FILE, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd);

	if (rc < 0)
		return rc;
	if (unlinkat(data, KEEPER_ASKED_FILE, 0) < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	n = crl_file_read_fd(fd, text, sizeof(text));
	if (n <= 0 || text[n - 1] != '\n')
		return -EBADMSG;
	text[n - 1] = '\0';
	return crl_parse_uint(text, 1, UINT64_MAX, ret);
}

void crl_notice_asked(struct crl_job *job, int data)
{
	struct crl_why_event e = {.cause = CRL_WHY_CHANGES, .since = crl_clock_ms() / 1000, .limit = CRL_COUNT_UNKNOWN};

	if (!job->policy.notice || job->options->rehearse || take_asked(data, &e.count) < 0)
		return;
	(void)snprintf(e.id, sizeof(e.id), "%s", job->id);
	(void)snprintf(e.policy, sizeof(e.policy), "%s", job->policy.name);
	if (crl_why_add(job->state.dir, (struct crl_why_whose){job->login.uid, job->login.user}, &e, 1) < 0)
		crl_log(LOG_WARNING, "id=%s: its user cannot be told of %" PRIu64 " changes in the home", job->id,
			e.count);
}

/* R3 */
static int show(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_why_whose whose = {job->login.uid, job->login.user};
	char text[CRL_WHY_SIZE_MAX + 1];
	struct crl_why why;

	if (!job->policy.notice || job->options->rehearse || crl_why_read(job->state.dir, whose, &why) < 0 ||
	    why.len == 0 || crl_why_print(&why, text) < 0)
		return 0;
	host->why = strdup(text);
	return host->why ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
}

static void begin(struct crl_kept *room, struct crl_member *m, int helper)
{
	(void)helper;
	count_from_here(room, m);
}

static void closing(struct crl_kept *room)
{
	for (size_t i = 0; i < room->members; i++)
		end(room, room->member[i]);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_why_sweep(s->state.dir);
	return 0;
}

const struct crl_part crl_part_why = {
	.name = "why",
	.look = show,
	.keep = keep,
	.begin = begin,
	.end = end,
	.closing = closing,
	.undo_not = "the kernel closes what is open",
	.leaves = "STATE/why",
	.sweep = sweep,
};
