// SPDX-License-Identifier: Apache-2.0
/*
 * The duty: rooms show what the host has, while they live. See follow.h.
 *
 * Runs in: carrel-steward.
 * R1: one room at a time is looked at, in a child that is ended when it takes too long; what it was at then is passed
 * over for a while, for every room, so that a dead server costs one wait in that time.
 * R2: a room is looked at no more often than BURST times at once and then once in PACE_MS, whatever changes.
 * R3: looks that users cause, in whatever room, take a tenth of a processor (pace.h).
 * R4: what a look has begun to watch for a room that is gone is watched no more.
 */
#include "helper/steward/follow.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>

#include "base/log.h"
#include "helper/steward/mounts.h"
#include "helper/steward/pace.h"
#include "helper/steward/places.h"

#define BLIND_MS 5000 /* between two looks where the kernel gives no inotify */
#define WORK_MS 5000 /* R1 */
#define TROUBLE_MS 60000
#define PACE_MS 250 /* R2 */
#define BURST 8
#define LATER_MS 2000 /* after an event of a directory that users can write to, or of the host's mounts */

static struct {
	struct rooms rooms;
	int inotify;
	int shown_wd;
	int mounts; /* the host's mountinfo, which tells when it changes */
	int64_t mounts_ms; /* it has: when to look in what; 0 = it has not */
	struct crl_mount_table table; /* as it was read last; without a line: it could not be */
	int64_t blind_ms; /* when to look by itself; 0 = told by inotify */
	pid_t worker; /* 0 = none */
	struct followed *at; /* whose; NULL = the room is gone */
	struct followed *due; /* the first of those that are to be looked at */
	int64_t begun_ms;
	int64_t end_ms; /* when it is ended */
	bool by_others; /* it would not be without others than root. R3 */
	struct crl_pace pace;
	bool ending; /* it was told so */
	bool unsure; /* something happened while it was not known whom that concerns */
	bool unsure_others; /* something happened so in a directory that others than root can write to */
	size_t strangers; /* watches of which something was told that nobody had yet: this look's, mostly */
	int stranger[CRL_WAYS_MAX];
	struct report *report;
	struct trouble trouble[CRL_TROUBLE_MAX];
} follow = {.rooms.shown = -EBADF,
	    .rooms.sets.inotify = -EBADF,
	    .rooms.sets.host = -EBADF,
	    .inotify = -EBADF,
	    .shown_wd = -1,
	    .mounts = -EBADF};

static void put_off(struct followed *f)
{
	if (f->due_ms == 0)
		return;
	f->due_ms = 0;
	*f->prev_due = f->next_due;
	if (f->next_due)
		f->next_due->prev_due = f->prev_due;
}

static void put_on(struct followed *f, int64_t when_ms)
{
	f->by_others = true;
	f->due_ms = when_ms;
	f->next_due = follow.due;
	f->prev_due = &follow.due;
	if (follow.due)
		follow.due->prev_due = &f->next_due;
	follow.due = f;
}

/* R2. @by_others  R3 */
static void touch_for(struct followed *f, int64_t when_ms, bool by_others)
{
	int64_t paced = f->credit_ms - (int64_t)BURST * PACE_MS;

	if (!f->set)
		return;
	if (when_ms < paced)
		when_ms = paced;
	if (f->due_ms == 0)
		put_on(f, when_ms);
	else if (when_ms < f->due_ms)
		f->due_ms = when_ms;
	f->by_others &= by_others;
}

static void touch(struct followed *f, int64_t when_ms)
{
	touch_for(f, when_ms, false);
}

/* It is not known of what has happened whom it concerns. */
static void touch_all(int64_t when_ms)
{
	crl_sets_stir(&follow.rooms.sets);
	for (size_t i = 0; i < follow.rooms.len; i++)
		touch(follow.rooms.item[i], when_ms);
}

static void touch_concerned(void)
{
	const struct watch_sets *sets = &follow.rooms.sets;

	for (size_t i = 0; i < follow.rooms.len; i++) {
		struct followed *f = follow.rooms.item[i];

		if (f->set && f->set->concerned_ms)
			touch_for(f, f->set->concerned_ms, f->set->by_others);
	}
	for (size_t i = 0; i < sets->len; i++)
		sets->item[i]->concerned_ms = 0;
}

/* Its supervisor is the process that has read the host for it, and began before it did so. */
static void on_new(struct followed *f)
{
	int64_t began_ms = (int64_t)(f->shown.supervisor_start * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));

	if (f->set && !crl_set_is_true_for(f->set, began_ms))
		touch(f, crl_now_ms());
}

