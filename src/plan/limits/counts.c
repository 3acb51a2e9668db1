// SPDX-License-Identifier: Apache-2.0
/*
 * The table of counts, and the difference of two looks.
 *
 * Runs in: helper, supervisor, carrelctl. Pure.
 */
#include "plan/limits/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

const struct crl_count_place crl_count_places[CRL_COUNT_LEN] = {
	[CRL_COUNT_KILLED_OWN] = {true, "memory.events", NULL, "oom_kill"},
	[CRL_COUNT_KILLED] = {false, "memory.events", NULL, "oom_kill"},
	[CRL_COUNT_OUT_OF_MEMORY] = {false, "memory.events", NULL, "oom"},
	[CRL_COUNT_REFUSED_OWN] = {true, "pids.events", NULL, "max"},
	[CRL_COUNT_REFUSED] = {false, "pids.events", NULL, "max"},
	[CRL_COUNT_THROTTLED_US] = {false, "cpu.stat", NULL, "throttled_usec"},
	[CRL_COUNT_IO_STALL_US] = {false, "io.pressure", "full ", "total="},
	[CRL_COUNT_HIGH] = {false, "memory.events", NULL, "high"},
	[CRL_COUNT_STALL_OWN_US] = {true, "memory.pressure", "full ", "total="},
	[CRL_COUNT_STALL_US] = {false, "memory.pressure", "full ", "total="},
};

void crl_counts_init(struct crl_counts *c)
{
	for (size_t i = 0; i < CRL_COUNT_LEN; i++)
		c->n[i] = CRL_COUNT_UNKNOWN;
	c->memory = c->memory_high = c->tasks = c->cpu_permille = CRL_COUNT_UNKNOWN;
	c->io_limited = false;
}

/* Digits up to the end of the line or a space. Too many of them give the largest number, which is none known. */
static uint64_t number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || (text[len] != '\0' && text[len] != '\n' && text[len] != ' '))
		return CRL_COUNT_UNKNOWN;
	return strtoull(text, NULL, 10);
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

uint64_t crl_count_find(const struct crl_count_place *place, const char *text)
{
	size_t len = strlen(place->line ? place->line : place->key);

	for (const char *line = text; *line; line = next_line(line)) {
		const char *found;

		if (place->line) {
			if (strncmp(line, place->line, len) != 0)
				continue;
			found = strstr(line, place->key);
			return found && found < line + strcspn(line, "\n") ? number(found + strlen(place->key))
									   : CRL_COUNT_UNKNOWN;
		}
		if (strncmp(line, place->key, len) == 0 && line[len] == ' ')
			return number(line + len + 1);
	}
	return CRL_COUNT_UNKNOWN;
}

uint64_t crl_count_limit(const char *text)
{
	return number(text);
}

uint64_t crl_count_cpu_limit(const char *text)
{
	uint64_t quota = number(text), period;
	const char *space = strchr(text, ' ');

	if (quota == CRL_COUNT_UNKNOWN || quota > UINT64_MAX / 1000 || !space)
		return CRL_COUNT_UNKNOWN;
	period = number(space + 1);
	return period == CRL_COUNT_UNKNOWN || period == 0 ? CRL_COUNT_UNKNOWN : quota * 1000 / period;
}

static uint64_t grown(const struct crl_counts *before, const struct crl_counts *now, enum crl_count which)
{
	uint64_t a = before->n[which], b = now->n[which];

	if (b == CRL_COUNT_UNKNOWN)
		return CRL_COUNT_UNKNOWN;
	return a == CRL_COUNT_UNKNOWN || a > b ? b : b - a;
}

static uint64_t or_nothing(uint64_t n)
{
	return n == CRL_COUNT_UNKNOWN ? 0 : n;
}

static uint64_t if_much(uint64_t us, uint64_t seconds)
{
	us = or_nothing(us);
	return us / 1000000 > 0 && us / 100000 > seconds ? us / 1000000 : 0;
}

/* A program that stands still for a minute is worth a word however long its login was. */
static uint64_t if_long(uint64_t us, uint64_t seconds)
{
	return or_nothing(us) >= UINT64_C(60000000) ? us / 1000000 : if_much(us, seconds);
}

struct crl_met crl_counts_met(const struct crl_counts *before, const struct crl_counts *now, uint64_t seconds)
{
	uint64_t own = grown(before, now, CRL_COUNT_KILLED_OWN);
	uint64_t stall = grown(before, now, CRL_COUNT_STALL_OWN_US);
	uint64_t refused_own = or_nothing(grown(before, now, CRL_COUNT_REFUSED_OWN));
	uint64_t refused = or_nothing(grown(before, now, CRL_COUNT_REFUSED));
	struct crl_met met = {
		.killed = own != CRL_COUNT_UNKNOWN ? own : or_nothing(grown(before, now, CRL_COUNT_KILLED)),
		.killed_limit = CRL_COUNT_UNKNOWN,
		.refused = refused_own > refused ? refused_own : refused, /* one event, here or there or in both */
		.held_s = if_long(stall != CRL_COUNT_UNKNOWN ? stall : grown(before, now, CRL_COUNT_STALL_US), seconds),
		.held_limit = CRL_COUNT_UNKNOWN,
		.throttled_s = if_much(grown(before, now, CRL_COUNT_THROTTLED_US), seconds),
		.io_stall_s = now->io_limited ? if_much(grown(before, now, CRL_COUNT_IO_STALL_US), seconds) : 0,
	};

	if (or_nothing(grown(before, now, CRL_COUNT_OUT_OF_MEMORY)) > 0)
		met.killed_limit = now->memory;
	if (or_nothing(grown(before, now, CRL_COUNT_HIGH)) > 0)
		met.held_limit = now->memory_high;
	return met;
}
