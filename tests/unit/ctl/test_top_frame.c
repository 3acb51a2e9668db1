// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/top/frame.h"
#include "ctl/top/keys.h"
#include "ctl/top/model.h"
#include "ctl/top/screen.h"

#define NOW 1764110766 /* 2025-11-25 22:46:06 UTC */

static const struct ctl_top_host host = {.processors = 4, .memory = UINT64_C(8) << 30, .now = NOW};

static struct ctl_top_row *add(struct ctl_top_sample *s, const char *user, const char *from)
{
	struct ctl_top_row *r = ctl_top_sample_add(s);

	assert_non_null(r);
	(void)snprintf(r->login.id, sizeof(r->login.id), "l%zu", s->len);
	(void)snprintf(r->room, sizeof(r->room), "r%zu", s->len);
	(void)snprintf(r->policy, sizeof(r->policy), "shared");
	(void)snprintf(r->slice, sizeof(r->slice), "%s", user);
	(void)snprintf(r->login.user, sizeof(r->login.user), "%s", user);
	(void)snprintf(r->login.rhost, sizeof(r->login.rhost), "%s", from);
	(void)snprintf(r->login.service, sizeof(r->login.service), "sshd");
	(void)snprintf(r->login.tty, sizeof(r->login.tty), "ssh");
	r->login.uid = (uint32_t)(1000 + s->len);
	r->login.since = NOW - 3600;
	return r;
}

static void draw(struct ctl_top_screen *s, struct ctl_top_view *v, const struct ctl_top_sample *sample)
{
	assert_int_equal(ctl_top_view_arrange(v, sample), 0);
	ctl_top_draw(s, v, sample, &host);
}

/* A line without the blanks at its end. */
static const char *line_of(const struct ctl_top_screen *s, int line)
{
	static char text[8][1001];
	static int next;
	char *buf = text[next++ % 8];
	size_t len = (size_t)s->columns;

	memcpy(buf, s->text + (size_t)line * len, len);
	while (len > 0 && buf[len - 1] == ' ')
		len--;
	buf[len] = '\0';
	return buf;
}

/* The whole of an 80x24 screen, as it is meant to be. */
static void test_frame(void **state)
{
	struct ctl_top_view v = {.sort = CTL_TOP_BY_CPU, .interval_ms = 2000};
	struct ctl_top_screen s = {0};
	struct ctl_top_sample sample = {0};
	struct ctl_top_row *r;

	(void)state;
	r = add(&sample, "ana", "192.0.2.7");
	r->processes = 3;
	r->cpu_permille = 1500;
	r->cpu_max = 2000;
	r->memory = UINT64_C(200) << 20;
	r->memory_max = UINT64_C(800) << 20;
	r->io_rate = 1536 << 10;
	r = add(&sample, "bob", "2001:db8::7");
	r->state = CTL_FROZEN;
	r->processes = 12;
	r->cpu_permille = 0;
	r->login.since = NOW - 90000;
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 0),
			    "carrelctl top 22:46:06  2 logins, 2 rooms, 2 users             by cpu, every 2 s");
	assert_string_equal(line_of(&s, 1), "15 processes  cpu 150.0% of 400%  memory 200M of 8.0G  io 1.5M/s");
	assert_string_equal(line_of(&s, 2),
			    "USER POLICY SVC  FROM        TTY SINCE PROC         CPU      MEMORY  IO/S STATE");
	assert_string_equal(line_of(&s, 3),
			    "ana  shared sshd 192.0.2.7   ssh 21:46    3 [|||150.0%] [||   200M]  1.5M open");
	assert_string_equal(line_of(&s, 4),
			    "bob  shared sshd 2001:db8::7 ssh 11-24   12 [     0.0%]           -     - frozen");
	sample.row[0].sent = sample.row[0].received = 1;
	sample.row[0].sent_rate = 2048 << 10;
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_non_null(strstr(line_of(&s, 1), "io 1.5M/s  net 2.0M/s"));
	assert_non_null(strstr(line_of(&s, 2), "IO/S NET/S S"));
	assert_non_null(strstr(line_of(&s, 3), "1.5M  2.0M o"));
	assert_non_null(strstr(line_of(&s, 4), "-     - f"));
	sample.row[0].sent = sample.row[0].received = sample.row[0].sent_rate = CTL_TOP_UNKNOWN;
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 22), "room r1 login l1  ana  since 11-25 21:46  from 192.0.2.7");
	assert_string_equal(line_of(&s, 23),
			    "q quit  h help  / filter  c m p i n u t sort  r reverse  F freeze  K kill");
	/* The bar goes on beneath the number: 1500 of 2000 are 7 of 9. */
	assert_int_equal(s.look[3 * 80 + 44 + 7] & CTL_TOP_COLOUR, CTL_TOP_YELLOW);
	assert_int_equal(s.look[3 * 80 + 44 + 8] & CTL_TOP_COLOUR, CTL_TOP_PLAIN);
	assert_true(s.look[3 * 80 + 79] & CTL_TOP_REVERSE);
	assert_false(s.look[4 * 80] & CTL_TOP_REVERSE);
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

