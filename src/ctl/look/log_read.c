// SPDX-License-Identifier: Apache-2.0
/* See log_read.h. */
#include "ctl/look/log_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/pairs.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/host/ask.h"

#define JOURNALCTL "/usr/bin/journalctl"
#define TAG "carrel["
#define DAY_S 86400

static const char *const syslog_files[] = {"/var/log/auth.log", "/var/log/secure", "/var/log/messages",
					   "/var/log/syslog"};

static void scope_stream(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* ---- the journal ----------------------------------------------------------------------------------------------- */

static int take_time(const char *text, int64_t *ret_ms)
{
	uint64_t us;

	if (crl_parse_uint(text, 0, INT64_MAX, &us) < 0)
		return -EBADMSG;
	*ret_ms = (int64_t)(us / 1000);
	return 0;
}

int ctl_log_of_export(FILE *in, ctl_log_line *each, void *arg)
{
	static const char stamp[] = "__REALTIME_TIMESTAMP=", message[] = "MESSAGE=";
	scoped_free char *text = NULL, *line = NULL;
	int64_t when_ms = 0;
	size_t size = 0;

	for (ssize_t n; (n = getline(&text, &size, in)) > 0;) {
		if (text[n - 1] != '\n' || strlen(text) != (size_t)n)
			return -EBADMSG;
		text[n - 1] = '\0';
		if (n == 1) {
			if (line)
				each(arg, when_ms, line);
			free(line);
			line = NULL;
		} else if (!strchr(text, '=')) {
			return -EBADMSG; /* a field of bytes, which the helper's never are */
		} else if (strncmp(text, stamp, sizeof(stamp) - 1) == 0) {
			if (take_time(text + sizeof(stamp) - 1, &when_ms) < 0)
				return -EBADMSG;
		} else if (strncmp(text, message, sizeof(message) - 1) == 0) {
			free(line);
			line = strdup(text + sizeof(message) - 1);
		}
	}
	if (line) /* the last entry has no empty line behind it */
		each(arg, when_ms, line);
	return 0;
}

/* R1 */
static int read_journal(const struct ctl_log_wish *w, ctl_log_line *each, void *arg, struct crl_err *err)
{
	char since[40], user[sizeof("CARREL_USER=") + 1100];
	char *argv[16] = {(char[]){JOURNALCTL},
			  (char[]){"--quiet"},
			  (char[]){"--no-pager"},
			  (char[]){"--output=export"},
			  (char[]){"--output-fields=MESSAGE"},
			  since,
			  (char[]){"_UID=0"},
			  (char[]){"SYSLOG_IDENTIFIER=carrel"},
			  (char[]){"CARREL_EVENT=open"},
			  (char[]){"CARREL_EVENT=refused"},
			  (char[]){"CARREL_EVENT=close"},
			  w->user ? user : NULL,
			  NULL};
	int fd, rc, status;
	FILE *in;
	pid_t pid;

	(void)snprintf(since, sizeof(since), "--since=@%" PRId64, w->since_ms / 1000);
	if (w->user)
		(void)snprintf(user, sizeof(user), "CARREL_USER=%s", w->user);
	rc = ctl_ask_begin(argv, &pid, &fd);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot start %s", JOURNALCTL);
	in = fdopen(fd, "r");
	rc = in ? ctl_log_of_export(in, each, arg) : -errno;
	if (in)
		(void)fclose(in); /* what it has yet to say ends it */
	else
		(void)close(fd);
	status = ctl_ask_end(pid);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "%s does not answer as expected", JOURNALCTL);
	return status < 0 || status > 1 ? crl_err_set(err, EIO, CRL_STAGE_STATE, "%s failed", JOURNALCTL) : 0;
}

/* ---- a file of syslog's ---------------------------------------------------------------------------------------- */

/* "Nov 24 00:03:50 ", which has no year: the one in which it is not of the future. */
static const char *take_old_time(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	time_t now = (time_t)(now_ms / 1000), at;
	struct tm tm = {0}, then = {0};
	const char *end;

	if (!localtime_r(&now, &then))
		return NULL;
	end = strptime(text, "%b %d %H:%M:%S ", &tm);
	if (!end)
		return NULL;
	tm.tm_year = then.tm_year;
	tm.tm_isdst = -1;
	at = mktime(&tm);
	if (at > now + DAY_S) {
		tm.tm_year--;
		tm.tm_isdst = -1;
		at = mktime(&tm);
	}
	*ret_ms = (int64_t)at * 1000;
	return end;
}

