// SPDX-License-Identifier: Apache-2.0
/* See journal.h. */
#include "base/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/pairs.h"
#include "base/text.h"

#define TRIES 10
#define PAUSE_MS 10 /* R2 */
#define ENTRY_MAX (2 * CRL_LOG_TEXT_MAX + 1024) /* every value twice, and the names of the fields */

static struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = CRL_JOURNAL_SOCKET};

struct journal_entry {
	char text[ENTRY_MAX];
	size_t len;
};

/* A field that does not fit is left out, whole. */
static void put(struct journal_entry *e, const char *name, const char *value, size_t len)
{
	const size_t need = strlen(name) + 1 + len + 1;

	if (need >= sizeof(e->text) - e->len)
		return;
	e->len += (size_t)snprintf(e->text + e->len, sizeof(e->text) - e->len, "%s=%.*s\n", name, (int)len, value);
}

static void put_number(struct journal_entry *e, const char *name, int value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", value);
	put(e, name, text, strlen(text));
}

/* R1: the line is visible by now, and a value of it has no blank. */
static void put_pair(struct journal_entry *e, const struct crl_pair *pair)
{
	char name[64] = "CARREL_";
	size_t n = strlen(name);

	if (pair->key_len >= sizeof(name) - n)
		return;
	for (size_t i = 0; i < pair->key_len; i++)
		name[n++] = pair->key[i] == '_' ? '_' : (char)(pair->key[i] - 'a' + 'A');
	name[n] = '\0';
	put(e, name, pair->value, pair->value_len);
}

/* Returns 0 or -errno; -EAGAIN the journal does not read. */
static int send_entry(const struct journal_entry *e)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < TRIES; i++) {
		if (i > 0)
			crl_pause_ms(PAUSE_MS);
		if (sendto(fd, e->text, e->len, MSG_NOSIGNAL, (const struct sockaddr *)&journal, sizeof(journal)) >= 0)
			return 0;
		if (errno != EAGAIN && errno != ENOBUFS)
			return -errno;
	}
	return -EAGAIN;
}

static int send_line(int level, const char *id, const char *line)
{
	struct journal_entry e = {.len = 0};
	char text[CRL_LOG_TEXT_MAX];
	const char *at = text;
	struct crl_pair pair;

	(void)crl_visible_line(text, sizeof(text), line);
	put(&e, "MESSAGE", text, strlen(text));
	put(&e, "MESSAGE_ID", id, strlen(id));
	put_number(&e, "PRIORITY", level & LOG_PRIMASK);
	put_number(&e, "SYSLOG_FACILITY", LOG_AUTHPRIV >> 3);
	put(&e, "SYSLOG_IDENTIFIER", "carrel", strlen("carrel"));
	while (crl_pair_next(&at, &pair))
		put_pair(&e, &pair);
	return send_entry(&e);
}

void crl_journal_log(int level, const char *id, const char *fmt, ...)
{
	char line[CRL_LOG_TEXT_MAX];
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(line, sizeof(line), fmt, args) < 0)
		line[0] = '\0';
	va_end(args);
	if (!id || send_line(level, id, line) < 0)
		crl_log(level, "%s", line);
	errno = saved;
}
