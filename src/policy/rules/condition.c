// SPDX-License-Identifier: Apache-2.0
/* See condition.h. */
#include "policy/rules/condition.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "policy/rules/command.h"

#define DAY_MINUTES (24 * 60)

const char *crl_condition_name(enum crl_condition kind)
{
	static const char *const names[CRL_COND_COUNT] = {
		[CRL_COND_USER] = "user",   [CRL_COND_UID] = "uid",         [CRL_COND_SERVICE] = "service",
		[CRL_COND_RHOST] = "rhost", [CRL_COND_TTY] = "tty",         [CRL_COND_TIME] = "time",
		[CRL_COND_GROUP] = "group", [CRL_COND_COMMAND] = "command",
	};

	return names[kind];
}

static bool parse_uids(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	char first[16];
	size_t len = strcspn(text, "-");

	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	if (crl_parse_uint(first, 0, UINT32_MAX - 1, ret_first) < 0)
		return false;
	*ret_last = *ret_first;
	return text[len] == '\0' ||
	       (crl_parse_uint(text + len + 1, 0, UINT32_MAX - 1, ret_last) == 0 && *ret_first <= *ret_last);
}

/* An address as 16 bytes, IPv4 mapped into IPv6. */
struct address {
	uint8_t byte[16];
};

static bool parse_address(const char *text, struct address *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, ret->byte + 12) == 1) {
		memcpy(ret->byte, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, text, ret->byte) == 1;
}

/* @ret_bits  of the 128 */
static bool parse_network(const char *text, struct address *ret, uint64_t *ret_bits)
{
	char address[64];
	size_t len = strcspn(text, "/");
	uint64_t most;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!parse_address(address, ret))
		return false;
	most = strchr(address, ':') ? 128 : 32;
	*ret_bits = most;
	if (text[len] == '/' && crl_parse_uint(text + len + 1, 0, most, ret_bits) < 0)
		return false;
	*ret_bits += 128 - most;
	return true;
}

static bool is_in_network(const struct address *a, const struct address *network, uint64_t bits)
{
	size_t whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	return memcmp(a->byte, network->byte, whole) == 0 &&
	       (bits % 8 == 0 || ((a->byte[whole] ^ network->byte[whole]) & mask) == 0);
}

/* True for a network with bits set that its length leaves out: "10.1.2.3/8" is a slip more often than a wish. */
static bool has_host_bits(const struct address *network, uint64_t bits)
{
	for (uint64_t i = bits; i < 128; i++)
		if (network->byte[i / 8] & (0x80u >> (i % 8)))
			return true;
	return false;
}

static bool holds_rhost(const char *text, const char *rhost)
{
	struct address network = {0}, address = {0};
	char literal[CRL_RHOST_MAX];
	uint64_t bits;

	if (strcmp(text, "local") == 0)
		return rhost[0] == '\0';
	(void)snprintf(literal, sizeof(literal), "%s", rhost);
	literal[strcspn(literal, "%")] = '\0'; /* fe80::1%eth0 */
	return parse_network(text, &network, &bits) && parse_address(literal, &address) &&
	       is_in_network(&address, &network, bits);
}

/* Days of the week from Sunday, minutes of the day. */
struct span {
	int first_day;
	int last_day;
	int from;
	int to;
};

static int parse_day(const char *text, size_t len)
{
	static const char days[] = "SunMonTueWedThuFriSat";

	for (int i = 0; len == 3 && i < 7; i++)
		if (memcmp(text, days + i * 3, 3) == 0)
			return i;
	return -1;
}

