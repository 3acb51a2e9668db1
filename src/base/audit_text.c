// SPDX-License-Identifier: Apache-2.0
/* See audit_text.h. */
#include "base/audit_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct audit_words {
	char *buf;
	size_t size;
	size_t at;
};

/* Commas end a host's name for ausearch(8), and parentheses a terminal's. */
static bool is_plain(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\'' || *p == '=' || *p == ',' || *p == '(' ||
		    *p == ')')
			return false;
	return true;
}

static void put(struct audit_words *o, const char *text)
{
	for (; *text && o->at + 1 < o->size; text++)
		o->buf[o->at++] = *text;
	o->buf[o->at] = '\0';
}

/* R1 */
static void put_value(struct audit_words *o, const char *name, const char *value, const char *quote)
{
	char digits[3];

	put(o, name);
	if (!value || !value[0]) {
		put(o, "?");
	} else if (is_plain(value)) {
		put(o, quote);
		put(o, value);
		put(o, quote);
	} else {
		for (; *value; value++) {
			(void)snprintf(digits, sizeof(digits), "%02X", (unsigned char)*value);
			put(o, digits);
		}
	}
}

/* Those that audit's own programs take for text as it stands. */
static void put_plain(struct audit_words *o, const char *name, const char *value)
{
	put_value(o, name, value, "");
}

static void put_known(struct audit_words *o, const char *name, const char *value)
{
	if (value && value[0])
		put_plain(o, name, value);
}

static const char *address_of(const char *rhost)
{
	unsigned char any[sizeof(struct in6_addr)];

	if (rhost && (inet_pton(AF_INET, rhost, any) == 1 || inet_pton(AF_INET6, rhost, any) == 1))
		return rhost;
	return "";
}

const char *crl_audit_text(char *buf, size_t size, const struct crl_audit_session *s)
{
	struct audit_words o = {.buf = buf, .size = size};
	char id[16];

	put(&o, s->ends ? "op=carrel:session_close" : "op=carrel:session_open");
	put_known(&o, " login=", s->login);
	put_known(&o, " room=", s->room);
	put_plain(&o, " policy=", s->policy);
	put_known(&o, " reason=", s->reason);
	put_plain(&o, " service=", s->service);
	(void)snprintf(id, sizeof(id), "%" PRIu32, s->uid);
	put_plain(&o, " id=", id);
	put_value(&o, " acct=", s->user, "\"");
	put_value(&o, " exe=", s->exe, "\"");
	put_plain(&o, " hostname=", s->rhost);
	put_plain(&o, " addr=", address_of(s->rhost));
	put_plain(&o, " terminal=", s->tty);
	put(&o, s->ok ? " res=success" : " res=failed");
	return buf;
}

const char *crl_audit_exe(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size);

	buf[n < 0 || (size_t)n >= size ? 0 : n] = '\0';
	return buf;
}
