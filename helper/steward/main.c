// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-steward: what has to be done with power for rooms that live. Here: the command line, the order of its start,
 * and its loop; what it does are its duties, each in files of its own.
 *
 * Runs in: a process of its own, root, host namespaces, nobody's child; one a host, started by the helper of a login
 * when there is none, ended by itself when no duty has needed it for a minute. See steward.h.
 */
#include "helper/steward/steward.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/parse.h"
#include "helper/process/clock.h"
#include "helper/process/harden.h"
#include "wire/version.h"

#define IDLE_S 60
#define NICE -10
#define FILES_MAX 65536 /* one for each room, and more */

static const struct crl_duty *const duties[] = {&crl_follow_duty, &crl_errand_duty, &crl_network_duty};

static int parse_options(int argc, char **argv, struct crl_steward *s, bool *again, struct crl_err *err)
{
	static const struct option table[] = {
		{"state", required_argument, NULL, 's'}, {"house", no_argument, NULL, 'h'},
		{"debug", no_argument, NULL, 'd'},       {"again", no_argument, NULL, 'a'},
		{"idle", required_argument, NULL, 'i'},  {NULL, 0, NULL, 0}};

	opterr = 0;
	for (int opt; (opt = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (opt == 's')
			s->path = optarg;
		else if (opt == 'h')
			s->house = true;
		else if (opt == 'd')
			s->debug = true;
		else if (opt == 'a')
			*again = true;
		else if (opt != 'i' || crl_parse_uint(optarg, 0, 86400, &s->idle_s) < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unknown or wrong option %s",
					   argv[optind - 1]);
	}
	return optind == argc ? 0 : crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unexpected argument %s", argv[optind]);
}

/* Nobody reads what it would say there, and nobody shall wait until it lets go of it. */
static void close_stdio(void)
{
	scoped_fd null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3 && null >= 3; fd++)
		(void)dup2(null, fd);
}

static void on_signal(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	struct signalfd_siginfo info;
	int status;

	(void)events, (void)arg;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->over |= info.ssi_signo == SIGTERM;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++)
			if (s->on_duty[i] && duties[i]->reaped)
				duties[i]->reaped(s, pid, status);
}

static int hear_signals(struct crl_steward *s)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : crl_steward_watch(s, fd, EPOLLIN, on_signal, NULL);
}

/* What is started anew, when it was replaced, is what the name leads to then. */
static void remember_program(struct crl_steward *s)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n > 0)
		s->program = path;
}

static int start(struct crl_steward *s, bool again, struct crl_err *err)
{
	const struct rlimit files = {FILES_MAX, FILES_MAX};
	int rc;

	(void)prctl(PR_SET_NAME, CRL_STEWARD_PROGRAM);
	remember_program(s);
	(void)setpriority(PRIO_PROCESS, 0, NICE); /* what it does is short, and somebody may be looking */
	(void)setrlimit(RLIMIT_NOFILE, &files);
	crl_steward_leave_sandbox();
	rc = crl_check_clock(err);
	if (rc == 0)
		rc = crl_state_open(s->path, &s->state, err);
	if (rc < 0)
		return rc;
	rc = crl_steward_take_lock(s, again ? CRL_CHANNEL_FD : -EBADF);
	if (rc < 0)
		return rc == -EBUSY
			       ? rc
			       : crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot lock %s/" CRL_STEWARD_LOCK, s->path);
	close_stdio();
	rc = hear_signals(s);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HELPER, "cannot wait for signals") : 0;
}

static void take_up_duties(struct crl_steward *s)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++) {
		struct crl_err err = {0};

		s->on_duty[i] = !duties[i]->start || duties[i]->start(s, &err) == 0;
		if (!s->on_duty[i])
			crl_log(LOG_ERR, CRL_STEWARD_PROGRAM ": goes on without %s: %s", duties[i]->name, err.text);
	}
}

static bool is_busy(const struct crl_steward *s)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++)
		if (s->on_duty[i] && duties[i]->is_busy && duties[i]->is_busy(s))
			return true;
	return false;
}

static bool look(struct crl_steward *s)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++)
		if (s->on_duty[i] && duties[i]->look)
			duties[i]->look(s);
	return is_busy(s);
}

static void sooner(int64_t *due, int64_t when)
{
	if (when != 0 && (*due == 0 || when < *due))
		*due = when;
}

static int64_t next_due(const struct crl_steward *s)
{
	int64_t due = s->idle_since_ms ? s->idle_since_ms + (int64_t)s->idle_s * 1000 : 0;

	sooner(&due, s->look_ms);
	for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++)
		if (s->on_duty[i] && duties[i]->due_ms)
			sooner(&due, duties[i]->due_ms(s));
	return due;
}

static void do_what_is_due(struct crl_steward *s)
{
	int64_t now = crl_now_ms();

	for (size_t i = 0; i < CRL_ARRAY_LEN(duties); i++) {
		int64_t due = s->on_duty[i] && duties[i]->due_ms ? duties[i]->due_ms(s) : 0;

		if (due != 0 && due <= now)
			duties[i]->tick(s, now);
	}
	if (is_busy(s))
		s->idle_since_ms = 0;
	else if (s->idle_since_ms == 0)
		s->idle_since_ms = now;
	if (s->idle_since_ms && now - s->idle_since_ms >= (int64_t)s->idle_s * 1000) {
		crl_steward_sweep_network(s); /* the last room has gone */
		s->over |= crl_steward_may_end(s, look);
	}
}

int main(int argc, char **argv)
{
	static struct crl_steward s = {.path = CRL_STATE_DIR,
				       .state = {-EBADF, -EBADF, -EBADF},
				       .lock = -EBADF,
				       .epoll = -EBADF,
				       .idle_s = IDLE_S};
	struct crl_err err = {0};
	bool again = false;
	int rc;

	if (crl_version_told(argc, argv))
		return 0;
	rc = crl_harden(argc, argv, CRL_CHANNEL_FD, &err);
	if (rc == 0)
		rc = parse_options(argc, argv, &s, &again, &err);
	crl_log_set(NULL, s.debug);
	if (rc == 0)
		rc = start(&s, again, &err);
	if (rc == -EBUSY)
		return 0; /* another lives */
	if (rc < 0) {
		crl_log(LOG_ERR, CRL_STEWARD_PROGRAM ": %s", err.text);
		(void)fprintf(stderr, CRL_STEWARD_PROGRAM ": %s\n", err.text);
		return 111;
	}
	if (crl_steward_cut_power(&err) < 0)
		crl_log(LOG_WARNING, CRL_STEWARD_PROGRAM ": keeps more power than it needs: %s", err.text);
	take_up_duties(&s);
	if (s.house)
		crl_steward_move_house();
	while (!s.over) {
		crl_steward_wait(&s, next_due(&s));
		do_what_is_due(&s);
		crl_steward_renew(&s);
	}
	return 0;
}