/* "2026-11-29T03:15:29.123456+00:00 ". */
static const char *take_new_time(const char *text, int64_t *ret_ms)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t ms = 0, scale = 100, east = 0;

	if (!end)
		return NULL;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, scale /= 10)
			ms += (*end - '0') * scale;
	if (*end == '+' || *end == '-') {
		unsigned int h, m;
		int n = 0;

		if (sscanf(end + 1, "%2u:%2u%n", &h, &m, &n) != 2 || n != 5)
			return NULL;
		east = (*end == '-' ? -1 : 1) * (int64_t)(h * 3600 + m * 60);
		end += 6;
	} else if (*end == 'Z') {
		end++;
	}
	if (*end != ' ')
		return NULL;
	*ret_ms = ((int64_t)timegm(&tm) - east) * 1000 + ms;
	return end + 1;
}

/* R1: "carrel[123]: ", with the name of a host before it or without. */
static const char *skip_tag(const char *text)
{
	const char *blank = strchr(text, ' ');
	size_t digits;

	if (strncmp(text, TAG, strlen(TAG)) != 0)
		text = blank ? blank + 1 : "";
	if (strncmp(text, TAG, strlen(TAG)) != 0)
		return NULL;
	text += strlen(TAG);
	digits = strspn(text, "0123456789");
	return digits > 0 && strncmp(text + digits, "]: ", 3) == 0 ? text + digits + 3 : NULL;
}

const char *ctl_log_of_syslog(const char *text, int64_t now_ms, int64_t *ret_when_ms)
{
	int64_t when_ms;
	const char *rest = take_new_time(text, &when_ms);

	if (!rest)
		rest = take_old_time(text, now_ms, &when_ms);
	rest = rest ? skip_tag(rest) : NULL;
	if (!rest || strncmp(rest, "event=", strlen("event=")) != 0)
		return NULL;
	*ret_when_ms = when_ms;
	return rest;
}

static bool is_wanted(const struct ctl_log_wish *w, int64_t when_ms, const char *line)
{
	char user[1100];

	return when_ms >= w->since_ms &&
	       (!w->user || strcmp(crl_pair_find(line, "user", user, sizeof(user)), w->user) == 0);
}

static int read_file(const struct ctl_log_wish *w, const char *path, ctl_log_line *each, void *arg)
{
	__attribute__((cleanup(scope_stream))) FILE *in = NULL;
	scoped_fd fd = -EBADF;
	struct stat st;
	scoped_free char *text = NULL;
	size_t size = 0;

	/* Not to wait for whoever would write into a FIFO, and not to read what has no end. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))) /* that one is /dev/null */
		return S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
	in = fdopen(fd, "r");
	if (!in)
		return -errno;
	(void)take_fd(&fd);
	for (errno = 0; getline(&text, &size, in) > 0; errno = 0) {
		const char *line;
		int64_t when_ms;

		text[strcspn(text, "\n")] = '\0';
		line = ctl_log_of_syslog(text, w->now_ms, &when_ms);
		if (line && is_wanted(w, when_ms, line))
			each(arg, when_ms, line);
	}
	return ferror(in) ? -errno : 0;
}

int ctl_log_read(const struct ctl_log_wish *wish, ctl_log_line *each, void *arg, const char **ret_source,
		 struct crl_err *err)
{
	int rc = -ENOENT;

	*ret_source = wish->file;
	if (!wish->file && access(CRL_JOURNAL_SOCKET, F_OK) == 0 && access(JOURNALCTL, X_OK) == 0) {
		*ret_source = "the journal";
		return read_journal(wish, each, arg, err);
	}
	if (wish->file)
		rc = read_file(wish, wish->file, each, arg);
	for (size_t i = 0; !wish->file && rc == -ENOENT && i < CRL_ARRAY_LEN(syslog_files); i++) {
		*ret_source = syslog_files[i];
		rc = read_file(wish, syslog_files[i], each, arg);
	}
	if (rc == -ENOENT && !wish->file)
		return crl_err_set(
			err, ENOENT, CRL_STAGE_STATE,
			"there is neither a journal nor a file that syslog usually writes: --file names one");
	if (rc == -ESPIPE)
		return crl_err_set(err, ESPIPE, CRL_STAGE_STATE, "cannot read \"%s\": it is no regular file",
				   *ret_source);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot read \"%s\": %s", *ret_source,
				    strerrordesc_np(-rc))
		      : 0;
}
