// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/top/model.h"

static struct ctl_top_row *add(struct ctl_top_sample *s, const char *id, const char *user)
{
	struct ctl_top_row *r = ctl_top_sample_add(s);

	assert_non_null(r);
	(void)snprintf(r->login.id, sizeof(r->login.id), "%s", id);
	(void)snprintf(r->room, sizeof(r->room), "%s", id);
	(void)snprintf(r->slice, sizeof(r->slice), "%s.slice", user);
	(void)snprintf(r->login.user, sizeof(r->login.user), "%s", user);
	(void)snprintf(r->policy, sizeof(r->policy), "shared");
	(void)snprintf(r->login.rhost, sizeof(r->login.rhost), "192.0.2.7");
	r->login.uid = (uint32_t)user[0];
	return r;
}

static const struct ctl_top_row *find(const struct ctl_top_sample *s, const char *id)
{
	for (size_t i = 0; i < s->len; i++)
		if (strcmp(s->row[i].login.id, id) == 0)
			return &s->row[i];
	fail();
	return NULL;
}

static void test_rates(void **state)
{
	struct ctl_top_sample none = {0}, before = {.at_us = 1000000}, now = {.at_us = 3000000};
	struct ctl_top_row *r;

	(void)state;
	add(&before, "b", "bob")->cpu_us = 500000;
	r = add(&before, "a", "ana");
	r->io_bytes = 1000;
	r->sent = r->received = r->packets = 100;
	r = add(&before, "c", "cara");
	r->cpu_us = 900;
	r->io_bytes = 900;
	ctl_top_sample_finish(&before, &none);
	assert_true(find(&before, "b")->cpu_permille == CTL_TOP_UNKNOWN); /* nothing to compare with */
	add(&now, "n", "new")->cpu_us = 77;
	r = add(&now, "a", "ana");
	r->io_bytes = 5096;
	r->sent = 2100;
	r->received = 100;
	r->packets = 120;
	add(&now, "b", "bob")->cpu_us = 3500000;
	r = add(&now, "c", "cara"); /* another slice of that name: it counts from the start */
	r->cpu_us = 800;
	r->io_bytes = 0;
	ctl_top_sample_finish(&now, &before);
	assert_true(find(&now, "b")->cpu_permille == 1500);
	assert_true(find(&now, "b")->io_rate == CTL_TOP_UNKNOWN);
	assert_true(find(&now, "a")->io_rate == 2048);
	assert_true(find(&now, "a")->cpu_permille == CTL_TOP_UNKNOWN);
	assert_true(find(&now, "a")->sent_rate == 1000 && find(&now, "a")->received_rate == 0);
	assert_true(find(&now, "a")->packets_rate == 10 && ctl_top_net_rate(find(&now, "a")) == 1000);
	assert_true(ctl_top_net_rate(find(&now, "b")) == CTL_TOP_UNKNOWN);
	assert_true(find(&now, "c")->cpu_permille == CTL_TOP_UNKNOWN);
	assert_true(find(&now, "c")->io_rate == CTL_TOP_UNKNOWN);
	assert_true(find(&now, "n")->cpu_permille == CTL_TOP_UNKNOWN);
	now.at_us = before.at_us; /* no time has passed */
	ctl_top_sample_finish(&now, &before);
	assert_true(find(&now, "b")->cpu_permille == CTL_TOP_UNKNOWN);
	ctl_top_sample_done(&before);
	ctl_top_sample_done(&now);
}

/* One room of two logins, and a second room of the same user. */
static void test_totals(void **state)
{
	struct ctl_top_sample s = {0}, none = {0};
	struct ctl_top_total t;

	(void)state;
	ctl_top_sample_total(&s, &t);
	assert_true(t.rooms == 0 && t.users == 0 && t.processes == CTL_TOP_UNKNOWN);
	for (int i = 0; i < 3; i++) {
		struct ctl_top_row *r = add(&s, (const char *[]){"a", "b", "c"}[i], "bob");

		(void)snprintf(r->room, sizeof(r->room), "%s", i < 2 ? "shared" : "other");
		r->processes = 5;
		r->memory = 100;
		r->io_rate = 7;
		r->cpu_permille = 250;
	}
	add(&s, "d", "ana")->memory = 11;
	ctl_top_sample_total(&s, &t);
	assert_int_equal(t.rooms, 3);
	assert_int_equal(t.users, 2);
	assert_true(t.processes == 10);
	assert_true(t.memory == 111);
	assert_true(t.io_rate == 7);
	assert_true(t.cpu_permille == 750);
	ctl_top_sample_finish(&s, &none);
	ctl_top_sample_done(&s);
}