void crl_follow_forget(struct followed *f)
{
	if (follow.at == f)
		follow.at = NULL;
	put_off(f);
	/* A watch that goes may be one that the child has found to be there. */
	if (f->set && crl_sets_leave(&follow.rooms.sets, f->set))
		follow.unsure = true;
}

/* R3. In a directory that others can write to a look sets a watch that no look has had: it knows whose it is. */
static void note_stranger(int wd)
{
	if (!follow.worker)
		return;
	if (follow.strangers == CRL_WAYS_MAX)
		follow.unsure = true;
	else
		follow.stranger[follow.strangers++] = wd;
}

static void take_event(struct crl_steward *s, const struct inotify_event *e)
{
	const struct happening h = {e->wd, e->len > 0, e->len ? crl_hash(e->name, strlen(e->name)) : 0};
	int64_t now = crl_now_ms();
	enum concern whom;

	if (e->wd == follow.shown_wd && e->len > 0) {
		crl_steward_take(s, &follow.rooms, e->name, on_new);
		return;
	}
	if (e->mask & IN_Q_OVERFLOW) {
		touch_all(now);
		crl_steward_look(s, &follow.rooms, on_new);
		return;
	}
	if (e->mask & IN_IGNORED) {
		crl_sets_forget(&follow.rooms.sets, e->wd);
		return;
	}
	whom = crl_sets_concern(&follow.rooms.sets, &h, now, now + LATER_MS);
	if (whom != CONCERNS_NOBODY)
		touch_concerned();
	if (whom == CONCERNS_NOBODY)
		note_stranger(e->wd);
	else if (whom == CONCERNS_OTHERS)
		follow.unsure_others = true;
	else
		follow.unsure = true;
}

static void on_event(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events, (void)arg;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *e = (const void *)(buf + at);

		take_event(s, e);
		at += (ssize_t)sizeof(*e) + (ssize_t)e->len;
	}
}

/* A look that has begun may find other ways than are known by now. */
static void on_mounted(void *arg, const char *point)
{
	crl_sets_mounted(&follow.rooms.sets, point, *(const int64_t *)arg);
	follow.unsure = true;
}

/* Something was mounted, or is not any more: a disk that comes late, an automounter's. In doubt it concerns all. */
static void look_at_mounts(int64_t now_ms)
{
	scoped(crl_mount_table) old = follow.table;
	int rc = crl_mount_table_read(follow.mounts, &follow.table);

	follow.mounts_ms = 0;
	if (rc == 0)
		rc = old.lines ? crl_mount_table_compare(&old, &follow.table, on_mounted, &now_ms) : -ENOENT;
	if (rc < 0)
		touch_all(now_ms);
	else if (rc > 0)
		touch_concerned();
}

static void on_mounts(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	(void)s, (void)fd, (void)events, (void)arg;
	if (follow.mounts_ms == 0)
		follow.mounts_ms = crl_now_ms() + LATER_MS;
}

static void watch_mounts(struct crl_steward *s)
{
	follow.rooms.sets.host = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	follow.mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (follow.mounts >= 0 && crl_steward_watch(s, follow.mounts, EPOLLPRI, on_mounts, NULL) < 0)
		drop_fd(&follow.mounts);
	if (follow.mounts >= 0 && crl_mount_table_read(follow.mounts, &follow.table) < 0)
		follow.mounts_ms = crl_now_ms() + LATER_MS;
}

static int start_follow(struct crl_steward *s, struct crl_err *err)
{
	follow.rooms.shown = crl_shown_open(s->state.dir, true);
	if (follow.rooms.shown < 0)
		return crl_err_set(err, -follow.rooms.shown, CRL_STAGE_STATE, "cannot open %s/" CRL_SHOWN_DIR, s->path);
	follow.report = mmap(NULL, sizeof(*follow.report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (follow.report == MAP_FAILED)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "no memory for reports");
	follow.inotify = follow.rooms.sets.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (follow.inotify >= 0 && fchdir(follow.rooms.shown) == 0)
		follow.shown_wd = inotify_add_watch(follow.inotify, ".", IN_MOVED_TO | IN_ONLYDIR);
	(void)!chdir("/");
	if (follow.shown_wd < 0 || crl_steward_watch(s, follow.inotify, EPOLLIN, on_event, NULL) < 0) {
		crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": no inotify (%s): looks every %d s", strerror(errno),
			BLIND_MS / 1000);
		drop_fd(&follow.inotify);
		follow.rooms.sets.inotify = -EBADF;
		follow.blind_ms = crl_now_ms() + BLIND_MS;
	}
	watch_mounts(s);
	crl_steward_look(s, &follow.rooms, on_new);
	return 0;
}

