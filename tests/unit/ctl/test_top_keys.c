// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/top/keys.h"

static void test_sequences(void **state)
{
	static const struct {
		const char *bytes;
		int key[4]; /* those that are no NONE */
	} kase[] = {
		{"q", {'q'}},
		{"\033[A", {CTL_TOP_KEY_UP}},
		{"\033OB", {CTL_TOP_KEY_DOWN}},
		{"\033[5~", {CTL_TOP_KEY_PAGE_UP}},
		{"\033[6~j", {CTL_TOP_KEY_PAGE_DOWN, 'j'}},
		{"\033[H\033OF", {CTL_TOP_KEY_HOME, CTL_TOP_KEY_END}},
		{"\033[200~y\033[201~", {'y'}}, /* brackets of a paste */
		{"\033[1;5A", {0}}, /* with Ctrl: no meaning here, and no letter of it gets through */
		{"\033[<0;10;10M", {0}},
		{"\033[1;2;3;4;5;6;7;8;9Kq", {'q'}},
		{"\033y", {0}}, /* with Alt: no yes */
		{"\033\033[A", {CTL_TOP_KEY_UP}},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct ctl_top_keys k = {0};
		size_t n = 0;

		for (const char *p = kase[i].bytes; *p; p++) {
			int key = ctl_top_keys_feed(&k, (unsigned char)*p);

			if (key != CTL_TOP_KEY_NONE)
				assert_int_equal(key, kase[i].key[n++]);
		}
		assert_int_equal(kase[i].key[n], 0);
		assert_false(ctl_top_keys_is_waiting(&k));
	}
}

static void test_escape_alone(void **state)
{
	struct ctl_top_keys k = {0};

	(void)state;
	assert_int_equal(ctl_top_keys_feed(&k, 27), CTL_TOP_KEY_NONE);
	assert_true(ctl_top_keys_is_waiting(&k));
	assert_int_equal(ctl_top_keys_flush(&k), CTL_TOP_KEY_ESCAPE);
	assert_false(ctl_top_keys_is_waiting(&k));
	assert_int_equal(ctl_top_keys_feed(&k, 27), CTL_TOP_KEY_NONE);
	assert_int_equal(ctl_top_keys_feed(&k, '['), CTL_TOP_KEY_NONE);
	assert_int_equal(ctl_top_keys_flush(&k), CTL_TOP_KEY_NONE); /* half a sequence is no Escape */
	assert_int_equal(ctl_top_keys_feed(&k, 'A'), 'A');
}

struct fixture {
	struct ctl_top_sample sample;
	struct ctl_top_view view;
};

/* Three logins, the last two of one room. */
static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	for (int i = 0; i < 3; i++) {
		struct ctl_top_row *r = ctl_top_sample_add(&f->sample);

		(void)snprintf(r->login.id, sizeof(r->login.id), "login%d", i);
		(void)snprintf(r->room, sizeof(r->room), "%s", i == 0 ? "single" : "shared");
		(void)snprintf(r->login.user, sizeof(r->login.user), "%s", i == 0 ? "ana" : "bob");
		r->login.since = i;
	}
	f->view.sort = CTL_TOP_BY_USER;
	f->view.interval_ms = 2000;
	*state = f;
	return ctl_top_view_arrange(&f->view, &f->sample);
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	ctl_top_view_done(&f->view);
	ctl_top_sample_done(&f->sample);
	free(f);
	return 0;
}

static enum ctl_top_action press(struct fixture *f, int key)
{
	enum ctl_top_action what = ctl_top_view_key(&f->view, &f->sample, key);

	assert_int_equal(ctl_top_view_arrange(&f->view, &f->sample), 0);
	return what;
}

static void test_moving(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(press(f, CTL_TOP_KEY_UP), CTL_TOP_REDRAW);
	assert_int_equal(f->view.at, 0);
	(void)press(f, 'j');
	(void)press(f, CTL_TOP_KEY_DOWN);
	(void)press(f, CTL_TOP_KEY_DOWN);
	assert_int_equal(f->view.at, 2);
	(void)press(f, 'k');
	assert_int_equal(f->view.at, 1);
	(void)press(f, 'G');
	assert_int_equal(f->view.at, 2);
	f->view.page = 2;
	(void)press(f, CTL_TOP_KEY_PAGE_UP);
	assert_int_equal(f->view.at, 0);
	(void)press(f, CTL_TOP_KEY_PAGE_DOWN);
	assert_int_equal(f->view.at, 2);
	(void)press(f, 'g');
	assert_string_equal(f->view.login, "login0");
}

static void test_sorting(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < CTL_TOP_SORTS; i++) {
		(void)press(f, "cmpinut"[i]);
		assert_int_equal(f->view.sort, i);
		assert_false(f->view.reverse);
		(void)press(f, 'r');
		assert_true(f->view.reverse);
	}
}

