// SPDX-License-Identifier: Apache-2.0
/* What sshd would take: the first value, through Include, and not from a Match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sshdconf.h"
#include "tests/unit/scratch.h"

static void is(const char *text, const char *want, const char *file, int line)
{
	struct sshd_value v;

	write_file("sshd_config", text);
	assert_int_equal(sshd_config_find(at("sshd_config"), "UsePAM", &v), 0);
	if (strcmp(v.text, want) != 0 || v.line != line || (file && strcmp(v.file, at(file)) != 0)) {
		fail_msg("%s: \"%s\" at %s:%d", text, v.text, v.file, v.line);
	}
}

static void test_values(void **state)
{
	(void)state;
	is("", "", NULL, 0);
	is("UsePAM yes\n", "yes", "sshd_config", 1);
	is("\n  usepam   no # comment\nUsePAM yes\n", "no", "sshd_config", 2);
	is("UsePAM=yes", "yes", "sshd_config", 1);
	is("UsePAM \"yes\"\r\n", "yes", "sshd_config", 1);
	is("# UsePAM yes\n#UsePAM yes\n", "", NULL, 0);
	is("UsePAMx yes\nXUsePAM yes\n", "", NULL, 0);
	is("UsePAM\nUsePAM yes\n", "yes", "sshd_config", 2);
	is("Match User x\n UsePAM yes\n", "", NULL, 0);
}

static void test_include(void **state)
{
	(void)state;
	write_file("d/20.conf", "UsePAM no\n");
	write_file("d/10.conf", "Port 22\nMatch User x\nUsePAM yes\n");
	is("Include d/*.conf\nUsePAM yes\n", "no", "d/20.conf", 1);
	is("UsePAM yes\nInclude d/*.conf\n", "yes", "sshd_config", 1);
	is("Match User x\nInclude d/20.conf\n", "", NULL, 0);
	is("Include /no/such/*\nUsePAM yes\n", "yes", "sshd_config", 2);
	is("Include sshd_config\nUsePAM yes\n", "yes", "sshd_config", 2); /* itself, and so on: it ends */
}

static void test_missing(void **state)
{
	struct sshd_value v;

	(void)state;
	assert_int_equal(sshd_config_find(at("none"), "UsePAM", &v), -ENOENT);
}

static int make_top(void **state)
{
	return scratch_make(state) == 0 && mkdir(at("d"), 0755) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, make_top, scratch_remove);
}
