// SPDX-License-Identifier: Apache-2.0
/*
 * One errand, from its connection to its end; see errand.h.
 *
 * Runs in: a child of carrel-steward for this one connection, root, host namespaces; from the moment that it knows who
 * asks on in that login's control group, so that its time and memory are theirs.
 * Trusts: nothing that comes over the connection.
 * R1: every wait has an end. R2: when who asked is gone, or the time is up, the program is told to end, and then
 * ended.
 * R3: a record that is not whole, or not of its turn, ends the conversation.
 */
#include "helper/steward/errand.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>

#include "apply/errand_program.h"
#include "base/child.h"
#include "base/compat.h"
#include "base/log.h"
#include "base/text.h"
#include "helper/steward/errand_pump.h"
#include "plan/errand_args.h"
#include "wire/fdpass.h"

#define CONN_FD 3
#define STATE_FD 4
#define REQUEST_MS 5000
#define FAREWELL_MS 2000
#define STATUS_SIGNAL 128

/* What is known of the errand that is under way. Everything lives as long as the process. */
struct errand {
	int conn;
	struct crl_errand_asker asker;
	struct crl_fds extra;
	struct crl_errand_record request;
	char *word[CRL_ERRAND_WORDS_MAX];
	char *arg[CRL_ERRAND_WORDS_MAX + 1];
	size_t args;
	const struct crl_errand *what;
	char path[PATH_MAX];
	pid_t pid;
	int pidfd;
	struct crl_errand_pump pump;
};

static int say(int conn, enum crl_errand_type type, int number, const char *text)
{
	static struct crl_errand_record r;

	crl_errand_begin(&r, type, number);
	if (text && crl_errand_add(&r, text) < 0)
		return -E2BIG;
	return crl_errand_send(conn, &r, NULL);
}

static int refuse(const struct errand *e, const struct crl_err *err)
{
	char user[CRL_USER_MAX * 4];

	crl_log(LOG_NOTICE, "errand room=%s user=%s uid=%u call=%s refused: %s", e->asker.room.id,
		crl_visible_field(user, sizeof(user), e->asker.room.user), e->asker.uid, e->what ? e->what->call : "-",
		err->text);
	crl_ignore(say(e->conn, CRL_ERRAND_REFUSED, err->code, err->text)); /* who is gone does not read it */
	return 1;
}

static int wait_readable(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t until = crl_now_ms() + timeout_ms;
	int n;

	do {
		int64_t left = until - crl_now_ms();

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

/* The request, and that it comes from whom the pidfd means: HELLO is sent when that is open. R1, R3 */
static int hear_request(struct errand *e, const struct ucred *peer, struct crl_err *err)
{
	const int on = 1;
	size_t size = 0;
	int rc;

	e->asker.pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	if (e->asker.pidfd < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "the process that asks is gone");
	rc = setsockopt(e->conn, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ? -errno : 0;
	if (rc == 0)
		rc = say(e->conn, CRL_ERRAND_HELLO, 0, NULL);
	if (rc == 0)
		rc = wait_readable(e->conn, REQUEST_MS);
	if (rc == 0)
		rc = crl_errand_take(e->conn, &e->request, &size, &e->extra);
	if (rc == 0)
		rc = crl_errand_check(&e->request, size, e->word);
	if (rc == 0 && (e->request.type != CRL_ERRAND_REQUEST || e->request.words < CRL_ERRAND_ARGS ||
			e->extra.len != CRL_ERRAND_FDS || !e->extra.has_cred))
		rc = -EBADMSG;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_REQUEST, "no request came that is one") : 0;
}

/* His own words, after the one that has to stand before them. */
static int take_args(struct errand *e, struct crl_err *err)
{
	char *const *given = e->word + CRL_ERRAND_ARGS;
	size_t len = e->request.words - CRL_ERRAND_ARGS;
	const char *first = crl_errand_arg_first(e->what, given, len);
	int rc = crl_errand_args_check(e->what, e->asker.room.user, given, len, err);

	if (rc < 0)
		return rc;
	if (first) {
		e->arg[e->args] = strdup(first);
		if (!e->arg[e->args++])
			return crl_err_set(err, ENOMEM, CRL_STAGE_REQUEST, "out of memory");
	}
	for (size_t i = 0; i < len; i++)
		e->arg[e->args++] = given[i];
	return 0;
}

/* What is asked for, and is it allowed? */
static int judge(struct errand *e, struct crl_err *err)
{
	int rc;

	e->what = crl_errand_find(e->word[CRL_ERRAND_CALL]);
	if (!e->what)
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "this program is none that is run for rooms");
	if (!crl_errand_room_has(&e->asker.room, e->what->name))
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "%s: the policy \"%s\" of this room does not have it in its "
				   "errands",
				   e->what->call, e->asker.room.policy);
	if (!crl_errand_word_is_plain(e->word[CRL_ERRAND_TERM]) || !crl_errand_word_is_plain(e->word[CRL_ERRAND_LANG]))
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "%s: TERM and the locale have other than plain letters", e->what->call);
	rc = take_args(e, err);
	if (rc == 0)
		rc = crl_errand_fds_check(e->extra.fd, err);
	if (rc < 0)
		return rc;
	rc = crl_errand_program_find(e->what, e->what->path, e->path, err);
	return rc == -ENOENT && e->what->other ? crl_errand_program_find(e->what, e->what->other, e->path, err) : rc;
}

