// SPDX-License-Identifier: Apache-2.0
/*
 * Copy bytes between the operator and a room; see relay.h.
 *
 * Nothing that runs in the room gets a descriptor of the operator's: it could write to his terminal, or make it type.
 */
#include "ctl/ctl.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/relay.h"
#include "proto/scope.h"

#define BUFFER 16384

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

static void end_input(struct ctl_relay *r)
{
	if (!r->tty)
		drop_fd(&r->in); /* the program sees the end of its input */
	else if (r->in >= 0)
		(void)write_all(r->in, "\004", 1); /* end of file, as typed */
}

/* Returns false when the operator wants to leave. */
static bool take_signal(int signals, const struct ctl_relay *r, pid_t pid, bool *dead)
{
	struct signalfd_siginfo s;

	if (read(signals, &s, sizeof(s)) != (ssize_t)sizeof(s))
		return true;
	if (s.ssi_signo == SIGWINCH)
		copy_size(r);
	else if (s.ssi_signo == SIGCHLD)
		*dead = true;
	else
		(void)kill(pid, SIGTERM);
	return s.ssi_signo == SIGWINCH || s.ssi_signo == SIGCHLD;
}

static void run(struct ctl_relay *r, pid_t pid, int signals)
{
	bool typing = true, dead = false;

	for (;;) {
		struct pollfd p[] = {{.fd = typing ? STDIN_FILENO : -1, .events = POLLIN}, {.fd = r->out, .events = POLLIN},
				     {.fd = r->err, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
		int n = poll(p, CRL_ARRAY_LEN(p), dead ? 0 : -1);

		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0 && dead)
			return; /* it has ended, and all that it said is told */
		if (n > 0 && p[3].revents && !take_signal(signals, r, pid, &dead))
			return;
		if (n > 0 && p[1].revents && !copy(r->out, STDOUT_FILENO))
			drop_fd(&r->out);
		if (n > 0 && p[2].revents && !copy(r->err, STDERR_FILENO))
			drop_fd(&r->err);
		if (n > 0 && p[0].revents && !copy(STDIN_FILENO, r->in)) {
			end_input(r);
			typing = false;
		}
		if (r->out < 0 && r->err < 0)
			return;
	}
}

int ctl_relay_run(struct ctl_relay *r, pid_t pid)
{
	struct termios saved, raw;
	bool cooked = r->tty && tcgetattr(STDIN_FILENO, &saved) == 0;
	scoped_fd signals = -EBADF;
	int status = 0;
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
	run(r, pid, signals);
	if (r->in != r->out)
		drop_fd(&r->in);
	drop_fd(&r->out); /* a terminal that hangs up ends what is on it */
	drop_fd(&r->err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (cooked)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	return status;
}