static void test_filter(void **state)
{
	struct fixture *f = *state;

	(void)press(f, '/');
	assert_int_equal(press(f, 'b'), CTL_TOP_REDRAW);
	assert_int_equal(f->view.len, 2);
	(void)press(f, 'q'); /* a letter like any other */
	assert_int_equal(f->view.len, 0);
	(void)press(f, 0x7f);
	(void)press(f, '\r');
	assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	assert_string_equal(f->view.filter, "b");
	(void)press(f, '/');
	(void)press(f, 'U' - '@');
	assert_string_equal(f->view.filter, "");
	(void)press(f, 0x7f);
	(void)press(f, 'x');
	(void)press(f, CTL_TOP_KEY_ESCAPE); /* as it was */
	assert_string_equal(f->view.filter, "b");
	assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	(void)press(f, CTL_TOP_KEY_ESCAPE);
	assert_string_equal(f->view.filter, "");
	(void)press(f, '/');
	for (int i = 0; i < 100; i++)
		(void)press(f, i == 50 ? CTL_TOP_KEY_UP : i == 51 ? 0xe9 : i == 52 ? 7 : 'y');
	assert_int_equal(strlen(f->view.filter), CTL_TOP_FILTER_MAX - 1);
	assert_int_equal(strspn(f->view.filter, "y"), CTL_TOP_FILTER_MAX - 1);
}

/* Whatever is selected when the answer comes: it is about the room that the question named. */
/* keeps: ctl/top/keys R1 */
static void test_confirm(void **state)
{
	struct fixture *f = *state;

	(void)press(f, 'j');
	assert_int_equal(press(f, 'K'), CTL_TOP_REDRAW);
	assert_int_equal(f->view.mode, CTL_TOP_CONFIRM);
	assert_string_equal(f->view.room, "shared");
	assert_string_equal(f->view.user, "bob");
	assert_int_equal(f->view.logins, 2);
	(void)snprintf(f->view.filter, sizeof(f->view.filter), "ana");
	assert_int_equal(ctl_top_view_arrange(&f->view, &f->sample), 0);
	assert_int_equal(press(f, 'y'), CTL_TOP_KILL);
	assert_string_equal(f->view.room, "shared");
	assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	for (int key = 1; key <= CTL_TOP_KEY_END; key++) {
		(void)press(f, 'F');
		assert_int_equal(f->view.mode, CTL_TOP_CONFIRM);
		assert_int_equal(press(f, key), key == 'y' || key == 'Y' ? CTL_TOP_FREEZE : CTL_TOP_REDRAW);
		assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	}
	f->sample.row[0].state = CTL_FROZEN;
	(void)press(f, 'F');
	assert_int_equal(press(f, 'y'), CTL_TOP_THAW);
	f->sample.row[0].state = CTL_STALE;
	assert_int_equal(press(f, 'K'), CTL_TOP_REDRAW);
	assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	assert_non_null(strstr(f->view.message, "--sweep"));
	(void)snprintf(f->view.filter, sizeof(f->view.filter), "nobody");
	assert_int_equal(ctl_top_view_arrange(&f->view, &f->sample), 0);
	assert_int_equal(press(f, 'K'), CTL_TOP_NOTHING);
	assert_int_equal(press(f, 'j'), CTL_TOP_NOTHING);
}

static void test_interval_and_rest(void **state)
{
	static const struct {
		unsigned int from, longer, shorter;
	} kase[] = {
		{2000, 5000, 1000}, {60000, 60000, 30000}, {500, 1000, 500}, {750, 1000, 500}, {45000, 60000, 30000}};
	struct fixture *f = *state;

	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		f->view.interval_ms = kase[i].from;
		(void)press(f, '+');
		assert_int_equal(f->view.interval_ms, kase[i].longer);
		f->view.interval_ms = kase[i].from;
		(void)press(f, '-');
		assert_int_equal(f->view.interval_ms, kase[i].shorter);
	}
	(void)press(f, '?');
	assert_int_equal(f->view.mode, CTL_TOP_HELP);
	assert_int_equal(press(f, 'q'), CTL_TOP_REDRAW); /* ends the help first */
	assert_int_equal(f->view.mode, CTL_TOP_BROWSE);
	assert_int_equal(press(f, ' '), CTL_TOP_LOOK);
	assert_int_equal(press(f, 12), CTL_TOP_REPAINT);
	assert_int_equal(press(f, 'z'), CTL_TOP_NOTHING);
	assert_int_equal(press(f, 0xff), CTL_TOP_NOTHING);
	assert_int_equal(press(f, CTL_TOP_KEY_NONE), CTL_TOP_NOTHING);
	assert_int_equal(press(f, 'q'), CTL_TOP_QUIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_escape_alone),
		cmocka_unit_test_setup_teardown(test_moving, make, unmake),
		cmocka_unit_test_setup_teardown(test_sorting, make, unmake),
		cmocka_unit_test_setup_teardown(test_filter, make, unmake),
		cmocka_unit_test_setup_teardown(test_confirm, make, unmake),
		cmocka_unit_test_setup_teardown(test_interval_and_rest, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
