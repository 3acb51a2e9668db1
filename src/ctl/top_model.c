// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: rates from two samples, order, filter, selection; see top.h. */
#include <string.h>
#include <strings.h>

#include "ctl/top.h"

const char *top_sort_name(enum top_sort sort)
{
	static const char *const name[TOP_SORTS] = {"cpu", "memory", "processes", "io", "user", "since"};

	return name[sort];
}

struct top_row *top_sample_add(struct top_sample *s)
{
	struct top_row *grown = reallocarray(s->row, s->len + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	s->row = grown;
	grown[s->len] = (struct top_row){.processes = TOP_UNKNOWN,
					 .cpu_us = TOP_UNKNOWN,
					 .cpu_max = TOP_UNKNOWN,
					 .memory = TOP_UNKNOWN,
					 .memory_max = TOP_UNKNOWN,
					 .io_bytes = TOP_UNKNOWN,
					 .cpu_permille = TOP_UNKNOWN,
					 .io_rate = TOP_UNKNOWN};
	return &grown[s->len++];
}

void top_sample_done(struct top_sample *s)
{
	free(s->row);
	*s = (struct top_sample){0};
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct top_row *)a)->login.id, ((const struct top_row *)b)->login.id);
}

/* A counter that runs backwards is another one: a slice that went and came again between two looks. */
static uint64_t rate(uint64_t now, uint64_t before, int64_t us, uint64_t per_us)
{
	if (now == TOP_UNKNOWN || before == TOP_UNKNOWN || now < before || us <= 0)
		return TOP_UNKNOWN;
	return (uint64_t)((double)(now - before) * (double)per_us / (double)us);
}

void top_sample_finish(struct top_sample *s, const struct top_sample *before)
{
	if (s->len > 1)
		qsort(s->row, s->len, sizeof(*s->row), by_id);
	for (size_t i = 0; i < s->len && before->len > 0; i++) {
		struct top_row *now = &s->row[i];
		const struct top_row *was = bsearch(now, before->row, before->len, sizeof(*now), by_id);

		if (!was)
			continue;
		now->cpu_permille = rate(now->cpu_us, was->cpu_us, s->at_us - before->at_us, 1000);
		now->io_rate = rate(now->io_bytes, was->io_bytes, s->at_us - before->at_us, 1000000);
	}
}

static void add(uint64_t *sum, uint64_t n)
{
	if (n != TOP_UNKNOWN)
		*sum = (*sum == TOP_UNKNOWN ? 0 : *sum) + n;
}

static int by_room(const void *a, const void *b)
{
	return strcmp((*(const struct top_row *const *)a)->room, (*(const struct top_row *const *)b)->room);
}

static int by_slice(const void *a, const void *b)
{
	return strcmp((*(const struct top_row *const *)a)->slice, (*(const struct top_row *const *)b)->slice);
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = (*(const struct top_row *const *)a)->login.uid, y = (*(const struct top_row *const *)b)->login.uid;

	return (x > y) - (x < y);
}

typedef int comparison(const void *, const void *);

/* Is row @i of the sorted list another one than the row before? */
static bool is_new(const struct top_row *const *row, size_t i, comparison *compare)
{
	return i == 0 || compare(&row[i - 1], &row[i]) != 0;
}

void top_sample_total(const struct top_sample *s, struct top_total *ret)
{
	scoped_free const struct top_row **row = calloc(s->len ? s->len : 1, sizeof(*row));

	*ret = (struct top_total){0, 0, 0, TOP_UNKNOWN, TOP_UNKNOWN, TOP_UNKNOWN, TOP_UNKNOWN};
	for (size_t i = 0; i < s->len && row; i++) {
		row[i] = &s->row[i];
		add(&ret->cpu_permille, row[i]->cpu_permille);
		ret->logins += !row[i]->empty;
	}
	if (!row || s->len == 0)
		return;
	qsort(row, s->len, sizeof(*row), by_room);
	for (size_t i = 0; i < s->len; i++) {
		if (!is_new(row, i, by_room))
			continue;
		ret->rooms++;
		add(&ret->processes, row[i]->processes);
	}
	qsort(row, s->len, sizeof(*row), by_slice);
	for (size_t i = 0; i < s->len; i++) {
		if (!is_new(row, i, by_slice))
			continue;
		add(&ret->memory, row[i]->memory);
		add(&ret->io_rate, row[i]->io_rate);
	}
	qsort(row, s->len, sizeof(*row), by_uid);
	for (size_t i = 0; i < s->len; i++)
		ret->users += is_new(row, i, by_uid);
}