/* R3 */
static int64_t due_of(const struct followed *f)
{
	return f->by_others ? crl_pace_due(&follow.pace, f->due_ms) : f->due_ms;
}

/* Whoever waits for the same time has waited longer by what was wanted first: else some would wait for ever. */
static struct followed *next_room(void)
{
	struct followed *next = follow.due;

	for (struct followed *f = next; f; f = f->next_due)
		if (crl_pace_is_before(due_of(f), f->due_ms, due_of(next), next->due_ms))
			next = f;
	return next;
}

static void sooner(int64_t *due, int64_t when)
{
	if (when != 0 && (*due == 0 || when < *due))
		*due = when;
}

static int64_t follow_due(const struct crl_steward *s)
{
	const struct followed *next = follow.worker ? NULL : next_room();
	int64_t due = follow.blind_ms;

	(void)s;
	sooner(&due, follow.mounts_ms);
	sooner(&due, follow.worker ? follow.end_ms : 0);
	sooner(&due, next ? due_of(next) : 0);
	return due;
}

/* R1, R2, R3 */
static void begin_work(struct followed *f, int64_t now_ms)
{
	put_off(f);
	if (f->credit_ms < now_ms)
		f->credit_ms = now_ms;
	f->credit_ms += PACE_MS;
	follow.report->ways = follow.report->whole = follow.report->renewed = follow.report->at = 0;
	follow.report->names = 0;
	follow.report->passed = follow.report->unwatched = follow.report->lost = follow.report->led_len = 0;
	follow.report->error = 0;
	follow.unsure = follow.unsure_others = follow.ending = false;
	follow.strangers = 0;
	crl_set_begin(f->set);
	follow.worker = fork();
	if (follow.worker == 0)
		crl_follow_work(f, follow.inotify, follow.trouble, follow.report);
	if (follow.worker < 0) {
		follow.worker = 0;
		touch(f, now_ms + LATER_MS);
		return;
	}
	follow.at = f;
	follow.begun_ms = now_ms;
	follow.by_others = f->by_others;
	follow.end_ms = now_ms + WORK_MS;
}

/* Each takes WORK_MS to come up, one after the other: none is pushed out by others, whoever makes things hang. */
_Static_assert((CRL_TROUBLE_MAX - 1) * WORK_MS >= TROUBLE_MS, "there is room for as many as can be at a time");

static void note_trouble(struct followed *f, const char *what)
{
	const struct crl_shown_entry *e =
		follow.report->at < f->set->entries ? &f->set->entry[follow.report->at] : NULL;
	struct trouble *oldest = &follow.trouble[0];
	const char *path = e ? crl_place_on_host(e) : "";

	f->set->no_sockets |= e && e->kind == CRL_MOUNT_SOCKET; /* their names are users': another would be next */
	for (size_t i = 1; i < CRL_TROUBLE_MAX; i++)
		if (follow.trouble[i].until_ms < oldest->until_ms)
			oldest = &follow.trouble[i];
	(void)snprintf(oldest->path, sizeof(oldest->path), "%s", path);
	oldest->until_ms = crl_now_ms() + TROUBLE_MS;
	crl_log(LOG_WARNING, "room=%s: looking at %s on the host %s; it is passed over for %d s", f->shown.id, path,
		what, TROUBLE_MS / 1000);
}

/* When what was passed over is looked at again. */
static void touch_after_trouble(struct followed *f)
{
	int64_t now = crl_now_ms();

	for (size_t i = 0; i < CRL_TROUBLE_MAX; i++)
		if (follow.trouble[i].until_ms > now)
			touch(f, follow.trouble[i].until_ms);
}

/* Once, until it is another. */
static void tell_error(struct followed *f)
{
	const struct report *r = follow.report;
	const struct crl_shown_entry *e = r->error && r->failed < f->set->entries ? &f->set->entry[r->failed] : NULL;
	uint32_t trouble = e ? crl_hash(e->target, strlen(e->target)) ^ (uint32_t)r->error : 0;

	if (e && trouble != f->told)
		crl_log(LOG_WARNING, "room=%s: %s does not follow the host: %.*s: %s", f->shown.id, e->target,
			(int)sizeof(r->step) - 1, r->step, strerror(r->error));
	f->told = trouble;
}

