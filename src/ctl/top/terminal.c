// SPDX-License-Identifier: Apache-2.0
/*
 * The terminal of a program that uses the whole screen; see terminal.h.
 *
 * Owns: R1 what handlers call is async-signal-safe and waits for nothing: a terminal that is stopped, or whose other
 * end does not read, does not keep the process from ending.
 */
#include "ctl/top/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "base/scope.h"

/* Alternate screen, no cursor, no wrapping at the last column. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l";
static const char again[] = "\033[?25l\033[?7l";
static const char leave[] = "\033[?7h\033[?25h\033[0m\033[?1049l";

static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV,
			    SIGBUS, SIGFPE, SIGILL,  SIGSYS,  SIGALRM, SIGPIPE};

static struct {
	volatile sig_atomic_t taken;
	volatile sig_atomic_t changed;
	struct termios before;
	struct termios keys;
} terminal;

/* R1 */
static void say_now(const char *bytes, size_t len)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	(void)fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
	crl_ignore((int)write(STDOUT_FILENO, bytes, len)); /* nobody is left to be told */
	(void)fcntl(STDOUT_FILENO, F_SETFL, flags);
}

static void set_keys(void)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal.keys);
}

void ctl_terminal_give_back(void)
{
	if (!terminal.taken)
		return;
	terminal.taken = 0;
	say_now(leave, sizeof(leave) - 1);
	(void)tcflush(STDIN_FILENO, TCIFLUSH); /* keys meant for us are no commands for a shell */
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
}

static void take_now(void)
{
	set_keys();
	say_now(enter, sizeof(enter) - 1);
	terminal.taken = 1;
	terminal.changed = 1;
}

/* Then it dies of the same signal, as whoever waits for it expects. */
static void on_fatal(int number)
{
	ctl_terminal_give_back();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void on_stop(int number)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, mine;
	int saved = errno;
	sigset_t set, before;

	ctl_terminal_give_back();
	(void)sigaction(number, &stop, &mine);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, number);
	(void)raise(number);
	(void)sigprocmask(SIG_UNBLOCK, &set, &before); /* here it stops, and goes on */
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)sigaction(number, &mine, NULL);
	take_now();
	errno = saved;
}

/* Stopped by a SIGSTOP nobody could give the terminal back; the shell has set it up for itself meanwhile. */
static void on_continue(int number)
{
	int saved = errno;

	(void)number;
	if (terminal.taken) {
		set_keys();
		say_now(again, sizeof(again) - 1);
	}
	terminal.changed = 1;
	errno = saved;
}

static void on_resize(int number)
{
	(void)number;
	terminal.changed = 1;
}

/* Those that are no end are let in by ctl_terminal_wait() only. */
static void handle_signals(void)
{
	struct sigaction end = {.sa_handler = on_fatal}, stop = {.sa_handler = on_stop};
	struct sigaction go_on = {.sa_handler = on_continue}, resize = {.sa_handler = on_resize};
	sigset_t held;

	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGTSTP);
	(void)sigaddset(&held, SIGCONT);
	(void)sigaddset(&held, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &held, NULL);
	stop.sa_mask = held;
	for (size_t i = 0; i < CRL_ARRAY_LEN(fatal); i++)
		(void)sigaction(fatal[i], &end, NULL);
	(void)sigaction(SIGTSTP, &stop, NULL);
	(void)sigaction(SIGCONT, &go_on, NULL);
	(void)sigaction(SIGWINCH, &resize, NULL);
}

int ctl_terminal_take(void)
{
	if (tcgetattr(STDIN_FILENO, &terminal.before) < 0)
		return -errno;
	terminal.keys = terminal.before;
	terminal.keys.c_lflag &=
		~(tcflag_t)(ICANON | ECHO | ECHOE | ECHOK | ECHONL | IEXTEN); /* Ctrl-C and Ctrl-Z stay */
	terminal.keys.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON); /* no Ctrl-S that would hold it */
	terminal.keys.c_cc[VMIN] = 1;
	terminal.keys.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &terminal.keys) < 0)
		return -errno;
	handle_signals();
	take_now();
	return 0;
}

void ctl_terminal_size(int *ret_columns, int *ret_lines)
{
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;

	*ret_columns = known ? size.ws_col : 80;
	*ret_lines = known ? size.ws_row : 24;
}

int ctl_terminal_wait(int ms)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	const struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	sigset_t none;
	int n, what;

	(void)sigemptyset(&none);
	n = terminal.changed ? 0 : ppoll(&p, 1, &limit, &none);
	what = (n > 0 ? CTL_TERMINAL_INPUT : 0) | (terminal.changed ? CTL_TERMINAL_CHANGED : 0);
	terminal.changed = 0;
	return what;
}

void ctl_terminal_forget_input(void)
{
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
}

int ctl_terminal_write(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}
