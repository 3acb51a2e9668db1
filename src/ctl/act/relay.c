// SPDX-License-Identifier: Apache-2.0
/*
 * Copy bytes between the operator and a room; see relay.h.
 *
 * Nothing that runs in the room gets a descriptor of the operator's: it could write to their terminal, or make it type.
 */
#include "ctl/act/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/act/inside.h"

#define BUFFER 16384
#define ESCAPE 0x1d /* Control-] */
#define ESCAPES 3
#define END_STEPS 100 /* of 20 ms */

static void copy_size(const struct ctl_relay *r)
{
	struct winsize size;

	if (r->tty && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(r->in, TIOCSWINSZ, &size);
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Returns false at the end of either. */
static bool copy(int from, int to)
{
	char data[BUFFER];
	ssize_t n = read(from, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && write_all(to, data, (size_t)n);
}

/* Typed, and not yet taken by the room: a room that takes nothing must not stop what else there is to do. */
struct typed {
	char data[BUFFER];
	size_t from, to;
	unsigned int escapes; /* ESCAPE keys in a row */
	bool ended;
};

/* Keeps what fits: a terminal's keys are read even when the room takes none. Returns false when the operator leaves. */
static bool take_typed(struct typed *t, bool tty)
{
	char data[BUFFER];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	size_t fits;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	t->ended = n <= 0;
	for (ssize_t i = 0; i < n && tty && t->escapes < ESCAPES; i++)
		t->escapes = data[i] == ESCAPE ? t->escapes + 1 : 0;
	if (t->from == t->to)
		t->from = t->to = 0;
	fits = n <= 0 ? 0 : (size_t)n < sizeof(t->data) - t->to ? (size_t)n : sizeof(t->data) - t->to;
	memcpy(t->data + t->to, data, fits);
	t->to += fits;
	return t->escapes < ESCAPES;
}

static void end_input(struct ctl_relay *r)
{
	if (!r->tty)
		drop_fd(&r->in); /* the program sees the end of its input */
	else
		crl_ignore((int)write(r->in, "\004", 1)); /* end of file, as typed */
}

static void hand_on(struct ctl_relay *r, struct typed *t)
{
	ssize_t n = t->from < t->to ? write(r->in, t->data + t->from, t->to - t->from) : 0;

	if (n < 0 && errno != EINTR && errno != EAGAIN) {
		t->from = t->to; /* nobody reads it any more */
		t->ended = true;
	}
	t->from += n > 0 ? (size_t)n : 0;
	if (t->ended && t->from == t->to)
		end_input(r);
}

/* Without taking its status: a process that was stopped has not ended. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Returns false when the operator wants to leave. */
static bool take_signal(int signals, const struct ctl_relay *r)
{
	struct signalfd_siginfo s;

	if (read(signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return true;
	if (s.ssi_signo == SIGWINCH)
		copy_size(r);
	return s.ssi_signo == SIGWINCH || s.ssi_signo == SIGCHLD;
}

/* Until the process has ended and all that it said is told, or the operator leaves, or the terminal hangs up. */
static void run(struct ctl_relay *r, pid_t pid, int signals)
{
	struct typed typed = {.from = 0};

	for (unsigned int last_words = 0; last_words < CTL_LAST_WORDS;) {
		bool pending = typed.from < typed.to, dead = has_ended(pid);
		struct pollfd p[] = {{.fd = typed.ended || (pending && !r->tty) ? -1 : STDIN_FILENO, .events = POLLIN},
				     {.fd = r->out, .events = POLLIN},
				     {.fd = r->err, .events = POLLIN},
				     {.fd = signals, .events = POLLIN},
				     {.fd = pending ? r->in : -1, .events = POLLOUT}};
		int n = poll(p, CRL_ARRAY_LEN(p), dead ? 0 : -1);

		if ((n < 0 && errno != EINTR) || (n <= 0 && dead))
			return;
		if (n <= 0)
			continue;
		last_words += dead; /* others in the room may go on talking for ever */
		if (p[3].revents && !take_signal(signals, r))
			return;
		if (p[0].revents && !take_typed(&typed, r->tty))
			return;
		if (p[0].revents || p[4].revents)
			hand_on(r, &typed);
		if (p[1].revents && !copy(r->out, STDOUT_FILENO)) {
			if (r->tty)
				return;
			drop_fd(&r->out);
		}
		if (p[2].revents && !copy(r->err, STDERR_FILENO))
			drop_fd(&r->err);
	}
}

/*
 * The guide (door/visit.h) has hung up, or is told to end. In a frozen room it does neither, and only SIGKILL ends it.
 */
static int end(const struct ctl_relay *r, pid_t pid)
{
	const struct timespec step = {.tv_nsec = 20000000};
	int status = 0;
	pid_t gone = 0;

	for (unsigned int i = 0; i < END_STEPS && gone == 0; i++) {
		gone = waitpid(pid, &status, WNOHANG);
		if (gone != 0)
			break;
		if (!r->tty || i == END_STEPS / 2)
			(void)kill(pid, SIGTERM);
		(void)nanosleep(&step, NULL);
	}
	if (gone == 0)
		(void)kill(pid, SIGKILL);
	while (gone == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int ctl_relay_run(struct ctl_relay *r, pid_t pid)
{
	struct termios saved, raw;
	bool cooked = r->tty && tcgetattr(STDIN_FILENO, &saved) == 0;
	scoped_fd signals = -EBADF;
	int status;
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < 5; i++)
		(void)sigaddset(&set, (int[]){SIGWINCH, SIGCHLD, SIGTERM, SIGHUP, SIGINT}[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (cooked) {
		raw = saved;
		cfmakeraw(&raw);
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
		copy_size(r);
	}
	(void)fcntl(r->in, F_SETFL, O_NONBLOCK); /* in run() a room that takes nothing must not hold the operator */
	run(r, pid, signals);
	if (r->in != r->out)
		drop_fd(&r->in);
	drop_fd(&r->out); /* a terminal that hangs up ends what is on it */
	drop_fd(&r->err);
	status = end(r, pid);
	if (cooked) /* what the terminal answered to the room's last questions is not for the operator's shell */
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
	return status;
}
