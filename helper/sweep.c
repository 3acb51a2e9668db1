// SPDX-License-Identifier: Apache-2.0
/*
 * Tidy up behind helpers and supervisors that were killed, by what is there and not by what they have written down.
 *
 * Runs in: a helper of its own (carrel-helper --sweep; root, host namespaces), nobody's child, that holds nothing of
 * any login and that nobody waits for. crl_sweep_start() in the helper of a login.
 * R1: nothing of a living login is touched, whenever it comes: see live.h for the order in which is looked.
 * R2: one sweep at a time, and none that lasts: a signal ends it at any point, and the next one goes on.
 * R3: it never kills: a cgroup with processes in it stays, with what names it.
 */
#include "helper/sweep.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "apply/accounting/accounting.h"
#include "apply/limits/cgroup.h"
#include "apply/limits/cgroup_sweep.h"
#include "base/err.h"
#include "base/log.h"
#include "base/words.h"
#include "helper/job.h"
#include "helper/options.h"
#include "helper/parts.h"
#include "helper/process/apart.h"
#include "helper/process/clock.h"
#include "policy/file/load.h"
#include "state/rooms/live.h"
#include "state/rooms/record.h"
#include "state/rooms/sweep.h"
#include "state/score.h"
#include "wire/proto.h"

#define SWEEP_EVERY_S 60
#define SWEEP_MAX_S 120 /* R2 */
#define SWEEP_NICE 10
#define STAMP "swept"

/* Who is there or on its way, read after the traces that are asked about (R1). */
struct present {
	struct crl_making making;
	struct crl_live live;
};

static void present_done(struct present *p)
{
	crl_making_done(&p->making);
	crl_live_done(&p->live);
}

static int read_present(const struct crl_sweeping *s, struct present *ret, struct crl_err *err)
{
	int rc;

	*ret = (struct present){.live.apps = 0};
	rc = crl_making_read(&s->state, &ret->making, err); /* R1: the locks before the records */
	return rc < 0 ? rc : crl_live_read(s->path, &ret->live, err);
}

static bool is_present(const struct present *p, const char *id)
{
	return crl_words_has(&p->making.held, id) || crl_words_has(&p->live.ids, id);
}

static int remove_login(struct crl_sweeping *s, int root, const struct crl_cgroup_login *l)
{
	int rc = crl_cgroup_remove(root, l->slice, l->id);

	s->cgroups += rc == 0;
	if (rc == 0)
		return 0;
	crl_log(LOG_WARNING, "id=%s: cgroup of a dead login cannot be removed and stays: %s", l->id, strerror(-rc));
	return crl_words_add(&s->busy, l->id); /* R3 */
}

/* Those of @found that nobody has. */
static int remove_logins(struct crl_sweeping *s, int root, const struct crl_cgroup_found *found, struct crl_err *err)
{
	__attribute__((cleanup(present_done))) struct present now = {.live.apps = 0};
	int rc = read_present(s, &now, err);

	for (size_t i = 0; i < found->len && rc >= 0; i++)
		if (crl_id_is_valid(found->item[i].id) && !is_present(&now, found->item[i].id) &&
		    remove_login(s, root, &found->item[i]) < 0)
			rc = crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	return rc;
}