/* "08:00", 24:00 included. */
static int parse_minutes(const char *text)
{
	static const char form[] = "dd:dd";
	int minutes;

	for (size_t i = 0; i < 5; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return -1;
	minutes = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
	return text[3] > '5' || minutes > DAY_MINUTES ? -1 : minutes;
}

static bool parse_span(const char *text, struct span *ret)
{
	const char *space = strchr(text, ' ');

	ret->first_day = 0;
	ret->last_day = 6;
	if (space) {
		const char *dash = memchr(text, '-', (size_t)(space - text));

		ret->first_day = parse_day(text, (size_t)((dash ? dash : space) - text));
		ret->last_day = dash ? parse_day(dash + 1, (size_t)(space - dash - 1)) : ret->first_day;
		text = space + 1;
	}
	if (strlen(text) != strlen("08:00-18:00") || text[5] != '-')
		return false;
	ret->from = parse_minutes(text);
	ret->to = parse_minutes(text + 6);
	return ret->first_day >= 0 && ret->last_day >= 0 && ret->from >= 0 && ret->to >= 0 && ret->from != ret->to;
}

static bool is_day(const struct span *s, int day)
{
	return s->first_day <= s->last_day ? day >= s->first_day && day <= s->last_day
					   : day >= s->first_day || day <= s->last_day;
}

static bool holds_time(const char *text, time_t now)
{
	struct span s;
	struct tm tm;
	int minute;

	if (!parse_span(text, &s) || !localtime_r(&now, &tm))
		return false;
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (s.from < s.to)
		return is_day(&s, tm.tm_wday) && minute >= s.from && minute < s.to;
	return (is_day(&s, tm.tm_wday) && minute >= s.from) ||
	       (is_day(&s, (tm.tm_wday + 6) % 7) && minute < s.to); /* begun yesterday */
}

const char *crl_condition_fault(enum crl_condition kind, const char *text)
{
	struct address network = {0};
	uint64_t a, b;
	struct span s;

	switch (kind) {
	case CRL_COND_USER:
		return text[0] && strlen(text) < CRL_USER_MAX ? NULL : "a user name of 1 to 255 bytes";
	case CRL_COND_GROUP:
		return text[0] && strlen(text) < CRL_GROUP_MAX ? NULL : "a group name of 1 to 255 bytes";
	case CRL_COND_SERVICE:
		return text[0] && strlen(text) < CRL_SERVICE_MAX ? NULL : "a PAM service of 1 to 63 bytes";
	case CRL_COND_TTY:
		return text[0] && strlen(text) < CRL_TTY_MAX && strncmp(text, "/dev/", 5) != 0
			       ? NULL
			       : "a terminal without \"/dev/\", such as \"tty1\" or \"pts/*\"";
	case CRL_COND_UID:
		return parse_uids(text, &a, &b) ? NULL : "a uid or a range such as \"1000-1999\"";
	case CRL_COND_RHOST:
		if (strcmp(text, "local") == 0)
			return NULL;
		if (!parse_network(text, &network, &a))
			return "an address, a network such as \"192.0.2.0/24\" or \"local\"; names are not asked for";
		return has_host_bits(&network, a) ? "a network without bits beyond its length" : NULL;
	case CRL_COND_TIME:
		return parse_span(text, &s) ? NULL : "a time such as \"08:00-18:00\" or \"Mon-Fri 08:00-18:00\"";
	case CRL_COND_COMMAND:
		return crl_command_fault(text);
	case CRL_COND_COUNT:
		break;
	}
	return "another kind of condition";
}

bool crl_condition_holds(enum crl_condition kind, const char *text, const struct crl_login *login, time_t now)
{
	uint64_t first, last;

	switch (kind) {
	case CRL_COND_USER:
		return strcmp(text, login->user) == 0;
	case CRL_COND_SERVICE:
		return strcmp(text, login->service) == 0;
	case CRL_COND_UID:
		return parse_uids(text, &first, &last) && login->uid >= first && login->uid <= last;
	case CRL_COND_RHOST:
		return holds_rhost(text, login->rhost);
	case CRL_COND_TTY:
		return fnmatch(text, login->tty, 0) == 0;
	case CRL_COND_TIME:
		return holds_time(text, now);
	case CRL_COND_GROUP:
	case CRL_COND_COMMAND:
	case CRL_COND_COUNT:
		break;
	}
	return false;
}

static bool covers_uids(const char *wide, const char *narrow)
{
	uint64_t a, b, c, d;

	return parse_uids(wide, &a, &b) && parse_uids(narrow, &c, &d) && a <= c && d <= b;
}

static bool covers_rhosts(const char *wide, const char *narrow)
{
	struct address a = {0}, b = {0};
	uint64_t a_bits, b_bits;

	return parse_network(wide, &a, &a_bits) && parse_network(narrow, &b, &b_bits) && a_bits <= b_bits &&
	       is_in_network(&b, &a, a_bits);
}

bool crl_condition_covers(enum crl_condition kind, const char *wide, const char *narrow)
{
	if (strcmp(wide, narrow) == 0)
		return true;
	switch (kind) {
	case CRL_COND_UID:
		return covers_uids(wide, narrow);
	case CRL_COND_RHOST:
		return covers_rhosts(wide, narrow);
	case CRL_COND_TTY:
		return strcmp(wide, "*") == 0 || (!strpbrk(narrow, "*?[\\") && fnmatch(wide, narrow, 0) == 0);
	case CRL_COND_USER:
	case CRL_COND_SERVICE:
	case CRL_COND_TIME:
	case CRL_COND_GROUP:
	case CRL_COND_COMMAND:
	case CRL_COND_COUNT:
		break;
	}
	return false;
}
