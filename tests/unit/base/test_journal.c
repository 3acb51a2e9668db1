// SPDX-License-Identifier: Apache-2.0
/* crl_journal_log() against a journal and a logger of our own: the text of the file, for the address of the journal. */
#include "base/journal.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"

#define ID "e032d82dba3243ff8e265d554110e0f9"

static char dir[] = "/tmp/carrel-journal-XXXXXX";
static struct sockaddr_un logger = {.sun_family = AF_UNIX};
static char got[8192];

static int serve(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(at->sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)at, sizeof(*at)), 0);
	return fd;
}

static const char *receive(int fd)
{
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	got[n < 0 ? 0 : n] = '\0';
	return got;
}

static void test_entry(void **state)
{
	scoped_fd to = serve(&journal), syslog = serve(&logger);

	(void)state;
	errno = EDOM;
	crl_journal_log(LOG_INFO, ID, "event=%s id=abc cpu_ms=7 left (close)", "close");
	assert_int_equal(errno, EDOM);
	assert_string_equal(receive(to), "MESSAGE=event=close id=abc cpu_ms=7 left (close)\n"
					 "MESSAGE_ID=" ID "\n"
					 "PRIORITY=6\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=carrel\n"
					 "CARREL_EVENT=close\nCARREL_ID=abc\nCARREL_CPU_MS=7\n");
	assert_string_equal(receive(syslog), ""); /* once */
	crl_journal_log(LOG_INFO, NULL, "only a line=1");
	assert_string_equal(receive(to), "");
	assert_non_null(strstr(receive(syslog), "only a line=1"));
}

static void test_none(void **state)
{
	scoped_fd syslog = serve(&logger);

	(void)state;
	(void)unlink(journal.sun_path);
	crl_journal_log(LOG_ERR, ID, "event=refused id=abc");
	assert_non_null(strstr(receive(syslog), "event=refused id=abc"));
	assert_non_null(strstr(got, "<83>")); /* authpriv.err */
}

/* keeps: base/journal R1 */
static void test_hostile(void **state)
{
	static char most[4000];
	scoped_fd to = serve(&journal), syslog = serve(&logger);

	(void)state;
	crl_journal_log(LOG_INFO, ID, "event=open user=a\nCARREL_UID=0\nb \x1b[2Jx=1 uid=7\xff");
	assert_null(strstr(receive(to), "\nCARREL_UID=0"));
	assert_non_null(strstr(got, "\nCARREL_USER=a\\x0aCARREL_UID=0\\x0ab\n"));
	assert_non_null(strstr(got, "\nCARREL_UID=7\\xff\n"));
	memset(most, 'x', sizeof(most) - 1);
	memcpy(most, "event=", 6);
	crl_journal_log(LOG_INFO, ID, "%s", most); /* longer than a line may be */
	assert_true(strlen(receive(to)) > CRL_LOG_TEXT_MAX && got[strlen(got) - 1] == '\n');
	memset(most, 'k', 100);
	most[100] = '=';
	crl_journal_log(LOG_INFO, ID, "%s", most);
	assert_null(strstr(receive(to), "CARREL_KK")); /* a name that no field may have */
	assert_string_equal(receive(syslog), "");
}

/* keeps: base/journal R2 */
static void test_never_reads(void **state)
{
	scoped_fd to = serve(&journal), syslog = serve(&logger), full = -EBADF;
	int64_t begun;

	(void)state;
	full = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	while (sendto(full, "x", 1, 0, (const struct sockaddr *)&journal, sizeof(journal)) == 1)
		;
	assert_int_equal(errno, EAGAIN);
	begun = crl_now_ms();
	crl_journal_log(LOG_INFO, ID, "event=open id=late");
	assert_true(crl_now_ms() - begun < 30000); /* it comes back at all */
	assert_non_null(strstr(receive(syslog), "event=open id=late"));
	assert_string_equal(receive(to), "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_never_reads),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(journal.sun_path, sizeof(journal.sun_path), "%s/journal", dir);
	(void)snprintf(logger.sun_path, sizeof(logger.sun_path), "%s/log", dir);
	crl_log_set(logger.sun_path, false);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(journal.sun_path);
	(void)unlink(logger.sun_path);
	(void)rmdir(dir);
	return rc;
}
