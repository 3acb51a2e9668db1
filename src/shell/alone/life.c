// SPDX-License-Identifier: Apache-2.0
/*
 * The process outside while the room lives. It is what sshd, su or login has started: they signal it and wait for it.
 *
 *  R1  It ends only when init, and so all of the room, is gone; and as the shell has ended.
 *
 * Runs in: carrel-shell, as the user, on the host; it holds nothing but a socket to init, and what kept.c holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/sandbox.h"
#include "base/clock.h"
#include "shell/alone/room.h"

#define ERROR_PAUSE_MS 20

/* Not what is ours to know (children, our own faults), nor what a terminal tells its foreground by itself. */
static const int kept[] = {SIGCHLD, SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGTRAP,
			   SIGSYS,  SIGABRT, SIGTTIN, SIGTTOU, SIGWINCH};

static bool is_passed_on(int number)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(kept); i++)
		if (kept[i] == number)
			return false;
	return true;
}

static int open_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void pass_on(struct alone_room *room, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		const struct alone_word word = {.kind = ALONE_SIGNAL, .value = (int)info.ssi_signo};

		if (info.ssi_signo == SIGCHLD)
			alone_way_watch(room);
		if (is_passed_on(word.value))
			crl_ignore(alone_say(room->channel, &word)); /* who is gone needs none */
	}
}

/* Stopped with its shell, for whoever waits outside; when they let it go on, SIGCONT is passed on as all others are. */
static void stop(void)
{
	(void)kill(getpid(), SIGSTOP);
}

/* R1 */
static void wait_for_init(const struct alone_room *room)
{
	while (waitpid(room->init, NULL, 0) < 0 && errno == EINTR)
		;
}

static _Noreturn void end_as(struct alone_room *room, int status)
{
	wait_for_init(room);
	alone_way_close(room);
	if (WIFSIGNALED(status)) {
		int number = WTERMSIG(status);
		sigset_t one;

		(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* the shell has dumped its own */
		(void)signal(number, SIG_DFL);
		(void)sigemptyset(&one);
		(void)sigaddset(&one, number);
		(void)kill(getpid(), number);
		(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
		_exit(128 + number);
	}
	_exit(WEXITSTATUS(status));
}

static int refused(const struct alone_room *room, const struct alone_word *word, struct crl_err *err)
{
	wait_for_init(room);
	*err = word->err;
	return -err->code;
}

/* Until the room stands: there is nobody to be signalled, and who leaves ends it all. */
static int await(const struct alone_room *room, struct crl_err *err)
{
	struct alone_word word;
	int rc = alone_hear(room->channel, &word);

	if (rc == 0 && word.kind == ALONE_REFUSED && word.err.code > 0)
		return refused(room, &word, err);
	if (rc == 0 && word.kind == ALONE_STANDS)
		return 0;
	(void)kill(room->init, SIGKILL);
	wait_for_init(room);
	return crl_err_set(err, EPIPE, CRL_STAGE_NAMESPACE, "the room's init died");
}

static void let_go_of_files(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		(void)dup2(null, fd); /* else who reads them to their end waits for the room's */
	if (null > 2)
		(void)close(null);
}

int alone_live(struct alone_room *room, struct crl_err *err)
{
	struct pollfd p[] = {{.fd = room->channel, .events = POLLIN}, {.fd = open_signals(), .events = POLLIN}};
	int rc = p[1].fd < 0 ? crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a signal descriptor") : 0;

	if (rc == 0)
		rc = await(room, err);
	else
		(void)kill(room->init, SIGKILL);
	if (rc < 0)
		return rc;
	let_go_of_files();
	alone_kept_stands(room);
	alone_forget(room);
	for (;;) {
		struct alone_word word;

		if (crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)p, (long)CRL_ARRAY_LEN(p), 0, 0}) < 0)
			crl_pause_ms(ERROR_PAUSE_MS);
		if (p[1].revents)
			pass_on(room, p[1].fd);
		if (!p[0].revents)
			continue;
		if (alone_hear(room->channel, &word) < 0) { /* init was killed, and the room with it */
			wait_for_init(room);
			alone_way_close(room);
			_exit(255);
		}
		if (word.kind == ALONE_ENDED)
			end_as(room, word.value);
		if (word.kind == ALONE_STOPPED)
			stop();
	}
}
