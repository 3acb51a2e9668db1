// SPDX-License-Identifier: Apache-2.0
/*
 * Refused system calls out of the kernel's log.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "state/why/kernlog.h"

#define REST " sig=0 arch=c000003e syscall=163 compat=0 ip=0x7f9a81888829 code=0x50000"
#define WITH(comm) \
	"5,339,1272292765,-;audit: type=1326 audit(1795646117.662:2): auid=4294967295 uid=1001 gid=100 ses=3 " \
	"subj=unconfined pid=23501 comm=" comm " exe=\"/tmp/x\"" REST
#define GOOD WITH("\"strace\"")

static void a_refusal_is_read(void **state)
{
	struct crl_denial d;

	(void)state;
	assert_int_equal(crl_denial_parse(GOOD "\n SUBSYSTEM=x\n DEVICE=y\n", &d), 0);
	assert_true(d.when_ms == 1795646117662);
	assert_int_equal(d.uid, 1001);
	assert_int_equal(d.pid, 23501);
	assert_int_equal(d.arch, 0xc000003e);
	assert_int_equal(d.call, 163);
	assert_string_equal(d.comm, "strace");
	assert_false(crl_denial_is_usual(&d));
	d.call = SYS_clone3;
	assert_true(crl_denial_is_usual(&d));
}

/* keeps: state/why/kernlog R1 */
static void a_hostile_name_stays_a_name(void **state)
{
	struct crl_denial d;

	(void)state;
	assert_int_equal(crl_denial_parse(WITH("6120620A2278"), &d), 0);
	assert_string_equal(d.comm, "a b\n\"x");
	assert_int_equal(crl_denial_parse(WITH("\"arch=1\""), &d), 0); /* its word, not the kernel's */
	assert_string_equal(d.comm, "arch=1");
	assert_int_equal(d.arch, 0xc000003e);
	assert_int_equal(crl_denial_parse(WITH("\"0123456789abcdef\""), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH("612"), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH("6G"), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH(""), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH("\""), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH("41414141414141414141414141414141"), &d), -EBADMSG);
	assert_int_equal(crl_denial_parse(WITH("00010203040506070809101112131415161718192021"), &d), -EBADMSG);
}

static void what_programs_write_is_not_believed(void **state)
{
	static const char *const other[] = {
		"13,339,1272292765,-;audit: type=1326 audit(1.000:2): uid=0 pid=1 comm=\"x\" arch=1 syscall=1",
		"8,1,1,-;audit: type=1326 audit(1.000:2): uid=0 pid=1 comm=\"x\" arch=1 syscall=1",
		"5,1,1,-;carrel: audit: type=1326 audit(1.000:2): uid=0 pid=1 comm=\"x\" arch=1 syscall=1",
		"5,1,1,-;audit: type=1123 audit(1.000:2): msg='audit: type=1326 audit(1.000:2): uid=0'",
		"",
		";",
		"5",
		"x,1;audit",
		",;audit: type=1326 audit(1.000:2): uid=0 pid=1 comm=\"x\" arch=1 syscall=1",
	};
	struct crl_denial d;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(other); i++)
		if (crl_denial_parse(other[i], &d) != -ENOENT)
			fail_msg("taken: %s", other[i]);
}

static void a_record_cut_anywhere_is_none(void **state)
{
	static const char all[] = GOOD;
	const size_t enough =
		(size_t)(strstr(all, "syscall=163") - all) + strlen("syscall="); /* a shorter number is one, too */
	struct crl_denial d = {.uid = 42};
	char cut[sizeof(all)];

	(void)state;
	for (size_t len = 0; len <= enough; len++) {
		memcpy(cut, all, len);
		cut[len] = '\0';
		assert_int_not_equal(crl_denial_parse(cut, &d), 0);
	}
	assert_int_equal(d.uid, 42); /* written only on success */
}

static void numbers_are_strict(void **state)
{
	static const char *const bad[] = {"uid=-1", "uid=4294967296", "uid=", "uid=1x"};
	struct crl_denial d;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		char text[400];

		(void)snprintf(text, sizeof(text),
			       "5,1,1,-;audit: type=1326 audit(1.000:2): auid=1 %s pid=1 comm=\"x\" exe=\"y\"" REST,
			       bad[i]);
		assert_int_equal(crl_denial_parse(text, &d), -EBADMSG);
	}
	assert_int_equal(
		crl_denial_parse("5,1,1,-;audit: type=1326 audit(1.00:2): auid=1 uid=1 pid=1 comm=\"x\"" REST, &d),
		-EBADMSG);
	assert_int_equal(
		crl_denial_parse("5,1,1,-;audit: type=1326 audit(99999999999999999.000:2): uid=1 pid=1 comm=\"x\"" REST,
				 &d),
		-EBADMSG);
}

static void count(void *arg, const struct crl_denial *d)
{
	(void)d;
	++*(int *)arg;
}

/* keeps: state/why/kernlog R2 */
static void the_log_is_read_to_its_end(void **state)
{
	char big[8192];
	int pair[2], n = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(write(pair[0], GOOD, strlen(GOOD)), strlen(GOOD));
	assert_int_equal(write(pair[0], big, sizeof(big)), sizeof(big));
	assert_int_equal(write(pair[0], "5,1,1,-;usb 1-1: new device", 27), 27);
	assert_int_equal(write(pair[0], GOOD, strlen(GOOD)), strlen(GOOD));
	assert_int_equal(crl_denials_read(pair[1], count, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(crl_denials_read(-1, count, &n), -EBADF);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_read),
		cmocka_unit_test(a_hostile_name_stays_a_name),
		cmocka_unit_test(what_programs_write_is_not_believed),
		cmocka_unit_test(a_record_cut_anywhere_is_none),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(the_log_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
