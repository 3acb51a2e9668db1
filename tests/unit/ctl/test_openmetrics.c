// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/seen/openmetrics.h"

static const struct ctl_om_label who[] = {{"user", "ana"}, {"policy", "p"}, {NULL, NULL}};

static void write_some(struct ctl_om *om)
{
	ctl_om_family(om, CTL_OM_INFO, "x_build", "", "Which.");
	ctl_om_sample(om, who, 1);
	ctl_om_family(om, CTL_OM_COUNTER, "x_cpu_seconds", "seconds", "Time.");
	ctl_om_sample_us(om, NULL, 1000007);
	ctl_om_family(om, CTL_OM_GAUGE, "x_now", "", "Now.");
	ctl_om_sample(om, NULL, UINT64_MAX);
	ctl_om_end(om);
}

static void test_text(void **state)
{
	struct ctl_om om = {.old = false}, old = {.old = true};

	(void)state;
	write_some(&om);
	assert_string_equal(om.text,
			    "# TYPE x_build info\n# HELP x_build Which.\nx_build_info{user=\"ana\",policy=\"p\"} 1\n"
			    "# TYPE x_cpu_seconds counter\n# UNIT x_cpu_seconds seconds\n# HELP x_cpu_seconds Time.\n"
			    "x_cpu_seconds_total 1.000007\n"
			    "# TYPE x_now gauge\n# HELP x_now Now.\nx_now 18446744073709551615\n# EOF\n");
	assert_int_equal(om.len, strlen(om.text));
	write_some(&old);
	assert_string_equal(
		old.text,
		"# HELP x_build_info Which.\n# TYPE x_build_info gauge\nx_build_info{user=\"ana\",policy=\"p\"} 1\n"
		"# HELP x_cpu_seconds_total Time.\n# TYPE x_cpu_seconds_total counter\n"
		"x_cpu_seconds_total 1.000007\n"
		"# HELP x_now Now.\n# TYPE x_now gauge\nx_now 18446744073709551615\n");
	free(om.text);
	free(old.text);
}

static void test_histogram(void **state)
{
	static const uint64_t end[] = {2500, 1000000, 10000000}, bucket[] = {1, 0, 2, 4};
	struct ctl_om om = {.old = false};

	(void)state;
	ctl_om_family(&om, CTL_OM_HISTOGRAM, "x_seconds", "seconds", "Time.");
	om.len = 0;
	ctl_om_histogram(&om, NULL, &(struct ctl_om_times){bucket, end, 4, 5000001});
	assert_string_equal(om.text, "x_seconds_bucket{le=\"0.0025\"} 1\nx_seconds_bucket{le=\"1.0\"} 1\n"
				     "x_seconds_bucket{le=\"10.0\"} 3\nx_seconds_bucket{le=\"+Inf\"} 7\n"
				     "x_seconds_count 7\nx_seconds_sum 5.000001\n");
	om.len = 0;
	ctl_om_histogram(&om, who, &(struct ctl_om_times){bucket, end, 1, 0});
	assert_non_null(strstr(om.text, "x_seconds_bucket{user=\"ana\",policy=\"p\",le=\"+Inf\"} 1\n"));
	free(om.text);
}

/* keeps: ctl/seen/openmetrics R1 */
static void test_hostile(void **state)
{
	struct ctl_om om = {.old = false};

	(void)state;
	ctl_om_family(&om, CTL_OM_GAUGE, "x", "", "X.");
	om.len = 0;
	ctl_om_sample(&om, (struct ctl_om_label[]){{"user", "a\"} 1\nx{b=\"\\c\x1b\xff"}, {NULL, NULL}}, 1);
	assert_string_equal(om.text, "x{user=\"a\\\"} 1\\nx{b=\\\"\\\\c\\\\x1b\\\\xff\"} 1\n");
	free(om.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
