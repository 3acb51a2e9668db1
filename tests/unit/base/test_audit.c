// SPDX-License-Identifier: Apache-2.0
/* Records for audit: none of their values can begin another field, and libpam's are in the same form. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/audit_text.h"
#include "base/scope.h"

#define LONG_NAME 255

static const struct crl_audit_session SESSION = {.ok = true,
						 .uid = 1001,
						 .user = "ana",
						 .service = "sshd",
						 .rhost = "10.0.2.2",
						 .tty = "ssh",
						 .exe = "/usr/sbin/sshd",
						 .login = "k3abcdef",
						 .room = "k3abcdeg",
						 .policy = "student"};

static void of_a_login(void **state)
{
	char buf[CRL_AUDIT_TEXT_MAX];
	struct crl_audit_session s = SESSION;

	(void)state;
	assert_string_equal(
		crl_audit_text(buf, sizeof(buf), &s),
		"op=carrel:session_open login=k3abcdef room=k3abcdeg policy=student service=sshd id=1001 "
		"acct=\"ana\" exe=\"/usr/sbin/sshd\" hostname=10.0.2.2 addr=10.0.2.2 terminal=ssh res=success");
	s.ends = true;
	assert_ptr_equal(strstr(crl_audit_text(buf, sizeof(buf), &s), "op=carrel:session_close login="), buf);
	assert_string_equal(crl_audit_text(buf, sizeof(buf), &(struct crl_audit_session){.reason = "RULE"}),
			    "op=carrel:session_open policy=? reason=RULE service=? id=0 acct=? exe=? hostname=? addr=? "
			    "terminal=? res=failed");
}

static void has(const struct crl_audit_session *s, const char *part)
{
	char buf[CRL_AUDIT_TEXT_MAX];

	if (!strstr(crl_audit_text(buf, sizeof(buf), s), part))
		assert_string_equal(buf, part);
}

static void of_an_address(void **state)
{
	struct crl_audit_session s = SESSION;

	(void)state;
	s.rhost = "lab.example.org";
	has(&s, " hostname=lab.example.org addr=? ");
	s.rhost = "2001:db8::1";
	has(&s, " hostname=2001:db8::1 addr=2001:db8::1 ");
}

/* keeps: base/audit_text R1 */
static void hostile(void **state)
{
	static const struct {
		const char *value, *field;
	} names[] = {
		{"a b", " acct=612062 "},
		{"a\"b", " acct=612262 "},
		{"a'b", " acct=612762 "},
		{"\n\377", " acct=0AFF "},
		{"res=success", " acct=7265733D73756363657373 "},
	};
	static const struct {
		const char *value, *field;
	} hosts[] = {
		{"x res=success", " hostname=78207265733D73756363657373 addr=? "},
		{"x'", " hostname=7827 addr=? "},
		{"a,b", " hostname=612C62 addr=? "},
		{"terminal=x", " hostname=7465726D696E616C3D78 addr=? "},
	};
	struct crl_audit_session s = SESSION;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		s.user = names[i].value;
		has(&s, names[i].field);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(hosts); i++) {
		s.rhost = hosts[i].value;
		has(&s, hosts[i].field);
	}
	s.tty = "pts/1)";
	has(&s, " terminal=7074732F3129 ");
}

static void longest(void **state)
{
	char name[LONG_NAME + 1], small[32], buf[CRL_AUDIT_TEXT_MAX];
	struct crl_audit_session s = SESSION;

	(void)state;
	memset(name, ' ', LONG_NAME);
	name[LONG_NAME] = '\0';
	s.user = s.service = s.rhost = s.tty = s.exe = name;
	assert_non_null(strstr(crl_audit_text(buf, sizeof(buf), &s), " res=success"));
	assert_string_equal(crl_audit_text(small, sizeof(small), &SESSION), "op=carrel:session_open login=k3");
}

static void of_the_program(void **state)
{
	char path[PATH_MAX], small[4];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char buf[PATH_MAX];

	(void)state;
	assert_true(n > 0);
	path[n] = '\0';
	assert_string_equal(crl_audit_exe(buf, sizeof(buf)), path);
	assert_string_equal(crl_audit_exe(small, sizeof(small)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_login), cmocka_unit_test(of_an_address),  cmocka_unit_test(hostile),
		cmocka_unit_test(longest),    cmocka_unit_test(of_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
