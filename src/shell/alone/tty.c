// SPDX-License-Identifier: Apache-2.0
/*
 * The terminal of a login, and who has its session.
 *
 * Who leads a session with a terminal is told when that hangs up, and job control is the session's. So where
 * carrel-shell leads it, which is so for a shell that sshd or login has started, it lets go of the terminal, and the
 * room's shell leads a session of its own with it. Elsewhere the room's shell becomes a process group of the session
 * that there is, and takes the foreground from ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "shell/alone/room.h"

/* By what the kernel says that the descriptor is; ttyname(3) looks at it again. */
static void name_it(struct alone_tty *tty)
{
	if (ttyname_r(tty->fd, tty->name, sizeof(tty->name)) != 0 || strncmp(tty->name, "/dev/", 5) != 0)
		tty->name[0] = '\0';
}

void alone_tty_look(struct alone_tty *tty)
{
	*tty = (struct alone_tty){.fd = -1};
	for (int fd = 0; fd <= 2 && tty->fd < 0; fd++)
		if (isatty(fd))
			tty->fd = fd;
	if (tty->fd < 0)
		return;
	name_it(tty);
	tty->own = tcgetsid(tty->fd) == getpid();
	tty->front = tcgetpgrp(tty->fd) == getpgrp();
}

/* A leader that lets go gets what hung-up terminals send. All is blocked, so it waits to be taken away. */
int alone_tty_leave(struct alone_tty *tty, struct crl_err *err)
{
	static const struct timespec now = {0};
	sigset_t sent;

	if (!tty->own)
		return 0;
	if (ioctl(tty->fd, TIOCNOTTY) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot let go of the terminal");
	(void)sigemptyset(&sent);
	(void)sigaddset(&sent, SIGHUP);
	(void)sigaddset(&sent, SIGCONT);
	while (sigtimedwait(&sent, NULL, &now) > 0)
		;
	return 0;
}

int alone_tty_take(const struct alone_tty *tty, struct crl_err *err)
{
	if (tty->fd >= 0 && !tty->own) {
		if (setpgid(0, 0) < 0)
			return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a process group");
		if (tty->front && tcsetpgrp(tty->fd, getpid()) < 0)
			return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot take the terminal's foreground");
		return 0;
	}
	if (setsid() < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot make a session");
	if (tty->own && ioctl(tty->fd, TIOCSCTTY, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot take the terminal");
	return 0;
}