static void test_questions(void **state)
{
	struct ctl_top_view v = {
		.mode = CTL_TOP_CONFIRM, .asked = CTL_TOP_KILL, .room = "r1", .user = "a\033na", .logins = 2};
	struct ctl_top_screen s = {0};
	struct ctl_top_sample sample = {0};

	(void)state;
	(void)add(&sample, "ana", "");
	assert_int_equal(ctl_top_screen_resize(&s, 40, 10), 0);
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 9), "End room r1 of a\\x1bna (2 logins)? y/n");
	v.asked = CTL_TOP_THAW;
	v.logins = 1;
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 9), "Thaw room r1 of a\\x1bna (1 login)? y/n");
	v.mode = CTL_TOP_TYPE_FILTER;
	(void)snprintf(v.filter, sizeof(v.filter), "an");
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 9), "filter user, policy, host: an_");
	assert_non_null(strstr(line_of(&s, 1), "/an: 1 of 1"));
	v.mode = CTL_TOP_BROWSE;
	(void)snprintf(v.message, sizeof(v.message), "this is said in more than the forty columns of a line");
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 8), "this is said in more than the forty");
	assert_string_equal(line_of(&s, 9), "columns of a line");
	(void)snprintf(v.filter, sizeof(v.filter), "zz");
	assert_int_equal(ctl_top_screen_resize(&s, 40, 10), 0);
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 3), "no login matches the filter");
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

/* Narrow screens lose what matters least, and no line is wider than the screen. */
static void test_widths(void **state)
{
	static const struct {
		int columns;
		const char *titles;
	} kase[] = {
		{200, "USER             POLICY SVC  FROM                                   TTY SINCE PROC"
		      "                      CPU                   MEMORY  IO/S STATE"},
		{80, "USER     POLICY SVC  FROM           TTY SINCE PROC        CPU     MEMORY  IO/S S"},
		{60, "USER   POLICY FROM        PROC        CPU     MEMORY  IO/S S"},
		{40, "USER        PROC        CPU     MEMORY S"},
		{10, "USER"},
	};
	struct ctl_top_screen s = {0};
	struct ctl_top_sample sample = {0};

	(void)state;
	(void)add(&sample, "a-user-of-a-very-long-name", "2001:db8:1234:5678:9abc:def0:1234:5678");
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct ctl_top_view v = {.interval_ms = 500};
		const char *titles;

		assert_int_equal(ctl_top_screen_resize(&s, kase[i].columns, 24), 0);
		draw(&s, &v, &sample);
		titles = line_of(&s, 2);
		assert_string_equal(titles + strspn(titles, " "), kase[i].titles);
		ctl_top_view_done(&v);
	}
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

