// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/host/pamstack.h"

static const char debian[] =
	"# PAM configuration for the Secure Shell service\n"
	"\n"
	"@include common-auth\n"
	"account    required     pam_nologin.so\n"
	"@include common-account\n"
	"session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so close\n"
	"session    required     pam_loginuid.so\n"
	"@include common-session\n"
	"session    optional     pam_mail.so standard noenv # [1]\n"
	"-session   optional     pam_systemd.so\n"
	"@include common-password\n";

static char *enable(const char *text, int want, struct crl_err *err)
{
	char *out = NULL;

	memset(err, 0, sizeof(*err));
	assert_int_equal(ctl_pam_stack_enable(text, &(struct ctl_pam_wish){"pam_carrel.so", ""}, &out, err), want);
	return out;
}

/* keeps: ctl/host/pamstack R3 */
static void test_there_and_back(void **state)
{
	struct crl_err err;
	char *with = enable(debian, 0, &err), *without = NULL;
	struct ctl_pam_stack s;

	(void)state;
	ctl_pam_stack_read(with, &s);
	assert_int_equal(s.close, 6);
	assert_int_equal(s.open, 13);
	assert_int_equal(s.opens, 1);
	assert_int_equal(s.closes, 1);
	assert_int_equal(s.after_open, 0);
	assert_int_equal(s.before_close, 0);
	assert_true(s.open_is_binding);
	assert_int_equal(ctl_pam_stack_disable(with, &without), 2);
	assert_string_equal(without, debian);
	assert_null(enable(with, -EEXIST, &err));
	free(with);
	free(without);
}

static void test_files(void **state)
{
	static const struct {
		const char *before, *after;
	} kase[] = {
		{"", "session optional pam_carrel.so close\nsession requisite pam_carrel.so open\n"},
		{"auth required pam_permit.so", "auth required pam_permit.so\nsession optional pam_carrel.so "
						"close\nsession requisite pam_carrel.so open\n"},
		{"session required \\\n pam_x.so\n", "session optional pam_carrel.so close\nsession required \\\n "
						     "pam_x.so\nsession requisite pam_carrel.so open\n"},
		{"auth \\\n required pam_x.so\nSESSION required pam_y.so\n",
		 "auth \\\n required pam_x.so\nsession optional pam_carrel.so close\nSESSION required pam_y.so\n"
		 "session requisite pam_carrel.so open\n"},
		{"# pam_carrel.so was here\nsession include system-auth\n",
		 "# pam_carrel.so was here\nsession optional pam_carrel.so close\nsession include system-auth\n"
		 "session requisite pam_carrel.so open\n"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_err err;
		char *out = enable(kase[i].before, 0, &err);

		assert_string_equal(out, kase[i].after);
		free(out);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} kase[] = {
		{"session required\n", "line 1: not understood"},
		{"session required pam_a.so\nauth required pam_x.so \\", "line 2: not understood"},
		{"auth required pam_x.so\nnonsense here now\n", "line 2: not understood"},
		{"session sufficient pam_x.so\n", "line 1: this session line can end"},
		{"\nsession [success=done default=ignore] pam_x.so\n", "line 2: this session line can end"},
		{"session optional /lib/security/pam_carrel.so\n", "line 1: carrel is in this stack already"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_err err;

		assert_null(enable(kase[i].text, i == 5 ? -EEXIST : -EINVAL, &err));
		assert_non_null(strstr(err.text, kase[i].says));
	}
}

static void test_found(void **state)
{
	struct ctl_pam_stack s;

	(void)state;
	ctl_pam_stack_read("session required pam_a.so\nsession optional pam_carrel.so close\n"
			   "session optional pam_carrel.so open\nsession required pam_b.so\n",
			   &s);
	assert_int_equal(s.before_close, 1);
	assert_int_equal(s.after_open, 4);
	assert_false(s.open_is_binding);
	ctl_pam_stack_read("session requisite pam_carrel.so config=/x\n", &s);
	assert_int_equal(s.open, 1);
	assert_int_equal(s.close, 1);
	ctl_pam_stack_read("session requisite pam_carrel.so open\nsession requisite pam_carrel.so open\n", &s);
	assert_int_equal(s.opens, 2);
	assert_int_equal(s.closes, 0);
}

/* At 3 a.m. the file may be anything. */
static void test_disable_always(void **state)
{
	static const struct {
		const char *before, *after;
		int gone;
	} kase[] = {
		{"garbage\n\nauth pam_carrel.so\n\001\n", "garbage\n\n\001\n", 1},
		{"session required \\\n /x/pam_carrel.so open\nsession required pam_a.so", "session required pam_a.so",
		 1},
		{"# pam_carrel.so\n", "# pam_carrel.so\n", 0},
		{"", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		char *out = NULL;

		assert_int_equal(ctl_pam_stack_disable(kase[i].before, &out), kase[i].gone);
		assert_string_equal(out, kase[i].after);
		free(out);
	}
}

struct seen {
	char text[512];
};

static void add_seen(void *arg, const struct ctl_pam_line *l)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	(void)snprintf(s->text + len, sizeof(s->text) - len, "%d:%c:%s ", l->number, "sio?"[l->kind], l -> module);
}

/* As libpam reads it; tests/pam/test_stack.c asks libpam itself. */
/* keeps: ctl/host/pamstack R1 R2 */
static void test_lines(void **state)
{
	static const struct {
		const char *text, *want;
	} kase[] = {
		{"# goes on \\\nsession required a\n", "2:s:a "},
		{"session required \\ \t\n a\n", "1:s:a "},
		{"session required a # \\\nsession required b\n", "1:s:a 2:s:b "},
		{"[session] required [a b] c\n", "1:s:a b "},
		{"session required \\\n# no\n a\n", "1:?:a "},
		{"session required a \\", "1:?:a "},
		{"session required a [b\n", "1:?:a "},
		{"@include x\nsession substack y\nauth include z\n@INCLUDE w\n", "1:i:x 2:i:y 3:o:z 4:?: "},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct seen s = {.text = ""};

		ctl_pam_stack_each(kase[i].text, add_seen, &s);
		assert_string_equal(s.text, kase[i].want);
	}
}

/* A comment that ends in "\" hides nothing; one that stands within a line is taken out with it. */
static void test_disable_continued(void **state)
{
	static const struct {
		const char *before, *after;
	} kase[] = {
		{"# x \\\nsession requisite pam_carrel.so open\n", "# x \\\n"},
		{"session requisite \\ \n pam_carrel.so open\nauth a b\n", "auth a b\n"},
		{"session requisite \\\n# x\n pam_carrel.so open\n", ""},
		{"session requisite pam_carrel.so open \\", ""},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		char *out = NULL;

		assert_int_equal(ctl_pam_stack_disable(kase[i].before, &out), 1);
		assert_string_equal(out, kase[i].after);
		free(out);
	}
}

static void test_controls(void **state)
{
	(void)state;
	assert_true(ctl_pam_control_can_end("Sufficient"));
	assert_true(ctl_pam_control_can_end("success=done default=ignore"));
	assert_false(ctl_pam_control_can_end("success=ok default=bad"));
	assert_true(ctl_pam_control_dies("Requisite"));
	assert_true(ctl_pam_control_dies("success=ok ignore=ignore default=die"));
	assert_false(ctl_pam_control_dies("required"));
	assert_false(ctl_pam_control_dies("success=ok default=bad"));
	assert_int_equal(ctl_pam_control_jump("success=2 default=1"), 2);
	assert_int_equal(ctl_pam_control_jump("required"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_disable_continued),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_disable_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
