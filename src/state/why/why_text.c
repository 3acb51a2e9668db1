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
#include "base/scope.h"

enum why_unit { NO_UNIT, BYTES, NUMBER, PERMILLE, SECONDS };

static const struct cause {
	const char *name;
	const char *key;
	enum why_unit unit;
	bool stops;
	const char *one; /* what the login …, when the count is 1 or means nothing */
	const char *many; /* for a count above 1: what stands before the number, and */
	const char *rest; /* behind it */
} causes[CRL_WHY_COUNT] = {
	[CRL_WHY_MEMORY] = {"memory", "limits.memory", BYTES, true, "had a process ended for memory", "had ",
			    " processes ended for memory"},
	[CRL_WHY_TASKS] = {"tasks", "limits.tasks", NUMBER, true, "could not start a process, there were too many",
			   "could not start processes ", " times, there were too many"},
	[CRL_WHY_CPU] = {"cpu", "limits.cpu", PERMILLE, false, "", NULL, NULL},
	[CRL_WHY_IO] = {"io", "limits.io", NO_UNIT, false, "", NULL, NULL},
	[CRL_WHY_HOME] = {"home", "home.size", BYTES, true, "had its home full", NULL, NULL},
	[CRL_WHY_TMP] = {"tmp", "tmp.size", BYTES, true, "had its /tmp full", NULL, NULL},
	[CRL_WHY_LINGER] = {"linger", "linger", SECONDS, true,
			    "had a process ended when its time after logout was over", "had ",
			    " processes ended when their time after logout was over"},
	[CRL_WHY_KILLED] = {"killed", NULL, NO_UNIT, true, "was ended by the administrator", NULL, NULL},
	[CRL_WHY_FROZEN] = {"frozen", NULL, NO_UNIT, true, "was stopped by the administrator", NULL, NULL},
	[CRL_WHY_HELD] = {"memory-held-back", "limits.memory_high", BYTES, true,
			  "was held back for memory for a second", "was held back for memory for ", " seconds"},
	[CRL_WHY_CALL] = {"seccomp", "seccomp.allow", NO_UNIT, true, "had a system call refused", "had ",
			  " system calls refused"},
	[CRL_WHY_CHANGES] = {"home-changes", "home.at_end", NO_UNIT, false, "", NULL, NULL},
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

static void describe(const struct crl_why_event *e, char *buf, size_t size)
{
	const struct cause *c = &causes[e->cause];
	char limit[24];
	size_t at;

	if (c->many && e->count != 1)
		(void)snprintf(buf, size, "%s%" PRIu64 "%s", c->many, e->count, c->rest);
	else
		(void)snprintf(buf, size, "%s", c->one);
	crl_why_limit_text(e->cause, e->limit, limit, sizeof(limit));
	at = strlen(buf);
	if (limit[0])
		(void)snprintf(buf + at, size - at, " (limit %s)", limit);
}

/* "14:02", with the day before it when that was another. */
static void format_time(int64_t at_s, int64_t now_s, char *buf, size_t size)
{
	time_t at = (time_t)at_s, now = (time_t)now_s;
	struct tm then, today;

	if (!localtime_r(&at, &then) || !localtime_r(&now, &today)) {
		(void)snprintf(buf, size, "earlier");
		return;
	}
	if (strftime(buf, size,
		     then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ? "%H:%M" : "%Y-%m-%d %H:%M",
		     &then) == 0)
		(void)snprintf(buf, size, "earlier");
}

static bool is_news(const struct crl_why_event *e)
{
	return !e->told && stops(e->cause);
}

/* What stopped processes of the login of @newest. */
static void tell_stops(const struct crl_why *why, const struct crl_why_event *newest, int64_t now_s,
		       char buf[CRL_NOTICE_MAX])
{
	char when[40], what[160];
	size_t at;

	format_time(newest->since, now_s, when, sizeof(when));
	at = (size_t)snprintf(buf, CRL_NOTICE_MAX, "carrel: your login of %s", when);
	for (size_t i = 0, said = 0; i < why->len; i++) {
		const struct crl_why_event *e = &why->event[i];

		if (!is_news(e) || strcmp(e->id, newest->id) != 0)
			continue;
		describe(e, what, sizeof(what));
		if (at + strlen(what) + 2 >= CRL_NOTICE_MAX)
			break; /* whole clauses only */
		at += (size_t)snprintf(buf + at, CRL_NOTICE_MAX - at, "%s %s", said++ ? "," : "", what);
	}
}

static void tell_changes(const struct crl_why_event *e, char buf[CRL_NOTICE_MAX])
{
	char what[100];
	size_t at = strlen(buf);

	(void)snprintf(what, sizeof(what),
		       "%s your home has %" PRIu64 " change%s kept beside it, see: carrel home diff",
		       at ? ";" : "carrel:", e->count, e->count == 1 ? "" : "s");
	if (at + strlen(what) < CRL_NOTICE_MAX)
		(void)snprintf(buf + at, CRL_NOTICE_MAX - at, "%s", what);
}

/* R1 */
void crl_why_notice(const struct crl_why *why, int64_t now_s, char buf[CRL_NOTICE_MAX])
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
		tell_stops(why, newest, now_s, buf);
	if (changes)
		tell_changes(changes, buf);
}