/* Every size and mode, with what users can make of their names: the sanitizers' build looks on. */
static void test_sizes(void **state)
{
	struct ctl_top_sample sample = {0};
	struct ctl_top_screen s = {0};
	char long_name[256];

	(void)state;
	memset(long_name, '\033', sizeof(long_name));
	long_name[255] = '\0';
	for (int i = 0; i < 30; i++)
		add(&sample, i % 2 ? long_name : "bob", i % 3 ? long_name : "")->cpu_permille = (uint64_t)i * 99999999;
	for (int mode = CTL_TOP_BROWSE; mode <= CTL_TOP_HELP; mode++)
		for (int columns = 1; columns < 130; columns += 3)
			for (int lines = 1; lines < 30; lines++) {
				struct ctl_top_view v = {.mode = (enum ctl_top_mode)mode, .at = 29, .login = "l30"};

				(void)snprintf(v.user, sizeof(v.user), "%s", long_name);
				memset(v.message, 'm', columns % 2 ? sizeof(v.message) - 1 : 0);
				assert_int_equal(ctl_top_screen_resize(&s, columns, lines), 0);
				draw(&s, &v, &sample);
				for (int i = 0; i < columns * lines; i++)
					assert_true(s.text[i] >= ' ' && s.text[i] < 0x7f);
				ctl_top_view_done(&v);
			}
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

static void test_scroll(void **state)
{
	struct ctl_top_view v = {.sort = CTL_TOP_BY_SINCE};
	struct ctl_top_sample sample = {0};
	struct ctl_top_screen s = {0};
	char user[8];

	(void)state;
	for (int i = 0; i < 50; i++) {
		(void)snprintf(user, sizeof(user), "u%02d", i);
		add(&sample, user, "")->login.since = NOW + i;
	}
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_non_null(strstr(line_of(&s, 1), "1-19 of 50"));
	assert_memory_equal(line_of(&s, 3), "u00 ", 4);
	assert_int_equal(v.page, 19);
	(void)snprintf(v.login, sizeof(v.login), "l31");
	draw(&s, &v, &sample);
	assert_memory_equal(line_of(&s, 21), "u30 ", 4);
	assert_true(s.look[21 * 80] & CTL_TOP_REVERSE);
	(void)snprintf(v.login, sizeof(v.login), "l50");
	draw(&s, &v, &sample);
	assert_memory_equal(line_of(&s, 21), "u49 ", 4);
	assert_non_null(strstr(line_of(&s, 1), "32-50 of 50"));
	(void)snprintf(v.login, sizeof(v.login), "l1");
	draw(&s, &v, &sample);
	assert_memory_equal(line_of(&s, 3), "u00 ", 4);
	assert_int_equal(ctl_top_screen_resize(&s, 80, 5), 0); /* a small one: titles, rows, the last line */
	draw(&s, &v, &sample);
	assert_memory_equal(line_of(&s, 0), "USER", 4);
	assert_memory_equal(line_of(&s, 3), "u02 ", 4);
	assert_memory_equal(line_of(&s, 4), "q quit", 6);
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

static void test_nobody(void **state)
{
	struct ctl_top_view v = {.interval_ms = 500};
	struct ctl_top_sample sample = {0};
	struct ctl_top_screen s = {0};

	(void)state;
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_string_equal(line_of(&s, 1), "- processes  cpu - of 400%  memory - of 8.0G  io -");
	assert_string_equal(line_of(&s, 3), "nobody is in");
	assert_non_null(strstr(line_of(&s, 0), "every 0.5 s"));
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
}

/* A room without logins: its state is not cut, it counts as a room and not as a login. */
static void test_lingering(void **state)
{
	struct ctl_top_view v = {.interval_ms = 2000};
	struct ctl_top_sample sample = {0};
	struct ctl_top_screen s = {0};
	struct ctl_top_row *r;

	(void)state;
	r = add(&sample, "ana", "");
	r->login.service[0] = r->login.tty[0] = '\0';
	r->empty = true;
	r->state = CTL_LINGERING;
	r->processes = 1;
	r->until = NOW + 3600;
	assert_int_equal(ctl_top_screen_resize(&s, 80, 24), 0);
	draw(&s, &v, &sample);
	assert_non_null(strstr(line_of(&s, 0), "0 logins, 1 room, 1 user "));
	assert_non_null(strstr(line_of(&s, 2), " STATE"));
	assert_non_null(strstr(line_of(&s, 3), " lingering"));
	assert_string_equal(line_of(&s, 22), "room r1  ana  nobody in  lingering  since 11-25 21:46  ends 11-25 23:46");
	(void)ctl_top_view_key(&v, &sample, 'K');
	draw(&s, &v, &sample);
	assert_non_null(strstr(line_of(&s, 23), "End room r1 of ana (0 logins)? y/n"));
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

/* A user at memory_high: the bar is full, and red, before the hard limit is near; his state says why nothing moves. */
static void test_held_back(void **state)
{
	struct ctl_top_view v = {.interval_ms = 2000};
	struct ctl_top_sample sample = {0};
	struct ctl_top_screen s = {0};
	struct ctl_top_row *r;
	const char *line, *bar;

	(void)state;
	r = add(&sample, "ana", "");
	r->state = CTL_HELD_BACK;
	r->memory = r->memory_high = UINT64_C(224) << 20;
	r->memory_max = UINT64_C(512) << 20;
	(void)add(&sample, "bob", "");
	assert_int_equal(ctl_top_screen_resize(&s, 120, 24), 0);
	draw(&s, &v, &sample);
	assert_non_null(strstr(line_of(&s, 3), " held back"));
	line = line_of(&s, 3);
	bar = strstr(line, "|224M]"); /* no gap before its number */
	assert_non_null(bar);
	assert_int_equal(s.look[3 * 120 + (int)(bar - line)] & CTL_TOP_COLOUR, CTL_TOP_RED);
	ctl_top_view_done(&v);
	ctl_top_screen_done(&s);
	ctl_top_sample_done(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),     cmocka_unit_test(test_questions), cmocka_unit_test(test_widths),
		cmocka_unit_test(test_sizes),     cmocka_unit_test(test_scroll),    cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_lingering), cmocka_unit_test(test_held_back),
	};

	(void)setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
