// SPDX-License-Identifier: Apache-2.0
/* What carrelctl check has found: once each, with an id that stays, judged by what the configuration acknowledges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "policy/file/load.h"
#include "tests/unit/ctl/heard.h"
#include "tests/unit/scratch.h"

#define FINDING 3
#define ID 5

static const char *id_of(const struct ctl_findings *f, const char *text)
{
	for (size_t i = 0; i < f->table.cells; i += f->table.columns)
		if (strcmp(f->table.cell[i + FINDING], text) == 0)
			return f->table.cell[i + ID];
	fail_msg("not found: %s", text);
	return NULL;
}

static void each_is_told_once(void **state)
{
	struct ctl_findings f = CTL_FINDINGS_NONE;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ctl_find(&f, CTL_WARNING, "/a", 3, "mend", "%s", "text");
		ctl_find(&f, CTL_WARNING, "/a", 4, "mend", "text");
		ctl_find(&f, CTL_WARNING, NULL, 0, "mend", "text");
		ctl_find(&f, CTL_ERROR, "", 0, "mend", "other");
	}
	assert_int_equal(f.count[CTL_WARNING], 3);
	assert_int_equal(f.count[CTL_ERROR], 1);
	assert_int_equal(f.count[CTL_NOTE], 0);
	assert_null(f.table.cell[2 * f.table.columns + 1]); /* no file */
	ctl_findings_done(&f);
}

/* Lines move when something else is written above. */
static void an_id_is_of_the_text_without_its_lines(void **state)
{
	struct ctl_findings f = CTL_FINDINGS_NONE;

	(void)state;
	ctl_find(&f, CTL_NOTE, "/a", 3, "", "rule of /etc/x:12 is never reached");
	ctl_find(&f, CTL_NOTE, "/b", 9, "", "rule of /etc/x:7 is never reached");
	ctl_find(&f, CTL_NOTE, "/b", 9, "", "rule of /etc/x:7 is reached");
	ctl_find(&f, CTL_NOTE, "/b", 9, "", "ends in :12");
	ctl_find(&f, CTL_NOTE, "/b", 9, "", "ends in :");
	assert_string_equal(f.table.cell[ID], f.table.cell[f.table.columns + ID]);
	assert_string_not_equal(f.table.cell[ID], f.table.cell[2 * f.table.columns + ID]);
	assert_string_equal(id_of(&f, "ends in :12"), id_of(&f, "ends in :"));
	ctl_findings_done(&f);
}

static void what_was_there_before_is_taken_out(void **state)
{
	struct ctl_findings f = CTL_FINDINGS_NONE, before = CTL_FINDINGS_NONE;

	(void)state;
	ctl_find(&before, CTL_ERROR, "/a", 1, "", "old");
	ctl_find(&before, CTL_NOTE, NULL, 0, "", "gone");
	ctl_find(&f, CTL_WARNING, NULL, 0, "", "new");
	ctl_find(&f, CTL_ERROR, "/a", 1, "", "old");
	ctl_find(&f, CTL_ERROR, "/a", 2, "", "old");
	ctl_findings_subtract(&f, &before);
	assert_int_equal(f.count[CTL_ERROR], 1);
	assert_int_equal(f.count[CTL_WARNING], 1);
	assert_int_equal(f.table.cells, 2 * f.table.columns);
	assert_string_equal(f.table.cell[FINDING], "new");
	ctl_findings_done(&f);
	ctl_findings_done(&before);
}

/* A configuration that acknowledges these three. */
static struct crl_config *acknowledging(const char *a, const char *b, const char *c)
{
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	char text[300];

	(void)snprintf(text, sizeof(text),
		       "rules = ( { policy = \"p\"; } );\npolicies = { p = { }; };\n"
		       "acknowledged = [ \"%s\", \"%s\", \"%s\" ];\n",
		       a, b, c);
	write_file("carrel.conf", text);
	if (crl_config_load(at("carrel.conf"), &config, &err) < 0)
		fail_msg("%d: %s", err.line, err.text);
	return config;
}

static void fill(struct ctl_findings *f)
{
	*f = (struct ctl_findings)CTL_FINDINGS_NONE;
	ctl_find(f, CTL_ERROR, "/c", 1, "mend it", "an error");
	ctl_find(f, CTL_WARNING, "/c", 2, "mend it", "a warning");
	ctl_find(f, CTL_WARNING, "/d", 2, "mend it", "a warning"); /* one id for both */
	ctl_find(f, CTL_NOTE, NULL, 0, "nothing", "a note");
}

static void errors_cannot_be_acknowledged(void **state)
{
	struct crl_config *config;
	struct ctl_findings f;

	(void)state;
	fill(&f);
	config = acknowledging(id_of(&f, "an error"), id_of(&f, "a warning"), "0badc0de");
	ctl_findings_acknowledge(&f, config, false);
	assert_int_equal(f.count[CTL_ERROR], 1);
	assert_int_equal(f.count[CTL_WARNING], 0);
	assert_int_equal(f.acknowledged, 2);
	assert_int_equal(f.count[CTL_NOTE], 2); /* the other: that the error counts all the same */
	ctl_findings_acknowledge(&f, config, false);
	assert_int_equal(f.acknowledged, 2);
	ctl_findings_acknowledge(&f, config, true);
	assert_int_equal(f.count[CTL_NOTE], 3); /* and that nothing has the third id */
	assert_non_null(id_of(&f, "acknowledged: nothing that was found has the id 0badc0de"));
	ctl_findings_acknowledge(&f, NULL, true);
	assert_int_equal(f.count[CTL_NOTE], 3);
	crl_config_free(config);
	ctl_findings_done(&f);
}

static void notes_and_acknowledged_are_shown_when_asked_for(void **state)
{
	const struct ctl plain = {.command = "check"}, all = {.command = "check", .all = true};
	struct crl_config *config;
	struct ctl_findings f;

	(void)state;
	fill(&f);
	config = acknowledging(id_of(&f, "a warning"), "00000001", "00000002");
	ctl_findings_acknowledge(&f, config, false);
	listen_out();
	ctl_findings_print(&plain, &f);
	heard("LEVEL  FILE  LINE  FINDING   MEND     ID\n"
	      "error  /c       1  an error  mend it  388e4474\n"
	      "\n"
	      "1 error, 0 warnings, 1 note (--notes shows them), 2 acknowledged (--all shows them)\n");
	fill(&f);
	ctl_findings_acknowledge(&f, config, false);
	listen_out();
	ctl_findings_print(&all, &f);
	heard("LEVEL         FILE  LINE  FINDING    MEND     ID\n"
	      "error         /c       1  an error   mend it  388e4474\n"
	      "acknowledged  /c       2  a warning  mend it  e1085538\n"
	      "acknowledged  /d       2  a warning  mend it  e1085538\n"
	      "note          -        -  a note     nothing  b329f810\n"
	      "\n"
	      "1 error, 0 warnings, 1 note, 2 acknowledged\n");
	crl_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_told_once),
		cmocka_unit_test(an_id_is_of_the_text_without_its_lines),
		cmocka_unit_test(what_was_there_before_is_taken_out),
		cmocka_unit_test(errors_cannot_be_acknowledged),
		cmocka_unit_test(notes_and_acknowledged_are_shown_when_asked_for),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
