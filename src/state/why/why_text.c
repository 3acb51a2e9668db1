// SPDX-License-Identifier: Apache-2.0
/*
 * Causes in words: for the record, the operator's table and the line that the user sees.
 *
 * Runs in: helper, supervisor, carrelctl. Pure but for the time zone. R1: nothing that a user has chosen is in it.
 */
#include "state/why/why.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/phrases.h"
#include "base/scope.h"

enum why_unit { NO_UNIT, BYTES, NUMBER, PERMILLE, SECONDS };

static const struct cause {
	const char *name;
	const char *key;
	enum why_unit unit;
	bool stops;
	enum crl_phrase one; /* what is said of it, when the count is 1 or means nothing */
	enum crl_phrase many; /* for a count above 1; the same where there is none */
} causes[CRL_WHY_COUNT] = {
#define SAID(name) CRL_PHRASE_##name, CRL_PHRASE_##name
#define COUNTED(name) CRL_PHRASE_##name, CRL_PHRASE_##name##_MANY
#define UNSAID CRL_PHRASE_COUNT, CRL_PHRASE_COUNT
	[CRL_WHY_MEMORY] = {"memory", "limits.memory", BYTES, true, COUNTED(MEMORY)},
	[CRL_WHY_TASKS] = {"tasks", "limits.tasks", NUMBER, true, COUNTED(TASKS)},
	[CRL_WHY_CPU] = {"cpu", "limits.cpu", PERMILLE, false, UNSAID},
	[CRL_WHY_IO] = {"io", "limits.io", NO_UNIT, false, UNSAID},
	[CRL_WHY_HOME] = {"home", "home.size", BYTES, true, SAID(HOME)},
	[CRL_WHY_TMP] = {"tmp", "tmp.size", BYTES, true, SAID(TMP)},
	[CRL_WHY_LINGER] = {"linger", "linger", SECONDS, true, COUNTED(LINGER)},
	[CRL_WHY_KILLED] = {"killed", NULL, NO_UNIT, true, SAID(KILLED)},
	[CRL_WHY_FROZEN] = {"frozen", NULL, NO_UNIT, true, SAID(FROZEN)},
	[CRL_WHY_HELD] = {"memory-held-back", "limits.memory_high", BYTES, true, COUNTED(HELD)},
	[CRL_WHY_CALL] = {"seccomp", "seccomp.allow", NO_UNIT, true, COUNTED(CALL)},
	[CRL_WHY_CHANGES] = {"home-changes", "home.at_end", NO_UNIT, false, UNSAID},
};

const char *crl_why_name(enum crl_why_cause cause)
{
	return cause < CRL_WHY_COUNT ? causes[cause].name : "-";
}

/* Does it stop something, or seem to? Else it only slows it, and no user is told. */
static bool stops(enum crl_why_cause cause)
{
	return cause < CRL_WHY_COUNT && causes[cause].stops;
}

const char *crl_why_key(enum crl_why_cause cause)
{
	return cause < CRL_WHY_COUNT ? causes[cause].key : NULL;
}

void crl_why_limit_text(enum crl_why_cause cause, uint64_t limit, char *buf, size_t size)
{
	buf[0] = '\0';
	if (cause >= CRL_WHY_COUNT || limit == CRL_COUNT_UNKNOWN)
		return;
	switch (causes[cause].unit) {
	case BYTES:
		crl_format_size(limit, buf, size);
		break;
	case NUMBER:
		(void)snprintf(buf, size, "%" PRIu64, limit);
		break;
	case PERMILLE:
		crl_format_percent(limit, buf, size);
		break;
	case SECONDS:
		crl_format_duration(limit, buf, size);
		break;
	case NO_UNIT:
		break;
	}
}

static void add(struct crl_why_event **at, const struct crl_why_event *login, enum crl_why_cause cause, uint64_t count,
		uint64_t limit)
{
	if (count == 0)
		return;
	**at = *login;
	(*at)->cause = cause;
	(*at)->count = count;
	(*at)->limit = limit;
	(*at)++;
}

size_t crl_why_of_counts(const struct crl_met *met, const struct crl_counts *now, const struct crl_why_event *login,
			 struct crl_why_event ret[CRL_WHY_MET_MAX])
{
	struct crl_why_event *at = ret;

	add(&at, login, CRL_WHY_CPU, met->throttled_s, now->cpu_permille);
	add(&at, login, CRL_WHY_IO, met->io_stall_s, CRL_COUNT_UNKNOWN);
	add(&at, login, CRL_WHY_TASKS, met->refused, now->tasks);
	add(&at, login, CRL_WHY_HELD, met->held_s, met->held_limit);
	add(&at, login, CRL_WHY_MEMORY, met->killed, met->killed_limit);
	return (size_t)(at - ret);
}

