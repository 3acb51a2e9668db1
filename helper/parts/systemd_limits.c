// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd`: limits as properties of slices, and taking them away again.
 *
 * R1: only our own drop-ins are ever removed, by name; never with RevertUnitFiles, which takes the administrator's too.
 * R2: whoever sets a slice's limits holds its lock until a record says that the login is there; a user's alone, a
 * budget's together with others who come in; whoever removes them holds it alone, and does so when nobody uses the
 * slice any more (systemd_used.c).
 *
 * Runs in: helper (root, host namespaces); crl_manager_release() in the supervisor, too.
 */
#include "helper/parts/systemd_limits.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>

#include "apply/limits/cgroup_limits.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/err.h"
#include "base/words.h"
#include "helper/job.h"
#include "helper/parts/ask_systemd.h"
#include "helper/parts/limits.h"
#include "helper/parts/systemd.h"
#include "helper/parts/systemd_used.h"
#include "plan/limits/unit_properties.h"
#include "state/rooms/live.h"
#include "state/rooms/record.h"
#include "wire/proto.h"

#define CONTROL "/run/systemd/system.control"
#define BUDGET "user-budget_" /* a slice of that name is nobody else's */
#define RELEASE_WAIT_MS 1000
#define READS_MAX 16 /* of all records in one sweep */
#define ARGS_MAX (CRL_UNIT_PROPERTIES_MAX + 8)

/* systemd names the file of a property after it, and drops what it says of units: CPUQuota is kept by its own name. */
static void dropin_name(char *buf, size_t size, const char *property)
{
	(void)snprintf(buf, size, "50-%s.conf", strcmp(property, "CPUQuotaPerSecUSec") == 0 ? "CPUQuota" : property);
}

