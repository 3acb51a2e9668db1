// SPDX-License-Identifier: Apache-2.0
/* Tables as people and as programs read them, and complaints: what a user can choose acts on nothing. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/print/out.h"
#include "tests/unit/ctl/heard.h"

static const struct ctl_column column[] = {{"USER", false}, {"TASKS MAX", true}, {"FROM", false}};

static const struct ctl people = {.command = "list"}, programs = {.command = "list", .json = true};

static void fill(struct ctl_table *t)
{
	*t = (struct ctl_table){.column = column, .columns = CRL_ARRAY_LEN(column)};
	ctl_cell(t, "%s", "ana");
	ctl_cell_number(t, 7);
	ctl_cell(t, "%s", "192.0.2.7");
	ctl_cell(t, "b\"\\\n\033[31m\xc3\xa4");
	ctl_cell_number(t, UINT64_MAX);
	ctl_no_cell(t);
}

static void people_get_columns(void **state)
{
	struct ctl_table t;

	(void)state;
	fill(&t);
	listen_out();
	ctl_table_print(&people, &t);
	heard("USER                     TASKS MAX  FROM\n"
	      "ana                              7  192.0.2.7\n"
	      "b\"\\\\x0a\\x1b[31m\\xc3\\xa4          -  -\n");
	ctl_table_done(&t);
	assert_int_equal(t.cells, 0);
}

static void programs_get_an_array(void **state)
{
	struct ctl_table t;

	(void)state;
	fill(&t);
	listen_out();
	ctl_table_print(&programs, &t);
	heard("[\n{\"user\":\"ana\",\"tasks_max\":7,\"from\":\"192.0.2.7\"},\n"
	      "{\"user\":\"b\\\"\\\\\\u000a\\u001b[31m\\u00c3\\u00a4\",\"tasks_max\":null,\"from\":null}\n]\n");
	ctl_table_done(&t);
	t = (struct ctl_table){.column = column, .columns = CRL_ARRAY_LEN(column)};
	listen_out();
	ctl_table_print(&programs, &t);
	heard("[\n]\n");
}

static void an_object_is_a_table_turned(void **state)
{
	struct ctl_table t;

	(void)state;
	fill(&t);
	listen_out();
	ctl_table_print_object(&people, &t);
	heard("User:             ana\nTasks max:        7\nFrom:             192.0.2.7\n");
	listen_out();
	ctl_table_print_object(&programs, &t);
	heard("{\"user\":\"ana\",\"tasks_max\":7,\"from\":\"192.0.2.7\"}\n");
	ctl_table_done(&t);
}

/* RFC 3339, whose offset has a colon: what reads it elsewhere takes nothing else. */
static void programs_get_times_with_their_offset(void **state)
{
	static const struct ctl_column when[] = {{"SINCE", false}, {"RECEIVED PACKETS", true}};
	struct ctl_table t = {.column = when, .columns = CRL_ARRAY_LEN(when)};

	(void)state;
	assert_int_equal(setenv("TZ", "NPT-5:45", 1), 0);
	tzset();
	ctl_cell_since(&t, 86400, true);
	ctl_cell_number(&t, 4);
	listen_out();
	ctl_table_print_object(&programs, &t);
	heard("{\"since\":\"1970-01-02T05:45:00+05:45\",\"received_packets\":4}\n");
	listen_out();
	ctl_table_print_object(&people, &t);
	heard("Since:            1970-01-02T05:45:00+05:45\nReceived packets: 4\n");
	ctl_table_done(&t);
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	tzset();
}

static void units_are_for_people(void **state)
{
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};

	(void)state;
	ctl_cell_size(&people, &t, 1536);
	ctl_cell_size(&programs, &t, 1536);
	ctl_cell_size(&programs, &t, UINT64_MAX);
	ctl_cell_cpu(&people, &t, 61500000);
	ctl_cell_cpu(&programs, &t, 61500000);
	ctl_cell_since(&t, 0, true);
	assert_string_equal(t.cell[0], "1.5K");
	assert_string_equal(t.cell[1], "1536");
	assert_null(t.cell[2]);
	assert_string_equal(t.cell[3], "1:01.50");
	assert_string_equal(t.cell[4], "61500000");
	assert_null(t.cell[5]);
	ctl_table_done(&t);
}

static void a_narrow_screen_folds(void **state)
{
	const struct ctl narrow = {.command = "check", .width = 20};

	(void)state;
	listen_out();
	ctl_print_text(&narrow, 4, "one two three four five");
	heard("one two three\n    four five\n");
	listen_out();
	ctl_print_text(&people, 4, "one two three four five");
	heard("one two three four five\n");
}

static void complaints_name_command_and_place(void **state)
{
	struct crl_err err = {.code = 22, .line = 3};

	(void)state;
	(void)strcpy(err.text, "no \033 here");
	(void)strcpy(err.file, "/etc/carrel/carrel.conf");
	listen_err();
	assert_int_equal(ctl_error(&people, &err), CTL_FAIL);
	heard("carrelctl list: /etc/carrel/carrel.conf:3: no \\x1b here\n");
	listen_err();
	assert_int_equal(ctl_complain(&people, CTL_NO, "no user %s", "a\nb"), CTL_NO);
	heard("carrelctl list: no user a\\x0ab\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_get_columns),
		cmocka_unit_test(programs_get_an_array),
		cmocka_unit_test(an_object_is_a_table_turned),
		cmocka_unit_test(units_are_for_people),
		cmocka_unit_test(programs_get_times_with_their_offset),
		cmocka_unit_test(a_narrow_screen_folds),
		cmocka_unit_test(complaints_name_command_and_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
