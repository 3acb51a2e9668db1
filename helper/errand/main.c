// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-errand: stands in a room for a program that needs power, and asks the steward to run that one outside.
 *
 * Runs in: a room, as its user, without any power: whatever it checks is for the user's sake, and nothing relies on it.
 * It is called by the name of the program that it stands for.
 */
#include "helper/errand/client.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "helper/errand/said.h"
#include "wire/contact.h"
#include "wire/version.h"

#define SEND_MS 5000
#define BEGIN_MS 5000 /* what the steward is waited for */
#define TEMPFAIL 75 /* sysexits.h: for sendmail, "try again" */

int errand_complain(const char *call, const char *fmt, ...)
{
	static char english[CRL_RETOLD_MAX], buf[CRL_RETOLD_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(english, sizeof(english), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "%s: %s\n", call, errand_said(english, buf));
	return strcmp(call, "sendmail") == 0 || strcmp(call, "mailq") == 0 ? TEMPFAIL : 1;
}

static int connect_once(void)
{
	const struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = CRL_ERRAND_PLACE "/" CRL_ERRAND_SOCKET};
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* The host's first login can be here before the steward that it has started; one that dies is soon there again. */
static int connect_steward(void)
{
	const int64_t deadline = crl_now_ms() + BEGIN_MS;
	int rc;

	while ((rc = connect_once()) < 0 && (rc == -ENOENT || rc == -ECONNREFUSED) && crl_now_ms() < deadline)
		crl_pause_ms(50);
	return rc;
}

static const char *locale(void)
{
	static const char *const from[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(from); i++) {
		const char *value = getenv(from[i]);

		if (value && value[0])
			return value;
	}
	return "";
}

/* What has other letters than a terminal or a locale has is left at home. */
static const char *plain(const char *value)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";

	return value && strlen(value) < 64 && strspn(value, letters) == strlen(value) ? value : "";
}

static int request(const struct errand_wish *w, int conn)
{
	static struct crl_errand_record r;
	int at;

	crl_errand_begin(&r, CRL_ERRAND_REQUEST, 0);
	at = crl_errand_add(&r, plain(getenv("TERM")));
	if (at == 0)
		at = crl_errand_add(&r, plain(locale()));
	if (at == 0)
		at = crl_errand_add(&r, w->call);
	for (size_t i = 0; i < w->len && at == 0; i++)
		at = crl_errand_add(&r, w->args[i]);
	return at < 0 ? at : crl_errand_send(conn, &r, w->fd);
}

/* Take one record of the steward's. Returns its type, or -errno. @ret_text  lives until the next */
static int hear(int conn, int *ret_number, const char **ret_text)
{
	static struct crl_errand_record r;
	char *word[CRL_ERRAND_WORDS_MAX];
	struct crl_fds x = CRL_FDS_NONE;
	size_t size = 0;
	int rc = crl_errand_take(conn, &r, &size, &x);

	crl_fds_done(&x);
	if (rc == 0)
		rc = crl_errand_check(&r, size, word);
	if (rc < 0)
		return rc;
	*ret_number = r.number;
	*ret_text = r.words ? word[0] : "";
	return r.type;
}

static void pass_signal(int conn, int signals)
{
	static struct crl_errand_record r;
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	crl_errand_begin(&r, CRL_ERRAND_SIGNAL, (int)info.ssi_signo);
	crl_ignore(crl_errand_send(conn, &r, NULL)); /* it has ended, then */
}

static int hear_signals(sigset_t *before)
{
	static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < CRL_ARRAY_LEN(passed); i++) {
		struct sigaction now;

		/* mail and nohup have some ignored for what they start: blocked, they would be heard all the same */
		if (sigaction(passed[i], NULL, &now) < 0 || now.sa_handler != SIG_IGN)
			(void)sigaddset(&set, passed[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &set, before);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Nobody but the administrator can mend it. */
static int complain_of(const char *call, const char *text)
{
	char contact[CRL_CONTACT_MAX], buf[CRL_RETOLD_MAX];

	(void)crl_contact_read(CRL_CONTACT_FILE, contact);
	return errand_complain(call, "%s%s%s", errand_said(text, buf), contact[0] ? ". " : "", contact);
}

/* The conversation; returns the exit status. */
static int converse(const struct errand_wish *w, int conn, int signals)
{
	struct pollfd p[] = {{.fd = conn, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int number = 0;

	for (;;) {
		const char *text = "";
		int type = -EAGAIN;

		if (poll(p, CRL_ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return errand_complain(w->call, "%s", errand_error(errno));
		if (p[1].revents)
			pass_signal(conn, signals);
		if (p[0].revents)
			type = hear(conn, &number, &text);
		if (type == CRL_ERRAND_ENDED)
			return number & 255;
		if (type == CRL_ERRAND_REFUSED)
			return complain_of(w->call, text);
		if (type == CRL_ERRAND_HELLO)
			type = request(w, conn);
		if (type == -E2BIG)
			return errand_complain(w->call, "too many arguments, or too long ones");
		if (type < 0 && type != -EAGAIN)
			return errand_complain(w->call, "the steward of this host broke off: %s", errand_error(-type));
	}
}

static int nobody_runs_it(const char *call, int error)
{
	char contact[CRL_CONTACT_MAX], english[CRL_RETOLD_MAX], buf[CRL_RETOLD_MAX], ask[CRL_RETOLD_MAX];
	bool has = crl_contact_read(CRL_CONTACT_FILE, contact)[0] != '\0';

	(void)snprintf(english, sizeof(english), "nobody runs it for this room now (%s)", errand_error(error));
	return errand_complain(call, "%s%s %s", errand_said(english, buf), has ? "." : ":",
			       has ? contact : errand_said("ask the administrator of this host", ask));
}

int errand_do(const struct errand_wish *w)
{
	scoped_fd conn = connect_steward(), signals = -EBADF;
	sigset_t before;
	int status;

	if (conn < 0)
		return nobody_runs_it(w->call, -conn);
	signals = hear_signals(&before);
	status = converse(w, conn, signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL); /* for an editor that is started next */
	return status;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	struct errand_wish w = {.call = slash      ? slash + 1
					: argc > 0 ? argv[0]
						   : "",
				.args = argv + 1,
				.len = argc > 0 ? (size_t)argc - 1 : 0,
				.fd = {0, 1, 2}};

	if (strncmp(w.call, "carrel-errand", 13) == 0)
		return crl_version_told(argc, argv)
			       ? 0
			       : errand_complain(
					 w.call,
					 "stands for another program and is called by its name: see carrel-errand(8)");
	if (w.call[0] == '-') /* of a login shell */
		w.call++;
	if (strcmp(w.call, "crontab") == 0)
		return errand_crontab(&w);
	if (strcmp(w.call, "at") == 0)
		return errand_at(&w);
	return errand_do(&w);
}
