// SPDX-License-Identifier: Apache-2.0
/* crl_log against a datagram socket of our own; crl_visible_field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"

static char dir[] = "/tmp/carrel-log-XXXXXX";
static struct sockaddr_un addr = {.sun_family = AF_UNIX};
static char got[4096];

static int serve(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static const char *receive(int fd)
{
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	got[n < 0 ? 0 : n] = '\0';
	return got;
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_line(void **state)
{
	scoped_fd fd = serve();
	char want[96], *body;

	(void)state;
	crl_log_open(addr.sun_path, false);
	errno = EDOM;
	crl_log(LOG_ALERT, "stage=%s user=%s", "RULE", "bob\x1b[2J\n<0>fake\xc3\xa9");
	assert_int_equal(errno, EDOM);
	assert_non_null(strstr(receive(fd), "<81>")); /* authpriv 10 * 8 + 1 */
	body = strstr(got, "carrel[");
	assert_non_null(body);
	(void)snprintf(want, sizeof(want), "carrel[%d]: stage=RULE user=bob\\x1b[2J\\x0a<0>fake\\xc3\\xa9", getpid());
	assert_string_equal(body, want);
	assert_int_equal(body - got, 4 + 15 + 1); /* "<81>Nov 24 00:03:50 " */
	crl_log(LOG_DEBUG, "not without the flag");
	assert_string_equal(receive(fd), "");
}

static void test_long(void **state)
{
	static char text[8000];
	scoped_fd fd = serve();

	(void)state;
	memset(text, '\1', sizeof(text) - 1);
	crl_log_open(addr.sun_path, false);
	crl_log(LOG_INFO, "%s", text);
	assert_true(strlen(receive(fd)) < CRL_LOG_TEXT_MAX + 64);
	assert_string_equal(got + strlen(got) - 4, "\\x01"); /* no half escape */
}

static void test_restarted(void **state)
{
	scoped_fd fd = serve();

	(void)state;
	crl_log_open(addr.sun_path, false);
	drop_fd(&fd);
	crl_log(LOG_INFO, "lost");
	fd = serve();
	crl_log(LOG_INFO, "found=again");
	assert_non_null(strstr(receive(fd), "found=again"));
	crl_log_close();
	crl_log(LOG_INFO, "found=anew");
	assert_non_null(strstr(receive(fd), "found=anew"));
}

static void test_never_reads(void **state)
{
	scoped_fd fd = serve();
	double start = seconds();

	(void)state;
	crl_log_open(addr.sun_path, false);
	(void)alarm(10);
	for (int i = 0; i < 4000 && seconds() - start < 0.05; i++) /* fills the queue, then one wait */
		crl_log(LOG_INFO, "n=%d", i);
	(void)alarm(0);
	assert_true(seconds() - start < 2);
}

static void test_closed_stderr(void **state)
{
	int saved = dup(STDERR_FILENO);
	int p[2], full[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_DFL);
	crl_log_open("/nonexistent/log", true);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	(void)close(p[0]);
	(void)dup2(p[1], STDERR_FILENO);
	crl_log(LOG_INFO, "to nobody"); /* SIGPIPE would end this test */

	assert_int_equal(pipe2(full, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(full[1], got, sizeof(got)) > 0)
		;
	(void)fcntl(full[1], F_SETFL, 0);
	(void)dup2(full[1], STDERR_FILENO);
	(void)alarm(5);
	crl_log(LOG_INFO, "to a full pipe"); /* waiting would too */
	(void)alarm(0);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(p[1]);
	(void)close(full[0]);
	(void)close(full[1]);
	crl_log_open(addr.sun_path, false);
}

static void test_escape(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "bob"), "bob");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "a b=c"), "a\\x20b\\x3dc");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "\\\"\x7f"), "\\x5c\\x22\\x7f");
	assert_string_equal(crl_visible_field(buf, sizeof(buf), "\xff\n\x80\x01"),
			    "\\xff\\x0a\\x80"); /* the 4th has no place */
	assert_string_equal(crl_visible_field(buf, sizeof(buf), NULL), "");
	assert_string_equal(crl_visible_field(buf, 4, "\n"), "");
	assert_string_equal(crl_visible_field(buf, 5, "\n"), "\\x0a");
	buf[0] = 'x';
	(void)crl_visible_field(buf, 0, "abc");
	assert_int_equal(buf[0], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),          cmocka_unit_test(test_long),
		cmocka_unit_test(test_restarted),     cmocka_unit_test(test_never_reads),
		cmocka_unit_test(test_closed_stderr), cmocka_unit_test(test_escape),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/log", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(addr.sun_path);
	(void)rmdir(dir);
	return rc;
}
