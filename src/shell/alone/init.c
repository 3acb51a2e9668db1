// SPDX-License-Identifier: Apache-2.0
/*
 * The init of a room that its user makes: builds it from inside, starts the shell, reaps, and ends with it.
 *
 *  R1  It is not dumpable, has no capability that counts outside of the room's process namespace, and runs in carrel's
 *      own small filter, before the shell is told of; what it does for its user is to signal and to wait.
 *  R2  Whatever fails, nothing of the user's is run, and the outer process is told why.
 *  R3  It dies with the outer process, and all of the room with it.
 *
 * Runs in: the room's namespaces, as the user, who is 0 in the first of its two user namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/mounts/walk.h"
#include "apply/namespaces.h"
#include "apply/sandbox.h"
#include "base/clock.h"
#include "base/root.h"
#include "plan/grace.h"
#include "shell/alone/room.h"
#include "state/published.h"

#define ERROR_PAUSE_MS 20

struct init {
	struct alone_room *room;
	int signals;
	int go;
	int told;
	pid_t shell;
	bool ended;
};

/* How the host's root is known here. */
static int learn_root(struct crl_err *err)
{
	struct stat st;

	if (stat("/", &st) < 0 || st.st_uid == 0)
		return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE, "the host's root has no number of its own here");
	crl_hostroot_is(st.st_uid);
	return 0;
}

static int wait_for_ids(const struct alone_room *room, struct crl_err *err)
{
	struct alone_word word;
	int rc = alone_hear(room->channel, &word);

	if (rc < 0 || word.kind != ALONE_MAPPED)
		return crl_err_set(err, EPIPE, CRL_STAGE_NAMESPACE, "the outer process is gone");
	if (getuid() != 0 || geteuid() != 0 || getgid() != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE, "the user namespace has other ids");
	return 0;
}

static int stand_up(struct alone_room *room, struct crl_err *err)
{
	struct crl_mounts_view view = {.proc = -EBADF, .utmp = -EBADF};
	uint32_t ns = room->published->policy.namespaces;
	int rc = wait_for_ids(room, err);

	if (rc == 0)
		rc = learn_root(err);
	if (rc == 0 && ns & CRL_NS_BIT(CRL_NS_TIME))
		rc = crl_time_begin(err);
	if (rc == 0)
		rc = crl_namespaces_settle(ns, room->host.room_name, err);
	if (rc == 0)
		rc = alone_way_guard(room, err);
	if (rc < 0)
		return rc;
	crl_mount_plan_renumber(&room->plan, &room->login);
	rc = crl_mounts_apply(&room->plan, &room->login, &view, err);
	drop_fd(&view.proc);
	drop_fd(&view.utmp);
	return rc < 0 ? rc : alone_limit_tasks(room, err);
}

/* @go  one byte when init has no power left; @told  a word when something fails, its end when the program runs */
static _Noreturn void be_shell(const struct alone_room *room, int go, int told)
{
	struct alone_word word = {.kind = ALONE_REFUSED};
	char byte;

	if (read(go, &byte, 1) == 1 && alone_last(room, &word.err) < 0)
		crl_ignore((int)write(told, &word, sizeof(word))); /* its end alone says that nothing runs */
	_exit(127);
}

static int begin_shell(struct init *i, struct crl_err *err)
{
	int go[2], told[2];

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a pipe");
	i->shell = fork();
	if (i->shell < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot start the shell's process");
	if (i->shell == 0) {
		(void)close(go[1]); /* so that init's death is its end */
		be_shell(i->room, go[0], told[1]);
	}
	(void)close(told[1]); /* so that there is an end */
	(void)close(go[0]);
	i->go = go[1];
	i->told = told[0];
	return 0;
}

/* Returns 0 when the shell runs. */
static int let_shell_go(struct init *i, struct crl_err *err)
{
	struct alone_word word = {.kind = 0};
	ssize_t n;

	if (write(i->go, "", 1) != 1)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "the shell's process died before it ran");
	do {
		n = read(i->told, &word, sizeof(word));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(word) && crl_err_check(&word.err) == 0 && word.err.code) {
		*err = word.err;
		return -err->code;
	}
	return n == 0 ? 0 : crl_err_set(err, EPIPE, CRL_STAGE_ADOPT, "the shell's process sent nonsense");
}