static int sweep_root(struct crl_sweeping *s, const char *path, struct crl_err *err)
{
	scoped(crl_cgroup_found) found = {.len = 0};
	char prefix[CRL_SLICE_MAX];
	scoped_fd root = -EBADF;
	bool strange = false;

	if (crl_cgroup_open_root(path, &root, prefix, NULL) < 0)
		return 0; /* without a root there is nothing to remove */
	if (crl_cgroup_find(root, prefix, &found) < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	if (found.len == 0 && (path[0] != '\0' || access("/run/systemd/system", F_OK) < 0)) /* else it is systemd's */
		crl_cgroup_remove_top(root, prefix);
	for (size_t i = 0; i < found.len; i++)
		if (found.item[i].id[0] == '\0')
			crl_cgroup_remove_slice(root, found.item[i].slice); /* who comes into it makes it anew */
		else
			strange |= !crl_words_has(&s->first.ids, found.item[i].id);
	return strange ? remove_logins(s, root, &found, err) : 0;
}

/* Wherever somebody can have made one: as it is configured today, and as records and locks say. */
int crl_sweep_cgroups(struct crl_sweeping *s, struct crl_err *err)
{
	scoped(crl_making) making = {.held.len = 0};
	scoped(crl_words) roots = {.len = 0};
	struct crl_config *c = NULL;
	int rc = crl_making_read(&s->state, &making, err);

	if (rc == 0 &&
	    crl_words_add(&roots, crl_config_load(s->config, &c, NULL) == 0 ? crl_config_cgroup_root(c) : "") < 0)
		rc = crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	crl_config_free(c);
	for (size_t i = 0; i < s->first.roots.len && rc == 0; i++)
		rc = crl_words_add(&roots, s->first.roots.item[i]);
	for (size_t i = 0; i < making.roots.len && rc == 0; i++)
		rc = crl_words_add(&roots, making.roots.item[i]);
	crl_words_sort(&roots);
	for (size_t i = 0; i < roots.len && rc == 0; i++)
		rc = sweep_root(s, roots.item[i], err);
	crl_words_sort(&s->busy);
	return rc;
}

static bool has_terminal(const struct crl_live *live, const struct crl_accounting_left *left)
{
	return crl_words_has(&live->ids, left->id) || crl_live_has_app(live, left->app);
}

/*
 * A line with the host's own name tells no id. While somebody is on its way it may be his: then it waits for the next
 * sweep.
 */
static int end_terminals(struct crl_sweeping *s, struct crl_accounting *a, const struct crl_accounting_left *left,
			 size_t len, struct crl_err *err)
{
	__attribute__((cleanup(present_done))) struct present now = {.live.apps = 0};
	int rc = read_present(s, &now, err);

	for (size_t i = 0; i < len && rc == 0; i++) {
		bool named = crl_id_is_valid(left[i].id);

		if (has_terminal(&now.live, &left[i]) || (named && is_present(&now, left[i].id)) ||
		    (!named && now.making.held.len > 0))
			continue;
		if (crl_accounting_sweep(a, &left[i]) < 0)
			crl_log(LOG_WARNING, "cannot write the host's logout records");
		s->terminals++;
	}
	return rc;
}

int crl_sweep_terminals(struct crl_sweeping *s, struct crl_err *err)
{
	scoped_free struct crl_accounting_left *left = NULL;
	scoped(crl_accounting) a;
	bool strange = false;
	ssize_t len;

	if (crl_accounting_open(&crl_accounting_host_files, &a, err) < 0)
		return -err->code;
	len = crl_accounting_find(&a, &left);
	if (len < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	for (ssize_t i = 0; i < len; i++)
		strange |= !has_terminal(&s->first, &left[i]);
	return strange ? end_terminals(s, &a, left, (size_t)len, err) : 0;
}

static bool keeps(void *arg, const char *id)
{
	const struct crl_sweeping *s = arg;

	return crl_words_has(&s->busy, id);
}

int crl_sweep_records(struct crl_sweeping *s, struct crl_err *err)
{
	int rooms = s->failed ? 0 : crl_state_sweep(&s->state, &s->first, keeps, s);

	if (rooms < 0)
		return crl_err_set(err, -rooms, CRL_STAGE_STATE, "cannot sweep the records of dead rooms");
	s->rooms += (size_t)rooms;
	return 0;
}

/* What fails does not keep the rest from being swept; the first error is the one to tell. */
static int sweep_all(struct crl_sweeping *s, struct crl_err *err)
{
	int rc = crl_parts_sweep(s, err);

	if (s->rooms > 0 || s->cgroups > 0 || s->terminals > 0)
		crl_log(LOG_NOTICE, "swept %zu dead rooms, %zu cgroups, %zu terminals", s->rooms, s->cgroups,
			s->terminals);
	return rc;
}

/* R2 */
static int wait_for_turn(const struct crl_state *state, int *ret_stamp, struct crl_err *err)
{
	scoped_fd stamp = openat(state->dir, STAMP, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	(void)alarm(SWEEP_MAX_S);
	if (stamp < 0 || flock(stamp, LOCK_EX) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot lock the sweep");
	*ret_stamp = take_fd(&stamp);
	return 0;
}

int crl_sweep(const struct crl_options *options, struct crl_err *err)
{
	struct crl_sweeping s = {.path = options->state, .config = options->config, .state = {-EBADF, -EBADF, -EBADF}};
	scoped_fd stamp = -EBADF, score = -EBADF;
	int rc = crl_check_clock(err);

	if (rc == 0)
		rc = crl_state_open(options->state, &s.state, err);
	(void)setpriority(PRIO_PROCESS, 0, SWEEP_NICE);
	if (rc == 0)
		rc = wait_for_turn(&s.state, &stamp, err);
	if (rc == 0)
		rc = crl_live_read(s.path, &s.first, err);
	if (rc == 0)
		rc = sweep_all(&s, err);
	if (rc < 0)
		crl_log(LOG_WARNING, "sweep: %s", err->text);
	if (s.state.dir >= 0 && crl_score_open(s.state.dir, &score) == 0)
		crl_score_swept(score, s.rooms, rc < 0);
	crl_words_done(&s.busy);
	crl_live_done(&s.first);
	crl_state_done(&s.state);
	return rc;
}

/* At most once a minute on this host. A stamp of the future was made while the clock was wrong: it is old. */
static bool is_due(const struct crl_state *state)
{
	scoped_fd stamp = openat(state->dir, STAMP, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	time_t age;

	if (stamp < 0 || fstat(stamp, &st) < 0)
		return false;
	age = time(NULL) - st.st_mtime;
	return (age < 0 || age >= SWEEP_EVERY_S) && futimens(stamp, NULL) == 0;
}

void crl_sweep_start(const struct crl_job *job)
{
	const struct crl_options *o = job->options;
	const char *argv[] = {"carrel-helper",
			      "--sweep",
			      "--state",
			      o->state,
			      "--config",
			      o->config,
			      o->debug ? "--debug" : NULL,
			      NULL};
	int rc;

	if (!is_due(&job->state))
		return;
	rc = crl_start_apart("/proc/self/exe", argv, NULL, 0);
	if (rc < 0)
		crl_log(LOG_WARNING, "cannot start the sweep: %s", strerror(-rc));
}
