// SPDX-License-Identifier: Apache-2.0
/* Rows of values, as carrelctl explain has them, and the difference of two policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/conf/values.h"
#include "policy/file/load.h"

static const struct ctl_column three[] = {{"KEY", false}, {"A", false}, {"B", false}};

static void add(struct ctl_table *t, const char *path, const char *value)
{
	const struct crl_explained v = {
		.path = path, .value = value, .policy = "p", .file = "f", .line = 3, .extends = ""};

	ctl_values_add(t, &v);
}

static void a_row_says_where_it_is_from(void **state)
{
	struct ctl_table t = CTL_VALUES_NONE;
	const struct crl_explained v = {.path = "ptys", .value = "7", .extends = ""};

	(void)state;
	add(&t, "hostname", "\"a\n\tb\"");
	ctl_values_add(&t, &v);
	ctl_values_flatten(&t);
	assert_int_equal(t.cells, 12);
	assert_string_equal(t.cell[0], "hostname");
	assert_string_equal(t.cell[1], "p");
	assert_string_equal(t.cell[2], "f");
	assert_string_equal(t.cell[3], "3");
	assert_string_equal(t.cell[CTL_VALUES_EXTENDS], "");
	assert_string_equal(t.cell[5], "\"a  b\""); /* a line */
	assert_string_equal(t.cell[7], "(default)");
	assert_null(t.cell[8]);
	assert_null(t.cell[9]);
	ctl_table_done(&t);
}

static void differ(const char *const *a, const char *const *b, const char *const *want)
{
	struct ctl_table x = CTL_VALUES_NONE, y = CTL_VALUES_NONE,
			 t = {.column = three, .columns = CRL_ARRAY_LEN(three)};
	size_t n = 0;

	for (; *a; a += 2)
		add(&x, a[0], a[1]);
	for (; *b; b += 2)
		add(&y, b[0], b[1]);
	ctl_values_differ(&t, &x, &y);
	for (; want[n]; n++) {
		assert_in_range(n, 0, t.cells - 1);
		assert_string_equal(t.cell[n], want[n]);
	}
	assert_int_equal(t.cells, n);
	ctl_table_done(&t);
	ctl_table_done(&x);
	ctl_table_done(&y);
}

static void only_what_differs(void **state)
{
	(void)state;
	differ((const char *[]){"a", "1", "b", "2", "c", "3", NULL},
	       (const char *[]){"a", "1", "b", "4", "c", "3", NULL}, (const char *[]){"b", "2", "4", NULL});
	differ((const char *[]){"a", "1", NULL}, (const char *[]){"a", "1", NULL}, (const char *[]){NULL});
}

static void either_may_lack_keys(void **state)
{
	(void)state;
	differ((const char *[]){"a", "1", "b", "2", NULL}, (const char *[]){"b", "2", "c", "3", NULL},
	       (const char *[]){"a", "1", "", "c", "", "3", NULL});
	differ((const char *[]){NULL}, (const char *[]){"a", "1", NULL}, (const char *[]){"a", "", "1", NULL});
	differ((const char *[]){"a", "1", NULL}, (const char *[]){NULL}, (const char *[]){"a", "1", "", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_says_where_it_is_from),
		cmocka_unit_test(only_what_differs),
		cmocka_unit_test(either_may_lack_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
