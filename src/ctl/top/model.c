// SPDX-License-Identifier: Apache-2.0
/* carrelctl top: rates from two samples, order, filter, selection; see model.h. */
#include "ctl/top/model.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"

const char *ctl_top_sort_name(enum ctl_top_sort sort)
{
	static const char *const name[CTL_TOP_SORTS] = {"cpu", "memory", "processes", "io", "network", "user", "since"};

	return name[sort];
}

struct ctl_top_row *ctl_top_sample_add(struct ctl_top_sample *s)
{
	struct ctl_top_row *grown = reallocarray(s->row, s->len + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	s->row = grown;
	grown[s->len] = (struct ctl_top_row){.processes = CTL_TOP_UNKNOWN,
					     .cpu_us = CTL_TOP_UNKNOWN,
					     .cpu_max = CTL_TOP_UNKNOWN,
					     .memory = CTL_TOP_UNKNOWN,
					     .memory_max = CTL_TOP_UNKNOWN,
					     .memory_high = CTL_TOP_UNKNOWN,
					     .io_bytes = CTL_TOP_UNKNOWN,
					     .sent = CTL_TOP_UNKNOWN,
					     .received = CTL_TOP_UNKNOWN,
					     .packets = CTL_TOP_UNKNOWN,
					     .sent_rate = CTL_TOP_UNKNOWN,
					     .received_rate = CTL_TOP_UNKNOWN,
					     .packets_rate = CTL_TOP_UNKNOWN,
					     .cpu_permille = CTL_TOP_UNKNOWN,
					     .io_rate = CTL_TOP_UNKNOWN};
	return &grown[s->len++];
}

void ctl_top_sample_done(struct ctl_top_sample *s)
{
	free(s->row);
	*s = (struct ctl_top_sample){0};
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct ctl_top_row *)a)->login.id, ((const struct ctl_top_row *)b)->login.id);
}

/* A counter that runs backwards is another one: a slice that went and came again between two looks. */
static uint64_t rate(uint64_t now, uint64_t before, int64_t us, uint64_t per_us)
{
	if (now == CTL_TOP_UNKNOWN || before == CTL_TOP_UNKNOWN || now < before || us <= 0)
		return CTL_TOP_UNKNOWN;
	return (uint64_t)((double)(now - before) * (double)per_us / (double)us);
}

void ctl_top_sample_finish(struct ctl_top_sample *s, const struct ctl_top_sample *before)
{
	if (s->len > 1)
		qsort(s->row, s->len, sizeof(*s->row), by_id);
	for (size_t i = 0; i < s->len && before->len > 0; i++) {
		struct ctl_top_row *now = &s->row[i];
		const struct ctl_top_row *was = bsearch(now, before->row, before->len, sizeof(*now), by_id);

		if (!was)
			continue;
		now->cpu_permille = rate(now->cpu_us, was->cpu_us, s->at_us - before->at_us, 1000);
		now->io_rate = rate(now->io_bytes, was->io_bytes, s->at_us - before->at_us, 1000000);
		now->sent_rate = rate(now->sent, was->sent, s->at_us - before->at_us, 1000000);
		now->received_rate = rate(now->received, was->received, s->at_us - before->at_us, 1000000);
		now->packets_rate = rate(now->packets, was->packets, s->at_us - before->at_us, 1000000);
	}
}

static void add(uint64_t *sum, uint64_t n)
{
	if (n != CTL_TOP_UNKNOWN)
		*sum = (*sum == CTL_TOP_UNKNOWN ? 0 : *sum) + n;
}

bool ctl_top_has_traffic(const struct ctl_top_sample *s)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->row[i].sent != CTL_TOP_UNKNOWN)
			return true;
	return false;
}

uint64_t ctl_top_net_rate(const struct ctl_top_row *r)
{
	uint64_t sum = CTL_TOP_UNKNOWN;

	add(&sum, r->sent_rate);
	add(&sum, r->received_rate);
	return sum;
}

