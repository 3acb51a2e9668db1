// SPDX-License-Identifier: Apache-2.0
/*
 * The helper's log.
 *
 * Runs in: helper, supervisor, init, steward, carrelctl.
 */
#include "base/log.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/text.h"

#define IDENT "carrel"
#define WAIT_MS 100

static struct {
	int fd;
	bool debug;
	struct sockaddr_un logger;
} sink = {.fd = -EBADF, .logger = {.sun_family = AF_UNIX, .sun_path = "/dev/log"}};

static void connect_logger(void)
{
	drop_fd(&sink.fd);
	sink.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink.fd < 0)
		return;
	if (connect(sink.fd, (const struct sockaddr *)&sink.logger, sizeof(sink.logger)) < 0)
		drop_fd(&sink.fd);
}

void crl_log_set(const char *path, bool debug)
{
	const char *wanted = path ? path : "/dev/log";

	drop_fd(&sink.fd);
	sink.debug = debug;
	if (strlen(wanted) < sizeof(sink.logger.sun_path))
		memcpy(sink.logger.sun_path, wanted, strlen(wanted) + 1);
}

void crl_log_connect(void)
{
	if (sink.fd >= 0)
		return; /* and the line that connected has the time on it */
	tzset();
	connect_logger();
}

void crl_log_open(const char *path, bool debug)
{
	crl_log_set(path, debug);
	crl_log_connect();
}

void crl_log_close(void)
{
	drop_fd(&sink.fd);
}

/* "<PRI>Nov 24 00:03:50 carrel[123]: ": the form of every syslog(3), so that every logger knows it. */
static size_t put_header(char *buf, size_t size, int level)
{
	static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = time(NULL);
	struct tm tm = {0};
	int n;

	(void)localtime_r(&now, &tm);
	n = snprintf(buf, size, "<%d>%s %2d %02d:%02d:%02d " IDENT "[%d]: ", LOG_AUTHPRIV | (level & LOG_PRIMASK),
		     month[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, getpid());
	return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

/* Returns 0 or -errno; waits once. */
static int send_line(const char *line, size_t len)
{
	for (int i = 0; i < 2; i++) {
		struct pollfd p = {.fd = sink.fd, .events = POLLOUT};

		if (send(sink.fd, line, len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != ENOBUFS)
			return -errno;
		if (i == 0)
			(void)poll(&p, 1, WAIT_MS);
	}
	return -EAGAIN;
}

/* A closed stderr must not end a supervisor: SIGPIPE is held back and taken off again. */
static void copy_to_stderr(const char *line, size_t len)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	const struct timespec zero = {0};
	sigset_t pipe_only, before, pending;
	bool was_pending;

	if (poll(&p, 1, 0) != 1)
		return; /* nobody reads it */
	(void)sigemptyset(&pipe_only);
	(void)sigaddset(&pipe_only, SIGPIPE);
	(void)sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	(void)sigprocmask(SIG_BLOCK, &pipe_only, &before);
	if (write(STDERR_FILENO, line, len) < 0 && errno == EPIPE && !was_pending)
		(void)sigtimedwait(&pipe_only, NULL, &zero);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

void crl_log(int level, const char *fmt, ...)
{
	char text[CRL_LOG_TEXT_MAX], line[CRL_LOG_TEXT_MAX + 64];
	int saved = errno;
	size_t head, len;
	va_list args;

	if (level == LOG_DEBUG && !sink.debug)
		return;
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);

	head = put_header(line, sizeof(line) - 1, level);
	(void)crl_visible_line(line + head, CRL_LOG_TEXT_MAX, text);
	len = strlen(line);
	/* A logger that was restarted left us connected to a socket that nobody has: once more. */
	if (sink.fd < 0 || send_line(line, len) == -ECONNREFUSED) {
		connect_logger();
		if (sink.fd >= 0)
			(void)send_line(line, len);
	}
	if (sink.debug) {
		line[len] = '\n';
		copy_to_stderr(line + head, len + 1 - head);
	}
	errno = saved;
}
