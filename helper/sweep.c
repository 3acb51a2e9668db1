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
#include "helper/helper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "apply/accounting.h"
#include "apply/cgroup_sweep.h"
#include "base/log.h"
#include "helper/manager.h"
#include "state/live.h"
#include "state/seats.h"
#include "state/sweep.h"

#define SWEEP_EVERY_S 60
#define SWEEP_MAX_S 120 /* R2 */
#define SWEEP_NICE 10
#define STAMP "swept"

struct sweep {
	const char *path;       /* of the state directory */
	struct crl_state state;
	struct crl_live first;  /* who was there when it began */
	struct crl_words busy;  /* ids whose cgroup could not be removed */
	size_t cgroups;
	size_t terminals;
};

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

static int read_present(const struct sweep *s, struct present *ret, struct crl_err *err)
{
	int r;

	*ret = (struct present){.live.apps = 0};
	r = crl_making_read(&s->state, &ret->making, err); /* R1: the locks before the records */
	return r < 0 ? r : crl_live_read(s->path, &ret->live, err);
}

static bool is_present(const struct present *p, const char *id)
{
	return crl_words_has(&p->making.held, id) || crl_words_has(&p->live.ids, id);
}

static int remove_login(struct sweep *s, int root, const struct crl_cgroup_login *l)
{
	int r = crl_cgroup_remove(root, l->slice, l->id);

	s->cgroups += r == 0;
	if (r == 0)
		return 0;
	crl_log(LOG_WARNING, "id=%s: cgroup of a dead login cannot be removed and stays: %s", l->id, strerror(-r));
	return crl_words_add(&s->busy, l->id); /* R3 */
}

/* Those of @found that nobody has. */
static int remove_logins(struct sweep *s, int root, const struct crl_cgroup_found *found, struct crl_err *err)
{
	__attribute__((cleanup(present_done))) struct present now = {.live.apps = 0};
	int r = read_present(s, &now, err);

	for (size_t i = 0; i < found->len && r >= 0; i++)
		if (crl_id_is_valid(found->item[i].id) && !is_present(&now, found->item[i].id) &&
		    remove_login(s, root, &found->item[i]) < 0)
			r = crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	return r;
}

static int sweep_root(struct sweep *s, const char *path, struct crl_err *err)
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
	for (size_t i = 0; i < found.len; i++) {
		if (found.item[i].id[0] == '\0')
			crl_cgroup_remove_slice(root, found.item[i].slice); /* who comes into it makes it anew */
		else
			strange |= !crl_words_has(&s->first.ids, found.item[i].id);
	}
	return strange ? remove_logins(s, root, &found, err) : 0;
}

/* Wherever somebody can have made one: as it is configured today, and as records and locks say. */
static int sweep_cgroups(struct sweep *s, const char *config, struct crl_err *err)
{
	scoped(crl_making) making = {.held.len = 0};
	scoped(crl_words) roots = {.len = 0};
	struct crl_config *c = NULL;
	int r = crl_making_read(&s->state, &making, err);

	if (r == 0 && crl_words_add(&roots, crl_config_load(config, &c, NULL) == 0 ? crl_config_cgroup_root(c) : "") < 0)
		r = crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	crl_config_free(c);
	for (size_t i = 0; i < s->first.roots.len && r == 0; i++)
		r = crl_words_add(&roots, s->first.roots.item[i]);
	for (size_t i = 0; i < making.roots.len && r == 0; i++)
		r = crl_words_add(&roots, making.roots.item[i]);
	crl_words_sort(&roots);
	for (size_t i = 0; i < roots.len && r == 0; i++)
		r = sweep_root(s, roots.item[i], err);
	crl_words_sort(&s->busy);
	return r;
}

static bool has_terminal(const struct crl_live *live, const struct crl_accounting_left *left)
{
	return crl_words_has(&live->ids, left->id) || crl_live_has_app(live, left->app);
}

/*
 * A line with the host's own name tells no id. While somebody is on its way it may be his: then it waits for the next
 * sweep.
 */