static int by_room(const void *a, const void *b)
{
	return strcmp((*(const struct ctl_top_row *const *)a)->room, (*(const struct ctl_top_row *const *)b)->room);
}

static int by_slice(const void *a, const void *b)
{
	return strcmp((*(const struct ctl_top_row *const *)a)->slice, (*(const struct ctl_top_row *const *)b)->slice);
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = (*(const struct ctl_top_row *const *)a)->login.uid,
		 y = (*(const struct ctl_top_row *const *)b)->login.uid;

	return (x > y) - (x < y);
}

typedef int comparison(const void *, const void *);

/* Is row @i of the sorted list another one than the row before? */
static bool is_new(const struct ctl_top_row *const *row, size_t i, comparison *compare)
{
	return i == 0 || compare(&row[i - 1], &row[i]) != 0;
}

void ctl_top_sample_total(const struct ctl_top_sample *s, struct ctl_top_total *ret)
{
	scoped_free const struct ctl_top_row **row = calloc(s->len ? s->len : 1, sizeof(*row));

	*ret = (struct ctl_top_total){.processes = CTL_TOP_UNKNOWN,
				      .cpu_permille = CTL_TOP_UNKNOWN,
				      .memory = CTL_TOP_UNKNOWN,
				      .io_rate = CTL_TOP_UNKNOWN,
				      .net_rate = CTL_TOP_UNKNOWN};
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
		add(&ret->net_rate, ctl_top_net_rate(row[i]));
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

static bool is_shown(const struct ctl_top_view *v, const struct ctl_top_row *r)
{
	return !v->filter[0] || has_text(r->login.user, v->filter) || has_text(r->policy, v->filter) ||
	       has_text(r->login.rhost, v->filter);
}

static uint64_t number_of(const struct ctl_top_row *r, enum ctl_top_sort sort)
{
	return sort == CTL_TOP_BY_CPU         ? r->cpu_permille
	       : sort == CTL_TOP_BY_MEMORY    ? r->memory
	       : sort == CTL_TOP_BY_PROCESSES ? r->processes
	       : sort == CTL_TOP_BY_NETWORK   ? ctl_top_net_rate(r)
					      : r->io_rate;
}

/* Numbers the highest first, names and times the lowest. */
static int compare_rows(const struct ctl_top_view *v, const struct ctl_top_row *a, const struct ctl_top_row *b)
{
	uint64_t x = number_of(a, v->sort), y = number_of(b, v->sort);
	int order;

	if (v->sort == CTL_TOP_BY_USER)
		order = strcmp(a->login.user, b->login.user);
	else if (v->sort == CTL_TOP_BY_SINCE)
		order = (a->login.since > b->login.since) - (a->login.since < b->login.since);
	else if (x == CTL_TOP_UNKNOWN || y == CTL_TOP_UNKNOWN)
		return (x == CTL_TOP_UNKNOWN) - (y == CTL_TOP_UNKNOWN);
	else
		order = (x < y) - (x > y);
	return v->reverse ? -order : order;
}

struct sorting {
	const struct ctl_top_view *view;
	const struct ctl_top_sample *sample;
};

static int compare_places(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	const struct ctl_top_row *x = &s->sample->row[*(const uint32_t *)a], *y = &s->sample->row[*(const uint32_t *)b];
	int order = compare_rows(s->view, x, y);

	if (order != 0)
		return order;
	/* Equals keep their places from one look to the next. */
	if (x->login.since != y->login.since)
		return x->login.since < y->login.since ? -1 : 1;
	return strcmp(x->login.id, y->login.id);
}

static void find_selected(struct ctl_top_view *v, const struct ctl_top_sample *s)
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

int ctl_top_view_arrange(struct ctl_top_view *v, const struct ctl_top_sample *s)
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

const struct ctl_top_row *ctl_top_view_selected(const struct ctl_top_view *v, const struct ctl_top_sample *s)
{
	return v->at < v->len ? &s->row[v->order[v->at]] : NULL;
}

void ctl_top_view_done(struct ctl_top_view *v)
{
	free(v->order);
	v->order = NULL;
	v->len = 0;
}
