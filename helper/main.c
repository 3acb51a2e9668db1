// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-helper: makes the room of one login, then keeps it.
 *
 * Runs in: a process of its own, root, host namespaces, started by pam_carrel.so with its socket on descriptor 3.
 * Trusts: its command line (root's PAM configuration). It has no setuid bit and needs none.
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#include "apply/cgroup.h"
#include "base/log.h"
#include "base/parse.h"
#include "helper/manager.h"

#define TIMEOUT_MAX_S 600
#define SWEEP_EVERY_S 60

static int parse_options(int argc, char **argv, struct crl_options *o, struct crl_err *err)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'}, {"debug", no_argument, NULL, 'd'},
		{"sweep", no_argument, NULL, 'w'}, {"reload", no_argument, NULL, 'r'},
		{"policy", required_argument, NULL, 'p'}, {"rehearse", no_argument, NULL, 'R'},
		{"may-have-manager", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0},
	};
	uint64_t seconds = CRL_TIMEOUT_DEFAULT_S;

	opterr = 0;
	for (int opt; (opt = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (opt == 'c')
			o->config = optarg;
		else if (opt == 's')
			o->state = optarg;
		else if (opt == 'p')
			o->policy = optarg;
		else if (opt == 'm')
			o->manager_of = optarg;
		else if (opt == 'R')
			o->rehearse = true;
		else if (opt == 'd')
			o->debug = true;
		else if (opt == 'w')
			o->sweep = true;
		else if (opt == 'r')
			o->reload = true;
		else if (opt != 't' || crl_parse_uint(optarg, 1, TIMEOUT_MAX_S, &seconds) < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unknown or wrong option %s", argv[optind - 1]);
	}
	if (optind < argc)
		return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unexpected argument %s", argv[optind]);
	o->timeout_s = (unsigned int)seconds;
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig; /* only ends a blocking wait with EINTR */
}

/* No step waits for ever: what blocks in the kernel is interrupted again and again after the deadline. */
static void arm_deadline(const struct crl_options *o)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval t = {.it_value.tv_sec = o->timeout_s, .it_interval.tv_usec = 100000};

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

static void disarm_deadline(void)
{
	struct itimerval never = {0};

	(void)setitimer(ITIMER_REAL, &never, NULL);
}

static void remove_cgroup(void *arg, const char *path, const char *slice, const char *id)
{
	scoped_fd root = -EBADF;

	(void)arg;
	/* Without a root there is nothing to remove. */
	if (crl_cgroup_open_root(path, &root, NULL, NULL) == 0 && crl_cgroup_remove(root, slice, id) < 0)
		crl_log(LOG_WARNING, "id=%s: cgroup of a dead room is in use and stays", id);
}

static int sweep(const struct crl_state *state)
{
	int n = crl_state_sweep(state, remove_cgroup, NULL);

	crl_manager_sweep(state);
	crl_why_sweep(state->dir);
	crl_seats_sweep(state->dir);
	if (n > 0)
		crl_log(LOG_NOTICE, "swept %d dead rooms", n);
	return n < 0 ? n : 0;
}

/* After the login is in: look for dead rooms, at most once a minute on this host. */
static void sweep_sometimes(const struct crl_job *job)
{
	scoped_fd stamp = openat(job->state.dir, "swept", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (stamp < 0 || fstat(stamp, &st) < 0 || time(NULL) - st.st_mtime < SWEEP_EVERY_S)
		return;
	(void)futimens(stamp, NULL);
	if (sweep(&job->state) < 0)
		crl_log(LOG_WARNING, "cannot sweep dead rooms");
}

static void log_in(const struct crl_job *job, const char *how)
{
	char user[CRL_USER_MAX * 4], rhost[CRL_RHOST_MAX * 4];

	/* The module says the same where the service's own messages are; here it is for those who debug. */
	crl_log(LOG_DEBUG, "id=%s room=%s user=%s uid=%" PRIu32 " service=%s rhost=%s policy=%s %s", job->id,
		job->adopt.room, crl_escape(user, sizeof(user), job->login.user), job->login.uid, job->login.service,
		crl_escape(rhost, sizeof(rhost), job->login.rhost), job->policy.name, how);
}

/* The first login of the room becomes a member before it is let in: its death must end the room. */
static int add_first_member(struct crl_job *job, struct crl_room *room, struct crl_err *err)
{
	struct crl_member *m = crl_member_add(room, &job->login, job->id);

	if (!m)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot record the login");
	m->pid = job->app_pid;
	m->pidfd = fcntl(job->app_pidfd, F_DUPFD_CLOEXEC, 3);
	m->channel = fcntl(job->channel, F_DUPFD_CLOEXEC, 3);
	room->managed = job->cgroup.managed;
	if (job->cgroup.dir >= 0) {
		m->cgroup = fcntl(job->cgroup.dir, F_DUPFD_CLOEXEC, 3);
		m->origin = strdup(job->cgroup.origin);
		(void)snprintf(room->slice, sizeof(room->slice), "%s", job->cgroup.slice_path);
		room->cgroup_root = fcntl(job->cgroup.root, F_DUPFD_CLOEXEC, 3);
		room->cgroup_path = strdup(room->managed ? "" : crl_config_cgroup_root(job->config));
		if (m->cgroup < 0 || room->cgroup_root < 0 || !room->cgroup_path || !m->origin)
			return crl_err_set(err, EMFILE, CRL_STAGE_STATE, "cannot record the login");
	}
	if (m->pidfd < 0 || m->channel < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot record the login");
	return 0;
}

static _Noreturn void become_supervisor(struct crl_job *job, struct crl_room *room)
{
	struct crl_err err = {0};
	char name[16 + CRL_ID_MAX];

	disarm_deadline();
	crl_log_connect();
	sweep_sometimes(job);
	room->state = job->state;
	job->state = (struct crl_state){-EBADF, -EBADF, -EBADF};
	crl_room_why_start(room, job);
	crl_room_start_accounting(room);
	/* Without it a reload cannot tell what else has changed, and says that. */
	crl_ignore(crl_policy_digests(job->config, job->policy.name, room->values, NULL));
	crl_room_record(room);
	if (room->managed)
		crl_manager_house(job, room);
	crl_job_done(job);
	(void)snprintf(name, sizeof(name), "carrel:%s", room->id); /* cannot be cut */
	crl_rename_process(name);
	if (crl_room_confine(room, &err) < 0) { /* an unsandboxed supervisor is not what we promise */
		crl_log(LOG_ERR, "id=%s: %s", room->id, err.text);
		crl_end_room(room);
	}
	crl_supervise(room);
}

/* Nobody else can be in a room that failed before it was announced. */
static void undo_room(struct crl_job *job, struct crl_room *room)
{
	if (room->init_pidfd >= 0) {
		(void)pidfd_send_signal(room->init_pidfd, SIGKILL, NULL, 0);
		while (waitpid(room->init_pid, NULL, 0) < 0 && errno == EINTR && crl_now_ms() < job->deadline_ms + 2000)
			;
	}
	crl_limits_undo(job);
	crl_seat_leave(job->state.dir, room->seat);
	if (room->shared)
		crl_record_remove_stale(&job->state, job->room_name);
}

/* Make the room, announce it, let the login in. Does not return when the room stands. */
static int make_room(struct crl_job *job, int *lock, struct crl_err *err)
{
	static struct crl_room *room; /* lives as long as the process */
	int r;

	room = crl_room_new();
	if (!room)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	r = crl_create_room(job, room, err);
	if (r == 0)
		r = crl_limits_finish_move(job, err);
	if (r == 0)
		r = add_first_member(job, room, err);
	if (r < 0) {
		undo_room(job, room);
		return r;
	}
	if (room->shared) {
		room->state = job->state; /* only lent: become_supervisor() takes it */
		crl_room_record(room);
		drop_fd(lock); /* from here on others may join */
	}
	r = crl_enter(job, room->init_pidfd, room->init_pid, err);
	if (r < 0 && !room->shared) {
		undo_room(job, room);
		return r;
	}
	if (r < 0) { /* somebody may have joined already: the room lives on without this login */
		crl_refuse(job, err);
		crl_member_drop(room, room->member[0]);
		crl_limits_undo(job);
	} else {
		log_in(job, "entered");
	}
	become_supervisor(job, room);
}

static int let_in(struct crl_job *job, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	int r;

	r = crl_decide(job, err);
	if (r == 0)
		r = crl_limits_make(job, err);
	if (r == 0)
		r = crl_limits_start_move(job, err);
	if (r == 0 && job->policy.share != CRL_SHARE_LOGIN) {
		do {
			r = crl_state_lock(&job->state, job->room_name, LOCK_EX, &lock);
		} while (r == -EINTR && crl_now_ms() < job->deadline_ms);
		if (r < 0)
			return crl_err_set(err, r == -EINTR ? ETIMEDOUT : -r, CRL_STAGE_STATE,
					   "cannot lock the shared room %s", job->room_name);
		r = crl_join_room(job, err);
		if (r == 0)
			log_in(job, "joined");
		if (r != -ENOENT)
			return r;
		*err = (struct crl_err){0};
		r = 0;
	}
	return r < 0 ? r : make_room(job, &lock, err);
}

static int serve(struct crl_job *job, struct crl_err *err)
{
	int r;

	r = crl_request_receive(job, err);
	if (r == 0)
		r = crl_state_open(job->options->state, &job->state, err);
	if (r < 0)
		return r;
	r = crl_id_make(job->id);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_STATE, "no random numbers for an id");
	r = let_in(job, err);
	if (r < 0)
		crl_limits_undo(job);
	return r;
}

int main(int argc, char **argv)
{
	struct crl_options options = {.config = CRL_CONFIG_PATH, .state = CRL_STATE_DIR};
	static struct crl_job *job; /* lives as long as the process */
	struct crl_err err = {0};
	int r = crl_harden(argc, argv, &err);

	job = crl_job_new(&options);
	if (r == 0)
		r = parse_options(argc, argv, &options, &err);
	crl_log_set(NULL, options.debug); /* connected when there is something to say: nobody waits for it then */
	if (r < 0 || !job) {
		crl_log(LOG_ERR, "%s", err.text);
		(void)fprintf(stderr, "carrel-helper: %s\n", err.text);
		return 111;
	}
	if (options.manager_of)
		return crl_may_have_manager(&options);
	if (options.sweep) {
		r = crl_state_open(options.state, &job->state, &err);
		return r < 0 || sweep(&job->state) < 0 ? 111 : 0;
	}
	if (options.reload) {
		r = crl_reload(&options, &err);
		if (r < 0)
			(void)fprintf(stderr, "carrel-helper: %s\n", err.text);
		return r < 0 ? 111 : r > 0 ? 1 : 0;
	}
	crl_remember_argv(argc, argv);
	job->deadline_ms = crl_now_ms() + (int64_t)options.timeout_s * 1000;
	arm_deadline(&options);
	r = serve(job, &err);
	if (r < 0)
		crl_refuse(job, &err);
	return r < 0 ? 1 : 0;
}
