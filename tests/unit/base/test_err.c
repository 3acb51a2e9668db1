// SPDX-License-Identifier: Apache-2.0
/*
 * Error records: set, wrap, format, check.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/phrases.h"

static void set_returns_the_code_and_fills_the_record(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_err_set(&err, EACCES, CRL_STAGE_MOUNT, "no %s", "way"), -EACCES);
	assert_int_equal(err.code, EACCES);
	assert_int_equal(err.stage, CRL_STAGE_MOUNT);
	assert_string_equal(err.text, "no way");
	assert_int_equal(crl_err_set(NULL, EACCES, CRL_STAGE_MOUNT, "x"), -EACCES);
	assert_int_equal(crl_err_set(&err, 0, CRL_STAGE_MOUNT, "x"), -EIO);
	assert_int_equal(crl_err_set(&err, -5, CRL_STAGE_MOUNT, "%s", err.text), -EIO);
	assert_string_equal(err.text, "x");
}

static void wrap_puts_context_before_the_text(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_err_wrap(&err, -ENOENT, CRL_STAGE_HOME, "home"), -ENOENT);
	assert_string_equal(err.text, "home");
	assert_int_equal(crl_err_wrap(&err, -ENOENT, CRL_STAGE_MOUNT, "user %d", 5), -ENOENT);
	assert_string_equal(err.text, "user 5: home");
	assert_int_equal(err.stage, CRL_STAGE_HOME);
	for (int i = 0; i < 100; i++)
		assert_int_equal(crl_err_wrap(&err, -ENOENT, CRL_STAGE_HOME, "again"), -ENOENT);
	assert_int_equal(strlen(err.text), CRL_ERR_TEXT_MAX - 1);
}

static void format_shows_every_field_and_hides_control_characters(void **state)
{
	struct crl_err err;
	char buf[256];

	(void)state;
	(void)crl_err_at(&err, EPERM, CRL_STAGE_CONFIG, "/etc/x\n", 7, "a\033[2J\x9b\\ %s", "\xc3\xa9");
	crl_err_format(&err, buf, sizeof(buf));
	assert_string_equal(buf, "stage=CONFIG file=/etc/x\\x0a line=7 errno=EPERM: a\\x1b[2J\\x9b\\\\ \\xc3\\xa9");
	/* No word of the text passes for a field; a key of a policy or a unit's option is none. */
	(void)crl_err_set(&err, EPERM, CRL_STAGE_HOME,
			  "uid=0 home /home/a user=root =x \"b=c\" (Private=) a.b=c no_b=");
	crl_err_format(&err, buf, sizeof(buf));
	assert_string_equal(buf,
			    "stage=HOME errno=EPERM: uid\\x3d0 home /home/a user\\x3droot =x \"b=c\" (Private=) a.b=c "
			    "no_b\\x3d");
	(void)crl_err_set(&err, 4000, CRL_STAGE_RULE, "t");
	crl_err_format(&err, buf, sizeof(buf));
	assert_string_equal(buf, "stage=RULE errno=4000: t");
	crl_err_format(&err, buf, 12);
	assert_string_equal(buf, "stage=RULE ");
}

static void stage_names_are_all_there(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < CRL_STAGE_COUNT; i++)
		assert_non_null(crl_stage_name(i));
	assert_string_equal(crl_stage_name(CRL_STAGE_COUNT), "NONE");
	assert_string_equal(crl_stage_name(CRL_STAGE_ADOPT), "ADOPT");
}

static void check_refuses_what_is_off(void **state)
{
	struct crl_err good = {.code = 1, .stage = CRL_STAGE_RULE}, e;

	(void)state;
	assert_int_equal(crl_err_check(&good), 0);
	e = good;
	e.code = 0;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	e.code = 4096;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	e.stage = 0;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	e.stage = CRL_STAGE_COUNT;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	e.language = CRL_LANGUAGE_COUNT;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	e.line = -1;
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	memset(e.text, 'x', sizeof(e.text));
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	memset(e.file, 'x', sizeof(e.file));
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	memset(e.login, 'x', sizeof(e.login));
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	memset(e.policy, 'x', sizeof(e.policy));
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	e = good;
	memset(e.contact, 'x', sizeof(e.contact));
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	strcpy(e.contact, "\x1b[2J");
	assert_int_equal(crl_err_check(&e), -EBADMSG);
	strcpy(e.contact, "Bitte an 4321, täglich");
	assert_int_equal(crl_err_check(&e), 0);
}

static void a_contact_that_is_not_fit_is_left_out(void **state)
{
	struct crl_err e = {.code = 1};
	char text[CRL_CONTACT_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[CRL_CONTACT_MAX] = '\0';
	assert_false(crl_err_contact_is_valid(text));
	crl_err_contact(&e, text);
	crl_err_contact(&e, "a\nb");
	crl_err_contact(&e, NULL);
	assert_string_equal(e.contact, "");
	text[CRL_CONTACT_MAX - 1] = '\0';
	crl_err_contact(&e, text);
	assert_string_equal(e.contact, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_the_code_and_fills_the_record),
		cmocka_unit_test(wrap_puts_context_before_the_text),
		cmocka_unit_test(format_shows_every_field_and_hides_control_characters),
		cmocka_unit_test(stage_names_are_all_there),
		cmocka_unit_test(check_refuses_what_is_off),
		cmocka_unit_test(a_contact_that_is_not_fit_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