static bool has_others(const struct ways_seen *seen)
{
	for (size_t i = 0; i < seen->ways; i++)
		if (seen->way[i].once)
			return true;
	return false;
}

static void settle_strangers(const struct ways_seen *seen)
{
	for (size_t i = 0; i < follow.strangers; i++)
		if (crl_ways_have_others(seen->way, seen->ways, follow.stranger[i]))
			follow.unsure_others = true;
		else
			follow.unsure = true;
}

static size_t ways_found(void)
{
	return follow.report->ways < CRL_WAYS_MAX ? follow.report->ways : CRL_WAYS_MAX;
}

/* Now it is known whom things concern. What has happened meanwhile may have been meant for this room. */
static void take_ways(struct followed *f)
{
	const struct report *r = follow.report;
	struct ways_seen seen = {.way = r->way, .ways = ways_found()};
	bool others;

	settle_strangers(&seen);
	others = follow.unsure_others && has_others(&seen);
	seen.whole = r->whole && r->passed == 0;
	seen.led_len = r->led_len < CRL_LED_MAX ? r->led_len : CRL_LED_MAX;
	seen.led = seen.whole && r->lost == 0 && follow.inotify >= 0 ? r->led : NULL;
	seen.sure = !follow.unsure && !others && r->unwatched == 0 && follow.inotify >= 0 && follow.mounts >= 0;
	crl_set_seen(&follow.rooms.sets, f->set, &seen, crl_boot_ms());
	if (follow.unsure)
		touch(f, crl_now_ms());
	else if (others)
		touch_for(f, crl_now_ms() + LATER_MS, true);
}

static void follow_reaped(struct crl_steward *s, pid_t pid, int status)
{
	struct followed *f = follow.at;

	(void)s;
	if (pid != follow.worker)
		return;
	follow.worker = 0;
	follow.at = NULL;
	if (follow.by_others) /* R3 */
		crl_pace_spend(&follow.pace, crl_now_ms(), crl_now_ms() - follow.begun_ms);
	if (follow.report->names > 0)
		crl_steward_names_changed();
	if (!f) { /* R4 */
		crl_sets_unwatch(&follow.rooms.sets, follow.report->way, ways_found());
		return;
	}
	take_ways(f);
	if (follow.report->whole) {
		tell_error(f);
		touch_after_trouble(f);
		if (follow.report->renewed)
			crl_log(LOG_DEBUG, "room=%s: %u renewed", f->shown.id, follow.report->renewed);
	} else if (!WIFEXITED(status)) {
		note_trouble(f, WTERMSIG(status) == SIGKILL ? "takes too long" : "fails");
		touch(f, crl_now_ms());
	}
}

/* A child that cannot even be killed is left to itself: another one is begun. */
static void end_work(struct crl_steward *s, int64_t now_ms)
{
	pid_t pid = follow.worker;

	if (follow.ending) {
		follow_reaped(s, pid, SIGKILL);
		return;
	}
	follow.ending = true;
	follow.end_ms = now_ms + WORK_MS;
	(void)kill(pid, SIGKILL);
}

static void follow_tick(struct crl_steward *s, int64_t now_ms)
{
	struct followed *next;

	if (follow.blind_ms && follow.blind_ms <= now_ms) {
		follow.blind_ms = now_ms + BLIND_MS;
		crl_steward_look(s, &follow.rooms, on_new);
		touch_all(now_ms);
	}
	if (follow.mounts_ms && follow.mounts_ms <= now_ms)
		look_at_mounts(now_ms);
	if (follow.worker && follow.end_ms <= now_ms)
		end_work(s, now_ms);
	next = follow.worker ? NULL : next_room();
	if (next && due_of(next) <= now_ms)
		begin_work(next, now_ms);
}

static bool follow_is_busy(const struct crl_steward *s)
{
	(void)s;
	return follow.rooms.len > 0;
}

static void follow_look(struct crl_steward *s)
{
	crl_steward_look(s, &follow.rooms, on_new);
}

const struct crl_duty crl_follow_duty = {
	.name = "following",
	.start = start_follow,
	.due_ms = follow_due,
	.tick = follow_tick,
	.reaped = follow_reaped,
	.is_busy = follow_is_busy,
	.look = follow_look,
};