/* R2. R1: one that SIGKILL does not end, which hangs in a file system of its user's, is left behind. */
static void end_program(const struct errand *e)
{
	int status;

	(void)kill(-e->pid, SIGHUP);
	(void)kill(-e->pid, SIGCONT);
	if (wait_readable(e->pidfd, FAREWELL_MS) < 0) {
		(void)kill(-e->pid, SIGKILL);
		(void)kill(e->pid, SIGKILL); /* not waited for yet, so it is nobody else */
	}
	crl_ignore(crl_child_within(e->pid, crl_now_ms() + CRL_CHILD_DEATH_MS, &status));
}

/* A signal for the program, from the terminal that it does not have. False: the conversation is over. R3 */
static bool hear_signal(struct errand *e)
{
	static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct crl_fds extra = CRL_FDS_NONE;
	size_t size = 0;
	int rc = crl_errand_take(e->conn, &e->request, &size, &extra);

	if (rc == -EAGAIN)
		return true;
	if (rc == 0)
		rc = crl_errand_check(&e->request, size, e->word);
	if (extra.len > 0 || (rc == 0 && e->request.type != CRL_ERRAND_SIGNAL))
		rc = -EBADMSG;
	crl_fds_done(&extra);
	for (size_t i = 0; i < CRL_ARRAY_LEN(passed) && rc == 0; i++)
		if (e->request.number == passed[i])
			(void)kill(-e->pid, passed[i]);
	return rc == 0;
}