/* Standard input and output are the shell's: who reads them to their end shall not wait for us. */
static int let_go_of_files(struct crl_err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot let go of the login's files");
	(void)close(null); /* it is on 0 to 2 */
	return 0;
}

static void tell_end(struct init *i, int status)
{
	const struct alone_word word = {.kind = ALONE_ENDED, .value = status};

	i->ended = true;
	if (alone_say(i->room->channel, &word) < 0)
		_exit(1); /* R3 */
}

static void reap(struct init *i)
{
	const struct alone_word stopped = {.kind = ALONE_STOPPED};
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != i->shell || i->ended)
			continue;
		if (!WIFSTOPPED(status))
			tell_end(i, status);
		else if (alone_say(i->room->channel, &stopped) < 0)
			_exit(1); /* R3 */
	}
}

/* Signals are for the shell's group: it is what whoever started carrel-shell means. */
static void obey(struct init *i)
{
	struct alone_word word;

	if (alone_hear(i->room->channel, &word) < 0)
		_exit(1); /* R3 */
	if (word.kind == ALONE_SIGNAL && !i->ended && word.value > 0 && word.value <= SIGRTMAX &&
	    kill(-i->shell, word.value) < 0)
		(void)kill(i->shell, word.value); /* one that has not made its group yet; or nobody */
}

/* Until nothing is left, or its time is up. */
static void end_room(struct init *i)
{
	struct crl_grace g = crl_grace_begin(crl_now_ms(), (int64_t)i->room->grace_s * 1000);

	for (;;) {
		enum crl_grace_step step;
		int status;

		while (waitpid(-1, &status, WNOHANG) > 0)
			;
		if (waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD)
			return;
		step = crl_grace_next(&g, crl_now_ms());
		if (step == CRL_GRACE_OVER)
			return;
		if (step == CRL_GRACE_HANG_UP || step == CRL_GRACE_TERMINATE) {
			(void)kill(-1, step == CRL_GRACE_HANG_UP ? SIGHUP : SIGTERM); /* nobody is an answer too */
			(void)kill(-1, SIGCONT);
		}
		crl_pause_ms((unsigned int)crl_grace_pause_ms(&g, crl_now_ms()));
	}
}

static _Noreturn void live(struct init *i)
{
	struct pollfd p[] = {{.fd = i->signals, .events = POLLIN}, {.fd = i->room->channel, .events = POLLIN}};
	struct signalfd_siginfo info;

	while (!i->ended) {
		if (crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)p, (long)CRL_ARRAY_LEN(p), 0, 0}) < 0)
			crl_pause_ms(ERROR_PAUSE_MS);
		while (read(i->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			;
		if (p[1].revents)
			obey(i);
		reap(i);
	}
	end_room(i);
	_exit(0);
}

/* R1 */
static int harden(struct init *i, struct crl_err *err)
{
	static const struct crl_reach nothing = {0};
	sigset_t child;
	int rc;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	i->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (i->signals < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a signal descriptor");
	rc = let_go_of_files(err);
	return rc < 0 ? rc : crl_sandbox_init(&nothing, err);
}

void alone_init(struct alone_room *room)
{
	struct init i = {.room = room, .signals = -EBADF, .go = -EBADF, .told = -EBADF};
	struct pollfd outer = {.fd = room->channel};
	struct alone_word word = {.kind = ALONE_REFUSED};
	int rc = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&outer, 1, 0) < 0 ||
	    outer.revents & (POLLHUP | POLLERR)) /* R3 */
		_exit(1);
	rc = stand_up(room, &word.err);
	if (rc == 0)
		rc = begin_shell(&i, &word.err);
	if (rc == 0)
		rc = harden(&i, &word.err);
	if (rc == 0)
		rc = let_shell_go(&i, &word.err);
	if (rc == 0)
		word.kind = ALONE_STANDS;
	if (alone_say(room->channel, &word) < 0 || rc < 0) /* R2 */
		_exit(1);
	alone_forget(room);
	live(&i);
}