static void say(char *buf, size_t size, enum crl_language language, enum crl_phrase phrase, const char *one)
{
	(void)crl_say(buf, size, &(struct crl_saying){language, phrase}, one, NULL);
}

void crl_why_describe(const struct crl_why_event *e, enum crl_language language, char *buf, size_t size)
{
	const struct cause *c = &causes[e->cause];
	char limit[24], count[24];
	size_t at;

	buf[0] = '\0';
	if (c->one == CRL_PHRASE_COUNT)
		return;
	(void)snprintf(count, sizeof(count), "%" PRIu64, e->count);
	say(buf, size, language, e->count == 1 ? c->one : c->many, count);
	crl_why_limit_text(e->cause, e->limit, limit, sizeof(limit));
	at = strlen(buf);
	if (limit[0])
		say(buf + at, size - at, language, CRL_PHRASE_LIMIT, limit);
}

/* "14:02", with the day before it when that was another. */
static void format_time(int64_t at_s, const struct crl_told_at *told, char *buf, size_t size)
{
	time_t at = (time_t)at_s, now = (time_t)told->now_s;
	struct tm then, today;

	if (!localtime_r(&at, &then) || !localtime_r(&now, &today)) {
		say(buf, size, told->language, CRL_PHRASE_EARLIER, NULL);
		return;
	}
	if (strftime(buf, size,
		     then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ? "%H:%M" : "%Y-%m-%d %H:%M",
		     &then) == 0)
		say(buf, size, told->language, CRL_PHRASE_EARLIER, NULL);
}

static bool is_news(const struct crl_why_event *e)
{
	return !e->told && stops(e->cause);
}

/* What stopped processes of the login of @newest. */
static void tell_stops(const struct crl_why *why, const struct crl_why_event *newest, const struct crl_told_at *told,
		       char buf[CRL_NOTICE_MAX])
{
	char when[40], what[CRL_NOTICE_MAX];
	size_t at;

	format_time(newest->since, told, when, sizeof(when));
	say(buf, CRL_NOTICE_MAX, told->language, CRL_PHRASE_YOUR_LOGIN, when);
	at = strlen(buf);
	for (size_t i = 0, said = 0; i < why->len; i++) {
		const struct crl_why_event *e = &why->event[i];

		if (!is_news(e) || strcmp(e->id, newest->id) != 0)
			continue;
		crl_why_describe(e, told->language, what, sizeof(what));
		if (at + strlen(what) + 2 >= CRL_NOTICE_MAX)
			break; /* whole clauses only */
		at += (size_t)snprintf(buf + at, CRL_NOTICE_MAX - at, "%s %s", said++ ? "," : "", what);
	}
}

static void tell_changes(const struct crl_why_event *e, enum crl_language language, char buf[CRL_NOTICE_MAX])
{
	char what[CRL_NOTICE_MAX], count[24];
	size_t at = strlen(buf);

	(void)snprintf(count, sizeof(count), "%" PRIu64, e->count);
	say(what, sizeof(what), language, e->count == 1 ? CRL_PHRASE_CHANGES : CRL_PHRASE_CHANGES_MANY, count);
	if (at + strlen(what) + 8 < CRL_NOTICE_MAX)
		(void)snprintf(buf + at, CRL_NOTICE_MAX - at, "%s %s", at ? ";" : "carrel:", what);
}

static void tell_contact(const char *contact, char buf[CRL_NOTICE_MAX])
{
	size_t at = strlen(buf);

	if (contact && contact[0] && at + strlen(contact) + 2 < CRL_NOTICE_MAX)
		(void)snprintf(buf + at, CRL_NOTICE_MAX - at, ". %s", contact);
}

/* R1 */
void crl_why_notice(const struct crl_why *why, const struct crl_told_at *told, char buf[CRL_NOTICE_MAX])
{
	const struct crl_why_event *newest = NULL, *changes = NULL;

	buf[0] = '\0';
	for (size_t i = 0; i < why->len; i++) {
		const struct crl_why_event *e = &why->event[i];

		if (is_news(e))
			newest = e;
		if (e->cause == CRL_WHY_CHANGES)
			changes = e->told ? NULL : e;
	}
	if (newest)
		tell_stops(why, newest, told, buf);
	if (changes)
		tell_changes(changes, told->language, buf);
	if (newest)
		tell_contact(told->contact, buf);
}