/* The users in the order shown, by their first letters. */
static const char *order_of(struct ctl_top_view *v, const struct ctl_top_sample *s)
{
	static char text[16];

	assert_int_equal(ctl_top_view_arrange(v, s), 0);
	for (size_t i = 0; i < v->len; i++)
		text[i] = s->row[v->order[i]].login.user[0];
	text[v->len] = '\0';
	return text;
}

static struct ctl_top_sample four(void)
{
	struct ctl_top_sample s = {0}, none = {0};
	static const char *const user[] = {"dora", "ana", "cara", "bob"};

	for (uint64_t i = 0; i < 4; i++) {
		struct ctl_top_row *r = add(&s, (const char *[]){"x1", "x3", "x2", "x4"}[i], user[i]);

		r->login.since = (int64_t[]){40, 10, 30, 20}[i];
		r->processes = (uint64_t[]){1, 2, 3, CTL_TOP_UNKNOWN}[i];
		r->memory = (uint64_t[]){9, 9, 1, 9}[i];
		r->cpu_permille = (uint64_t[]){0, 500, CTL_TOP_UNKNOWN, 10}[i];
		r->io_rate = (uint64_t[]){3, CTL_TOP_UNKNOWN, CTL_TOP_UNKNOWN, 4}[i];
		r->sent_rate = r->io_rate;
	}
	ctl_top_sample_finish(&s, &none);
	for (size_t i = 0; i < s.len; i++)
		assert_true(i == 0 || strcmp(s.row[i - 1].login.id, s.row[i].login.id) < 0);
	return s;
}

static void test_order(void **state)
{
	static const struct {
		enum ctl_top_sort sort;
		const char *order, *reversed;
	} kase[] = {
		{CTL_TOP_BY_USER, "abcd", "dcba"},      {CTL_TOP_BY_SINCE, "abcd", "dcba"},
		{CTL_TOP_BY_PROCESSES, "cadb", "dacb"}, {CTL_TOP_BY_MEMORY, "abdc", "cabd"},
		{CTL_TOP_BY_CPU, "abdc", "dbac"},       {CTL_TOP_BY_IO, "bdac", "dbac"},
		{CTL_TOP_BY_NETWORK, "bdac", "dbac"},
	};
	struct ctl_top_sample s = four();
	struct ctl_top_view v = {0};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		v.sort = kase[i].sort;
		v.reverse = false;
		assert_string_equal(order_of(&v, &s), kase[i].order);
		v.reverse = true;
		assert_string_equal(order_of(&v, &s), kase[i].reversed);
	}
	ctl_top_view_done(&v);
	ctl_top_sample_done(&s);
}

static void test_filter(void **state)
{
	static const struct {
		const char *filter, *shown;
	} kase[] = {{"", "abcd"},      {"AR", "abcd"}, {"ara", "c"}, {"BOB", "b"},
		    {"0.2.7", "abcd"}, {"zzz", ""},    {"sshd", ""}};
	struct ctl_top_sample s = four();
	struct ctl_top_view v = {.sort = CTL_TOP_BY_USER};

	(void)state;
	for (size_t i = 0; i < s.len; i++)
		(void)snprintf(s.row[i].login.service, sizeof(s.row[i].login.service), "sshd");
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		(void)snprintf(v.filter, sizeof(v.filter), "%s", kase[i].filter);
		assert_string_equal(order_of(&v, &s), kase[i].shown);
	}
	assert_null(ctl_top_view_selected(&v, &s));
	ctl_top_view_done(&v);
	ctl_top_sample_done(&s);
}

/* The selection is a login, not a line. */
static void test_selection(void **state)
{
	struct ctl_top_sample s = four(), less = {0}, none = {0};
	struct ctl_top_view v = {.sort = CTL_TOP_BY_USER};

	(void)state;
	(void)order_of(&v, &s);
	assert_string_equal(ctl_top_view_selected(&v, &s)->login.user, "ana");
	(void)snprintf(v.login, sizeof(v.login), "x2"); /* cara */
	(void)order_of(&v, &s);
	assert_int_equal(v.at, 2);
	v.reverse = true;
	(void)order_of(&v, &s);
	assert_int_equal(v.at, 1);
	assert_string_equal(ctl_top_view_selected(&v, &s)->login.user, "cara");
	add(&less, "x3", "ana"); /* the others have left */
	ctl_top_sample_finish(&less, &none);
	(void)order_of(&v, &less);
	assert_int_equal(v.at, 0);
	assert_string_equal(v.login, "x3");
	ctl_top_sample_done(&less);
	(void)order_of(&v, &less);
	assert_null(ctl_top_view_selected(&v, &less));
	assert_string_equal(v.login, "");
	ctl_top_view_done(&v);
	ctl_top_sample_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_totals),
					   cmocka_unit_test(test_order), cmocka_unit_test(test_filter),
					   cmocka_unit_test(test_selection)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
