// SPDX-License-Identifier: Apache-2.0
/*
 * Login records.
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

#include "wire/login.h"

static struct crl_login good(void)
{
	return (struct crl_login){
		.uid = 5, .gid = 6, .ngroups = 2, .groups = {7, 6}, .user = "u", .home = "/h/.x/..y", .service = "s"};
}

static void refused(const struct crl_login *l, const char *field)
{
	struct crl_err err = {0};

	assert_int_equal(crl_login_check(l, &err), -EBADMSG);
	assert_int_equal(err.stage, CRL_STAGE_REQUEST);
	assert_non_null(strstr(err.text, field));
}

static void a_good_record_passes(void **state)
{
	struct crl_login l = good();

	(void)state;
	assert_int_equal(crl_login_check(&l, NULL), 0);
	assert_true(crl_login_in_group(&l, 7));
	assert_false(crl_login_in_group(&l, 0));
}

static void each_field_is_checked(void **state)
{
	static const char *const homes[] = {"", "h", "/..", "/.", "/a/../b", "/a/./b", "/a/.."};
	struct crl_login l;

	(void)state;
	l = good();
	memset(l.user, 'x', sizeof(l.user));
	refused(&l, "user");
	l = good();
	memset(l.home, '/', sizeof(l.home));
	refused(&l, "home");
	l = good();
	memset(l.service, 'x', sizeof(l.service));
	refused(&l, "service");
	l = good();
	memset(l.tty, 'x', sizeof(l.tty));
	refused(&l, "tty");
	l = good();
	memset(l.rhost, 'x', sizeof(l.rhost));
	refused(&l, "rhost");
	l = good();
	l.user[0] = '\0';
	refused(&l, "user");
	l = good();
	l.service[0] = '\0';
	refused(&l, "service");
	l = good();
	l.uid = UINT32_MAX;
	refused(&l, "uid");
	l = good();
	l.shows = CRL_SHOWS_COUNT;
	refused(&l, "shows");
	l = good();
	l.gid = 8;
	refused(&l, "gid");
	l = good();
	l.groups[0] = UINT32_MAX;
	refused(&l, "groups");
	l = good();
	l.ngroups = 0;
	refused(&l, "ngroups");
	l = good();
	l.ngroups = CRL_GROUPS_MAX + 1;
	refused(&l, "ngroups");
	for (size_t i = 0; i < CRL_ARRAY_LEN(homes); i++) {
		l = good();
		strcpy(l.home, homes[i]);
		refused(&l, "home");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_record_passes),
		cmocka_unit_test(each_field_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