static int open_dropins(const char *unit)
{
	char path[128];

	(void)snprintf(path, sizeof(path), CONTROL "/%s.d", unit);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static bool is_set(void *arg, const char *property)
{
	const int *dir = arg;
	char name[64];

	dropin_name(name, sizeof(name), property);
	return *dir >= 0 && faccessat(*dir, name, F_OK, 0) == 0;
}

static int lock_one(struct crl_job *job, const char *unit, int operation, int *ret_fd, struct crl_err *err)
{
	char name[CRL_KEY_MAX];
	int rc;

	crl_manager_limits_lock_name(name, unit);
	do {
		rc = crl_state_lock(&job->state, name, operation, ret_fd);
	} while (rc == -EINTR && crl_now_ms() < job->deadline_ms);
	if (rc < 0)
		return crl_err_set(err, rc == -EINTR ? ETIMEDOUT : -rc, CRL_STAGE_STATE, "cannot lock the limits of %s",
				   unit);
	return 0;
}

int crl_manager_lock(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err)
{
	int rc = 0;

	if (slices->budget[0])
		rc = lock_one(job, slices->budget, LOCK_SH, &job->cgroup.lock[1], err);
	return rc < 0 ? rc : lock_one(job, slices->user, LOCK_EX, &job->cgroup.lock[0], err);
}

static int set_limits(const struct crl_job *job, const char *unit, const struct crl_cgroup_plan *plan,
		      struct crl_err *err)
{
	scoped_fd dropins = open_dropins(unit);
	scoped_free struct crl_unit_properties *p = malloc(sizeof(*p));
	char *argv[ARGS_MAX] = {NULL};
	size_t n = 1;
	int rc;

	if (!p)
		return crl_err_set(err, ENOMEM, CRL_STAGE_LIMITS, "out of memory");
	rc = crl_unit_properties_build(plan, is_set, &dropins, p, err);
	if (rc < 0 || p->len == 0)
		return rc;
	argv[n++] = (char[]){"set"};
	argv[n++] = crl_unconst(unit);
	for (size_t i = 0; i < p->len; i++)
		argv[n++] = crl_unconst(p->word[i]);
	return crl_systemd_ask(argv, crl_job_patience_ms(job), err);
}

/* systemd writes the files after it has answered; when it is busy that can be seconds. */
static int read_back(const struct crl_job *job, int slice, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	struct crl_err why = {0};

	while (crl_cgroup_verify_limits(slice, plan, &why) < 0) {
		if (crl_now_ms() >= crl_job_patience_ms(job)) {
			*err = why;
			return -why.code;
		}
		crl_pause_ms(2);
	}
	return 0;
}

/* @path  of the slice that is @unit */
static int limit_slice(const struct crl_job *job, const char *path, const char *unit,
		       const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	scoped_fd slice = openat(job->cgroup.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (slice < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open %s", path);
	if (crl_cgroup_verify_limits(slice, plan, NULL) < 0 || plan->len < CRL_UNIT_PROPERTIES_MAX)
		rc = set_limits(job, unit, plan, err);
	return rc < 0 ? rc : read_back(job, slice, plan, err);
}

int crl_manager_limit(const struct crl_job *job, const struct crl_manager_slices *slices,
		      const struct crl_limit_plans *plans, struct crl_err *err)
{
	char above[CRL_SLICE_MAX];
	int rc = 0;

	(void)snprintf(above, sizeof(above), "user.slice/%s", slices->budget);
	if (slices->budget[0])
		rc = limit_slice(job, above, slices->budget, &plans->budget, err);
	return rc < 0 ? rc : limit_slice(job, job->cgroup.slice_path, slices->user, &plans->user, err);
}

/*
 * True when a living supervisor has a room beneath that slice on record: one of a version that held no lock for it. So
 * records are read by the last of a user's supervisors only.
 */
static bool has_room(int rooms, const char *unit)
{
	scoped(crl_dir) dir = {0};
	bool found = false;

	(void)crl_dir_open(rooms, ".", &dir);
	for (const char *file; !found && (file = crl_dir_next(&dir));)
		found = crl_record_has_slice(rooms, file, unit);
	return found || dir.error < 0; /* unknown: rather leave the limits */
}

static void remove_dropins(const char *unit)
{
	scoped_fd dir = open_dropins(unit);
	char path[128], name[64];

	if (dir < 0)
		return;
	for (size_t i = 0; i < CRL_UNIT_PROPERTIES_MAX; i++) { /* R1 */
		dropin_name(name, sizeof(name), crl_unit_property_names[i]);
		(void)unlinkat(dir, name, 0);
	}
	(void)snprintf(path, sizeof(path), CONTROL "/%s.d", unit);
	(void)unlinkat(AT_FDCWD, path, AT_REMOVEDIR); /* unless somebody else's are in it */
}

static void release_unit(const struct crl_state *s, const char *unit)
{
	scoped_fd lock = -EBADF;
	char name[CRL_KEY_MAX];

	crl_manager_limits_lock_name(name, unit);
	for (int64_t end = crl_now_ms() + RELEASE_WAIT_MS; crl_state_lock(s, name, LOCK_EX | LOCK_NB, &lock) < 0;
	     crl_pause_ms(5))
		if (crl_now_ms() >= end)
			return; /* somebody is coming in: then they stay */
	if (crl_manager_is_used(s, unit) || has_room(s->rooms, unit)) /* R2 */
		return;
	remove_dropins(unit);
	crl_state_unlock_for_good(s, name);
}

void crl_manager_release(const struct crl_state *s, const char *slice)
{
	char path[CRL_SLICE_MAX], *rest = NULL;

	(void)snprintf(path, sizeof(path), "%s", slice);
	for (const char *unit = strtok_r(path, "/", &rest); unit; unit = strtok_r(NULL, "/", &rest))
		if (strcmp(unit, "user.slice") != 0)
			release_unit(s, unit);
}

/* What belongs into a set: units whose limits are ours and of which no living room is known. */
static int take_unit(struct crl_words *units, const struct crl_live *live, const char *text, size_t len)
{
	char unit[CRL_KEY_MAX + 8];

	if (len == 0 || len + sizeof(".slice") > sizeof(unit))
		return 0;
	(void)snprintf(unit, sizeof(unit), "%.*s.slice", (int)len, text);
	return crl_words_has(&live->units, unit) ? 0 : crl_words_add(units, unit);
}

/*
 * Every name of a directory with that beginning and that end; what is between them, and @kept of the beginning, is a
 * unit's name without ".slice".
 */
static int take_units(struct crl_dir *dir, const char *begin, size_t kept, const char *end, const struct crl_live *live,
		      struct crl_words *units)
{
	size_t from = strlen(begin), tail = strlen(end);
	int rc = 0;

	for (const char *name; rc == 0 && (name = crl_dir_next(dir));) {
		size_t len = strlen(name);

		if (len > from + tail && strncmp(name, begin, from) == 0 && strcmp(name + len - tail, end) == 0)
			rc = take_unit(units, live, name + from - kept, len - tail - (from - kept));
	}
	return rc;
}

/*
 * A lock is made before the limits and removed after them, so it tells of each slice that is not ours by its name. What
 * systemctl set-property --runtime has put on a user's slice looks like ours and stays: no lock tells of it.
 */
static int find_units(const struct crl_state *s, const struct crl_live *live, struct crl_words *ret)
{
	scoped(crl_dir) locks = {0}, dropins = {0};
	int rc;

	(void)crl_dir_open(s->rooms, ".", &locks);
	(void)crl_dir_follow(AT_FDCWD, CONTROL, &dropins);
	rc = take_units(&locks, "limits-", 0, ".lock", live, ret);
	if (rc == 0) {
		crl_dir_rewind(&locks);
		rc = take_units(&locks, "used-", 0, ".lock", live, ret);
	}
	if (rc == 0)
		rc = take_units(&dropins, BUDGET, strlen(BUDGET), ".slice.d", live, ret);
	crl_words_sort(ret);
	return rc;
}

/*
 * The records as they are now, read again only when one has been written since: each is renamed into its place before
 * the lock is given free that we hold by then.
 */
struct current {
	struct crl_live live;
	int watch; /* inotify; -EBADF = nobody tells, so each look is a new one */
	unsigned int reads;
};

static bool is_outdated(const struct current *c)
{
	char events[4096];

	return c->reads == 0 || c->watch < 0 || read(c->watch, events, sizeof(events)) > 0;
}

/* False when it cannot be told, or has cost enough: what is left then is swept next time. */
static bool look_again(struct current *c, const char *state)
{
	if (!is_outdated(c))
		return true;
	if (c->reads++ >= READS_MAX)
		return false;
	crl_live_done(&c->live);
	return crl_live_read(state, &c->live, NULL) == 0;
}

/* R2: whoever had the lock before us is on record by now, and whoever wants it next waits. */
static bool sweep_unit(const struct crl_state *s, const char *state, const char *unit, struct current *c)
{
	scoped_fd lock = -EBADF;
	char name[CRL_KEY_MAX];

	crl_manager_limits_lock_name(name, unit);
	if (crl_state_lock(s, name, LOCK_EX | LOCK_NB, &lock) < 0 || crl_manager_is_used(s, unit))
		return true;
	if (!look_again(c, state))
		return false;
	if (!crl_words_has(&c->live.units, unit)) {
		remove_dropins(unit);
		crl_state_unlock_for_good(s, name);
	}
	return true;
}

void crl_manager_sweep(const struct crl_state *s, const char *state, const struct crl_live *live)
{
	scoped(crl_words) units = {.len = 0};
	struct current c = {.watch = -EBADF};
	char path[32];

	if (find_units(s, live, &units) < 0)
		return;
	c.watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", s->rooms);
	if (c.watch >= 0 && inotify_add_watch(c.watch, path, IN_MOVED_TO) < 0)
		drop_fd(&c.watch);
	for (size_t i = 0; i < units.len; i++)
		if (!sweep_unit(s, state, units.item[i], &c))
			break;
	drop_fd(&c.watch);
	crl_live_done(&c.live);
}
