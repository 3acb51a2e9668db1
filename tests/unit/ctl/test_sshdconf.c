// SPDX-License-Identifier: Apache-2.0
/* What sshd would take: the first value, through Include, and not from a Match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/host/sshdconf.h"
#include "tests/unit/scratch.h"

static void is(const char *text, const char *want, const char *file, int line)
{
	struct ctl_sshd_value v;

	write_file("sshd_config", text);
	assert_int_equal(ctl_sshd_config_find(at("sshd_config"), "UsePAM", &v), 0);
	if (strcmp(v.text, want) != 0 || v.line != line || (file && strcmp(v.file, at(file)) != 0))
		fail_msg("%s: \"%s\" at %s:%d", text, v.text, v.file, v.line);
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

static bool like(void *arg, const char *pattern)
{
	return strcmp(arg, pattern) == 0;
}

struct seen {
	char text[512];
	const char *user;
	const char *group;
};

/* "VALUE:LINE:yes " for each that is told. */
static bool note(void *arg, const struct ctl_sshd_value *v)
{
	static const char *const name[] = {"no", "maybe", "yes"};
	struct seen *s = arg;
	char group[32];

	(void)snprintf(group, sizeof(group), "%s", s->group);
	(void)snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%s:%d:%s ", v->text, v->line,
		       name[ctl_sshd_value_applies(v, s->user, like, group)]);
	return false;
}

static void applies(const char *text, const char *user, const char *group, const char *want)
{
	struct seen s = {.user = user, .group = group};

	write_file("sshd_config", text);
	assert_int_equal(ctl_sshd_config_each(at("sshd_config"), "ChrootDirectory", note, &s), 0);
	assert_string_equal(s.text, want);
}

static void test_match(void **state)
{
	(void)state;
	applies("ChrootDirectory /a\nMatch User x,y*\nChrootDirectory /b\nMatch all\nChrootDirectory /c\n", "yes", "g",
		"/a:1:yes /b:3:yes /c:5:yes ");
	applies("Match User x,y*,!yes\n ChrootDirectory /b\nMatch Group g User yes\n ChrootDirectory /c\n", "yes", "g",
		"/b:2:no /c:4:yes ");
	applies("Match Group sftp\n ChrootDirectory /b\nMatch Address 10.0.0.0/8\nChrootDirectory /c\n", "ann", "g",
		"/b:2:no /c:4:maybe ");
	applies("Match Address 10.0.0.0/8 User bob\nChrootDirectory /c\n", "ann", "g", "/c:2:no ");
	write_file("d/30.conf", "ChrootDirectory /in\nMatch User bob\nChrootDirectory /bob\n");
	applies("Match Group g\nInclude d/30.conf\nChrootDirectory /after\n", "ann", "g",
		"/in:1:yes /bob:3:no /after:3:yes ");
	applies("Match Group h\nInclude d/30.conf\nMatch all\nChrootDirectory /after\n", "bob", "g",
		"/in:1:no /bob:3:no /after:4:yes ");
}

static void test_missing(void **state)
{
	struct ctl_sshd_value v;

	(void)state;
	assert_int_equal(ctl_sshd_config_find(at("none"), "UsePAM", &v), -ENOENT);
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
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, make_top, scratch_remove);
}