/* ---- order and filter ---- */

static bool has_text(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool is_shown(const struct top_view *v, const struct top_row *r)
{
	return !v->filter[0] || has_text(r->login.user, v->filter) || has_text(r->policy, v->filter) ||
	       has_text(r->login.rhost, v->filter);
}

static uint64_t number_of(const struct top_row *r, enum top_sort sort)
{
	return sort == TOP_BY_CPU	  ? r->cpu_permille
	       : sort == TOP_BY_MEMORY	  ? r->memory
	       : sort == TOP_BY_PROCESSES ? r->processes
					  : r->io_rate;
}

/* Numbers the highest first, names and times the lowest. */
static int compare_rows(const struct top_view *v, const struct top_row *a, const struct top_row *b)
{
	uint64_t x = number_of(a, v->sort), y = number_of(b, v->sort);
	int order;

	if (v->sort == TOP_BY_USER)
		order = strcmp(a->login.user, b->login.user);
	else if (v->sort == TOP_BY_SINCE)
		order = (a->login.since > b->login.since) - (a->login.since < b->login.since);
	else if (x == TOP_UNKNOWN || y == TOP_UNKNOWN)
		return (x == TOP_UNKNOWN) - (y == TOP_UNKNOWN);
	else
		order = (x < y) - (x > y);
	return v->reverse ? -order : order;
}

struct sorting {
	const struct top_view *view;
	const struct top_sample *sample;
};

static int compare_places(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	const struct top_row *x = &s->sample->row[*(const uint32_t *)a], *y = &s->sample->row[*(const uint32_t *)b];
	int order = compare_rows(s->view, x, y);

	if (order != 0)
		return order;
	/* Equals keep their places from one look to the next. */
	if (x->login.since != y->login.since)
		return x->login.since < y->login.since ? -1 : 1;
	return strcmp(x->login.id, y->login.id);
}

static void find_selected(struct top_view *v, const struct top_sample *s)
{
	for (size_t i = 0; i < v->len; i++)
		if (strcmp(s->row[v->order[i]].login.id, v->login) == 0) {
			v->at = i;
			return;
		}
	if (v->at >= v->len)
		v->at = v->len > 0 ? v->len - 1 : 0;
	(void)snprintf(v->login, sizeof(v->login), "%s", v->len > 0 ? s->row[v->order[v->at]].login.id : "");
}

int top_view_arrange(struct top_view *v, const struct top_sample *s)
{
	uint32_t *order = reallocarray(v->order, s->len ? s->len : 1, sizeof(*order));
	struct sorting sorting = {.view = v, .sample = s};

	if (!order)
		return -ENOMEM;
	v->order = order;
	v->len = 0;
	for (size_t i = 0; i < s->len; i++)
		if (is_shown(v, &s->row[i]))
			order[v->len++] = (uint32_t)i;
	if (v->len > 1)
		qsort_r(order, v->len, sizeof(*order), compare_places, &sorting);
	find_selected(v, s);
	return 0;
}

const struct top_row *top_view_selected(const struct top_view *v, const struct top_sample *s)
{
	return v->at < v->len ? &s->row[v->order[v->at]] : NULL;
}

void top_view_done(struct top_view *v)
{
	free(v->order);
	v->order = NULL;
	v->len = 0;
}
