// SPDX-License-Identifier: Apache-2.0
/* What is made and not undone, or kept and not swept, is not to be written by accident: parts.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper/parts.h"

static bool is_reason(const char *text)
{
	return text && strlen(text) > 10;
}

/* Names every row that breaks a rule, then fails. */
static void check(bool (*breaks)(const struct crl_part *p), const char *rule)
{
	bool good = true;

	for (size_t i = 0; crl_parts[i]; i++) {
		if (!breaks(crl_parts[i]))
			continue;
		print_error("part \"%s\": %s\n", crl_parts[i]->name ? crl_parts[i]->name : "?", rule);
		good = false;
	}
	assert_true(good);
}

static bool makes(const struct crl_part *p)
{
	return p->admit || p->prepare || p->equip || p->stand || p->keep;
}

static bool ends(const struct crl_part *p)
{
	return p->end || p->closing || p->room_end;
}

static bool is_not_undone(const struct crl_part *p)
{
	return p->undo ? p->undo_not != NULL : makes(p) && !is_reason(p->undo_not);
}

static bool is_not_ended(const struct crl_part *p)
{
	return ends(p) ? p->end_not != NULL : (makes(p) || p->begin) && !is_reason(p->end_not);
}

/* Of a login alone: a room that goes on would collect what only its end takes away. */
static bool begins_without_end(const struct crl_part *p)
{
	return p->begin && !p->end && !is_reason(p->end_not);
}

static bool leaves_unsaid(const struct crl_part *p)
{
	return !p->leaves;
}

static bool is_not_swept(const struct crl_part *p)
{
	if (!p->leaves || !p->leaves[0])
		return p->sweep || p->sweep_not;
	return p->sweep ? p->sweep_not != NULL : !is_reason(p->sweep_not);
}

static bool does_nothing(const struct crl_part *p)
{
	return !p->name || !p->name[0] ||
	       !(makes(p) || p->look || p->in_room || p->settle || p->begin || ends(p) || p->sweep);
}

static void test_what_is_made_is_undone(void **state)
{
	(void)state;
	check(is_not_undone, "makes something and has neither undo nor a reason (undo_not)");
}

static void test_what_begins_ends(void **state)
{
	(void)state;
	check(is_not_ended, "has no end, and no reason for it (end_not)");
	check(begins_without_end, "begins with a login and does not end with it");
}

static void test_what_is_left_is_swept(void **state)
{
	(void)state;
	check(leaves_unsaid, "does not say what it leaves when it is killed (CRL_LEAVES_NOTHING?)");
	check(is_not_swept, "leaves something and has neither sweep nor a reason (sweep_not)");
}

static void test_rows_have_names_of_their_own(void **state)
{
	(void)state;
	check(does_nothing, "has no name, or takes part in nothing");
	for (size_t i = 0; crl_parts[i]; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(crl_parts[i]->name, crl_parts[k]->name);
}

/* It is written in the order of the table that the record is the last thing made, and the first undone. */
static void test_the_record_is_last(void **state)
{
	size_t n = 0;

	(void)state;
	while (crl_parts[n])
		n++;
	assert_ptr_equal(crl_parts[n - 1], &crl_part_recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_made_is_undone), cmocka_unit_test(test_what_begins_ends),
		cmocka_unit_test(test_what_is_left_is_swept),  cmocka_unit_test(test_rows_have_names_of_their_own),
		cmocka_unit_test(test_the_record_is_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