/* Until the program has ended and its output is where it belongs: its exit status, or -errno when it was ended. */
static int watch(struct errand *e)
{
	struct pollfd p[3 + CRL_ERRAND_FDS] = {{.fd = e->pidfd, .events = POLLIN},
					       {.fd = e->conn, .events = POLLIN},
					       {.fd = e->asker.pidfd, .events = POLLIN}};
	int64_t until = crl_now_ms() + (int64_t)e->what->limit_s * 1000;
	int status = 0;
	bool ended = false;

	while (crl_errand_pump_polls(&e->pump, p + 3) || !ended) {
		int64_t left = until - crl_now_ms();
		int n = left > 0 ? poll(p, CRL_ARRAY_LEN(p), (int)left) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && p[0].revents) {
			if (waitpid(e->pid, &status, 0) < 0)
				return -errno;
			ended = true;
			p[0].fd = p[1].fd = -1; /* nobody is there for signals */
			crl_errand_pump_end(&e->pump);
			continue;
		}
		if (ended && (n <= 0 || p[2].revents))
			break; /* who does not read it */
		if (!ended && (n <= 0 || p[2].revents || !hear_signal(e))) {
			end_program(e);
			return n == 0 ? -ETIMEDOUT : -EPIPE;
		}
		crl_errand_pump_step(&e->pump, p + 3);
	}
	return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(struct errand *e)
{
	const struct crl_errand_run run = {.errand = e->what,
					   .path = e->path,
					   .term = e->word[CRL_ERRAND_TERM],
					   .lang = e->word[CRL_ERRAND_LANG],
					   .args = e->arg,
					   .len = e->args,
					   .fd = e->extra.fd};
	char user[CRL_USER_MAX * 4];
	struct crl_err err = {0};
	int rc = crl_errand_pump_begin(&e->pump, e->extra.fd, e->asker.uid, e->asker.gid, &err);

	if (rc == 0)
		rc = crl_errand_start(&e->asker, &run, &e->pid, &e->pidfd, &err);
	if (rc < 0)
		return refuse(e, &err);
	crl_fds_done(&e->extra); /* the end of a pipe is the program's to see */
	crl_ignore(say(e->conn, CRL_ERRAND_STARTED, 0, NULL)); /* who is gone is seen below */
	rc = watch(e);
	crl_log(LOG_INFO, "errand room=%s user=%s uid=%u call=%s status=%d%s", e->asker.room.id,
		crl_visible_field(user, sizeof(user), e->asker.room.user), e->asker.uid, e->what->call,
		rc < 0 ? -1 : rc,
		rc == -ETIMEDOUT ? " (its time was up)"
		: rc < 0         ? " (its user went away)"
				 : "");
	if (rc == -ETIMEDOUT)
		rc = STATUS_SIGNAL + SIGKILL;
	if (rc >= 0)
		crl_ignore(say(e->conn, CRL_ERRAND_ENDED, rc, NULL));
	return 0;
}

/* Only the connection and the state directory, at fixed places; signals as a program expects them. */
static int clear_up(int state, int conn)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	int c, s;

	crl_log_close(); /* its descriptor is the steward's */
	/* Above all that they are put to, so that none is written over before it was read. */
	c = fcntl(conn, F_DUPFD_CLOEXEC, STATE_FD + 1);
	s = fcntl(state, F_DUPFD_CLOEXEC, STATE_FD + 1);
	if (c < 0 || s < 0 || dup3(c, CONN_FD, O_CLOEXEC) < 0 || dup3(s, STATE_FD, O_CLOEXEC) < 0 ||
	    syscall(SYS_close_range, STATE_FD + 1, ~0u, 0) < 0)
		return -errno;
	(void)sigaction(SIGCHLD, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_NAME, "carrel-errand");
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) < 0 && errno == 0) /* from here on it works for the user */
		(void)setpriority(PRIO_PROCESS, 0, 0);
	return crl_errand_oom_score_usual();
}

int crl_errand_serve(int state, int conn, const struct ucred *peer)
{
	static struct errand e = {.conn = CONN_FD,
				  .asker = {.pidfd = -EBADF},
				  .extra = CRL_FDS_NONE,
				  .pidfd = -EBADF,
				  .pump = CRL_ERRAND_PUMP_INIT};
	struct crl_err err = {0};
	int rc = clear_up(state, conn);

	if (rc < 0)
		return 1;
	e.asker.uid = peer->uid;
	rc = hear_request(&e, peer, &err);
	if (rc == 0)
		rc = crl_errand_asker_prove(STATE_FD, peer, &e.extra.cred, &e.asker, &err);
	if (rc == 0)
		rc = crl_errand_asker_join(&e.asker, &err);
	if (rc == 0)
		rc = judge(&e, &err);
	return rc < 0 ? refuse(&e, &err) : run(&e);
}
