// SPDX-License-Identifier: Apache-2.0
/*
 * See home.h.
 *
 * Runs in: carrel, as the user.
 */
#include "user/home.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/scope.h"
#include "user/own.h"
#include "user/said.h"
#include "wire/wish.h"

#define SOCKET_PATH "/run/" CRL_WISH_DIR "/" CRL_WISH_SOCKET
#define WAIT_S 120 /* for the next piece: a keeper has one of its user's requests at a time */

static const struct home_command {
	const char *word;
	enum crl_wish_ask ask;
} commands[] = {
	{"diff", CRL_WISH_DIFF},         {"discard", CRL_WISH_DISCARD},     {"keep", CRL_WISH_KEEP},
	{"snapshot", CRL_WISH_SNAPSHOT}, {"snapshots", CRL_WISH_SNAPSHOTS},
};

static int complain(enum crl_user_exit status, const char *fmt, ...) CRL_PRINTF(2, 3);
static int complain(enum crl_user_exit status, const char *fmt, ...)
{
	char english[CRL_RETOLD_MAX], buf[CRL_RETOLD_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(english, sizeof(english), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "carrel: %s\n", crl_user_said(english, buf));
	return status;
}

static const struct home_command *find_command(const char *word)
{
	for (size_t i = 0; word && i < CRL_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].word, word) == 0)
			return &commands[i];
	return NULL;
}

static int connect_keeper(void)
{
	const struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
	const struct timeval most = {.tv_sec = WAIT_S};
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ||
	    connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int tell_why_not(int error)
{
	if (access(CRL_USER_MARKER, F_OK) < 0)
		return crl_user_is_nowhere();
	if (error == ENOENT)
		return complain(CRL_USER_NOWHERE, "this room has no kept home: what is changed here goes with it, or "
						  "it is your home itself");
	if (error == ECONNREFUSED)
		return complain(CRL_USER_FAILED, "the keeper of your home is gone: all changes are kept, and after "
						 "your next login it is there again");
	if (error == EAGAIN)
		return complain(CRL_USER_FAILED, "the keeper of your home is busy with other requests of yours: try "
						 "again");
	return complain(CRL_USER_FAILED, "cannot ask the keeper of your home: %s", strerrordesc_np(error));
}

static int show(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

static int show_said(const char *english)
{
	char buf[CRL_RETOLD_MAX];

	return show(crl_user_said(english, buf));
}

/* A piece of lines that are to be told: each when it is whole, or as far as there is room for it. */
static int show_lines(const char *text)
{
	static char line[CRL_RETOLD_MAX / 2];
	static size_t len;

	for (; *text; text++) {
		const char end[] = {*text, '\0'};

		if (*text != '\n' && len + 1 < sizeof(line)) {
			line[len++] = *text;
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (show_said(line) < 0 || show(end) < 0)
			return -EIO;
	}
	return 0;
}

/* What has changed is listed in the same words everywhere; so scripts can read it. */
static int show_piece(enum crl_wish_ask ask, const char *text)
{
	return ask == CRL_WISH_SNAPSHOTS ? show_lines(text) : show(text);
}

/* Returns the exit status. */
static int hear(int conn, enum crl_wish_ask ask)
{
	static struct crl_wish_record r;
	struct pollfd p = {.fd = conn, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, WAIT_S * 1000), rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return complain(CRL_USER_FAILED, "the keeper of your home does not answer");
		rc = crl_wish_take(conn, &r);
		if (rc == -EAGAIN)
			continue;
		if (rc == -EPROTONOSUPPORT)
			return complain(CRL_USER_FAILED, "this room is older than this program: it works after your "
							 "next login");
		if (rc < 0 || r.type == CRL_WISH_ASK)
			return complain(CRL_USER_FAILED, "the keeper of your home broke off");
		if (r.type == CRL_WISH_TEXT && show_piece(ask, r.text) < 0)
			return complain(CRL_USER_FAILED, "cannot write the answer");
		if (r.type == CRL_WISH_TEXT)
			continue;
		if (r.text[0] && r.number != CRL_USER_DONE)
			return complain((enum crl_user_exit)r.number, "%s", r.text);
		return r.text[0] && (show_said(r.text) < 0 || show("\n") < 0) ? CRL_USER_FAILED : r.number;
	}
}

int crl_user_home(char *const *argv)
{
	const struct home_command *k = find_command(argv[0]);
	scoped_fd conn = -EBADF;
	const char *name = "";

	if (k && k->ask == CRL_WISH_SNAPSHOT && argv[1])
		name = argv[1];
	if (!k || argv[name[0] ? 2 : 1] || (k->ask == CRL_WISH_SNAPSHOT && !name[0])) {
		(void)fputs("usage: carrel home diff | discard | keep | snapshot NAME | snapshots\n", stderr);
		return CRL_USER_USAGE;
	}
	if (name[0] && !crl_wish_is_name(name))
		return complain(CRL_USER_USAGE,
				"a snapshot's name has 1 to %d letters, digits and ._-, the first of "
				"them a letter or a digit",
				CRL_WISH_NAME_MAX - 1);
	conn = connect_keeper();
	if (conn < 0)
		return tell_why_not(-conn);
	if (crl_wish_send(conn, CRL_WISH_ASK, k->ask, name) < 0)
		return complain(CRL_USER_FAILED, "the keeper of your home broke off");
	return hear(conn, k->ask);
}