static int end_terminals(struct sweep *s, struct crl_accounting *a, const struct crl_accounting_left *left, size_t len,
			 struct crl_err *err)
{
	__attribute__((cleanup(present_done))) struct present now = {.live.apps = 0};
	int r = read_present(s, &now, err);

	for (size_t i = 0; i < len && r == 0; i++) {
		bool named = crl_id_is_valid(left[i].id);

		if (has_terminal(&now.live, &left[i]) || (named && is_present(&now, left[i].id)) ||
		    (!named && now.making.held.len > 0))
			continue;
		if (crl_accounting_sweep(a, &left[i]) < 0)
			crl_log(LOG_WARNING, "cannot write the host's logout records");
		s->terminals++;
	}
	return r;
}

static int sweep_terminals(struct sweep *s, struct crl_err *err)
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
	const struct sweep *s = arg;

	return crl_words_has(&s->busy, id);
}

/* What fails does not keep the rest from being swept; the first error is the one to tell. */
static int sweep_all(struct sweep *s, const char *config, struct crl_err *err)
{
	struct crl_err later = {0};
	int r = sweep_cgroups(s, config, err), rooms;

	if (sweep_terminals(s, &later) < 0 && r == 0) {
		*err = later;
		r = -later.code;
	}
	rooms = r == 0 ? crl_state_sweep(&s->state, &s->first, keeps, s) : 0;
	if (rooms < 0)
		r = crl_err_set(err, -rooms, CRL_STAGE_STATE, "cannot sweep the records of dead rooms");
	crl_manager_sweep(&s->state, s->path, &s->first);
	crl_why_sweep(s->state.dir);
	crl_seats_sweep(s->state.dir);
	crl_filter_cache_sweep(s->state.cache);
	if (rooms > 0 || s->cgroups > 0 || s->terminals > 0)
		crl_log(LOG_NOTICE, "swept %d dead rooms, %zu cgroups, %zu terminals", rooms > 0 ? rooms : 0, s->cgroups,
			s->terminals);
	return r;
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
	struct sweep s = {.path = options->state, .state = {-EBADF, -EBADF, -EBADF}};
	scoped_fd stamp = -EBADF;
	int r = crl_clock_check(err);

	if (r == 0)
		r = crl_state_open(options->state, &s.state, err);
	(void)setpriority(PRIO_PROCESS, 0, SWEEP_NICE);
	if (r == 0)
		r = wait_for_turn(&s.state, &stamp, err);
	if (r == 0)
		r = crl_live_read(s.path, &s.first, err);
	if (r == 0)
		r = sweep_all(&s, options->config, err);
	if (r < 0)
		crl_log(LOG_WARNING, "sweep: %s", err->text);
	crl_words_done(&s.busy);
	crl_live_done(&s.first);
	crl_state_done(&s.state);
	return r;
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

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text; /* execve() writes to none */
}

/* A second process between makes it nobody's child: whoever is waited for has ended by then. */
static _Noreturn void run_sweep(const struct crl_options *o)
{
	static char *const nothing[] = {NULL};
	char *argv[] = {unconst("carrel-helper"), unconst("--sweep"), unconst("--state"), unconst(o->state),
			unconst("--config"), unconst(o->config), o->debug ? unconst("--debug") : NULL, NULL};

	if (setsid() < 0 || fork() != 0)
		_exit(0);
	if (close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
		(void)execve("/proc/self/exe", argv, nothing);
	_exit(1);
}

/*
 * Children of a helper that has made a room with a clock of its own would see that room's boot clock, and so another
 * start time of every process than records have: all rooms would look dead. Returns whether a child sees the host's.
 */
static bool keep_hosts_clock(void)
{
	scoped_fd own = open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC);

	return own < 0 ? errno == ENOENT : setns(own, CLONE_NEWTIME) == 0; /* a kernel without has no other clock */
}

void crl_sweep_start(const struct crl_job *job)
{
	pid_t pid;

	if (!is_due(&job->state))
		return;
	if (!keep_hosts_clock()) {
		crl_log(LOG_WARNING, "cannot start the sweep on the host's clock: %s", strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0)
		run_sweep(job->options);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (pid < 0)
		crl_log(LOG_WARNING, "cannot start the sweep: %s", strerror(errno));
}
