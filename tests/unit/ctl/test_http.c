// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/seen/http.h"

static void test_judge(void **state)
{
	(void)state;
	assert_int_equal(ctl_http_judge("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), CTL_HTTP_METRICS_OLD);
	assert_int_equal(
		ctl_http_judge("GET /metrics?x=1 HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0"
			       "\r\n\r\n"),
		CTL_HTTP_METRICS);
	assert_int_equal(ctl_http_judge("GET / HTTP/1.1\r\n\r\n"), CTL_HTTP_NOT_FOUND);
	assert_int_equal(ctl_http_judge("GET /metrics2 HTTP/1.1\r\n\r\n"), CTL_HTTP_NOT_FOUND);
	assert_int_equal(ctl_http_judge("GET /etc/../metrics HTTP/1.1\r\n\r\n"), CTL_HTTP_NOT_FOUND);
	assert_int_equal(ctl_http_judge("POST /metrics HTTP/1.1\r\n\r\n"), CTL_HTTP_NO_METHOD);
	assert_int_equal(ctl_http_judge("GET /metrics\r\n\r\n"), CTL_HTTP_BAD);
	assert_int_equal(ctl_http_judge("GET"), CTL_HTTP_BAD);
	assert_int_equal(ctl_http_judge(""), CTL_HTTP_BAD);
}

static enum ctl_http hear(const char *text, size_t len, bool hang_up)
{
	scoped_fd us = -EBADF, them = -EBADF;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	us = pair[0];
	them = pair[1];
	assert_int_equal(write(them, text, len), len);
	if (hang_up)
		assert_int_equal(shutdown(them, SHUT_WR), 0);
	return ctl_http_hear(us);
}

/* keeps: ctl/seen/http R1 */
static void test_bound(void **state)
{
	static const char asks[] = "GET /metrics HTTP/1.1\r\n\r\n";
	static char most[10000];
	int64_t begun = crl_now_ms();

	(void)state;
	assert_int_equal(hear(asks, sizeof(asks) - 1, false), CTL_HTTP_METRICS_OLD);
	assert_int_equal(hear(asks, sizeof(asks) - 3, true), CTL_HTTP_BAD); /* it has no end */
	assert_int_equal(hear("GET /metrics HTTP/1.1\r\n\0\r\n\r\n", 28, true), CTL_HTTP_BAD);
	memset(most, 'x', sizeof(most));
	memcpy(most, asks, sizeof(asks) - 3);
	assert_int_equal(hear(most, sizeof(most), false), CTL_HTTP_BAD);
	assert_int_equal(hear("G", 1, false), CTL_HTTP_BAD); /* says no more, and stays */
	assert_true(crl_now_ms() - begun < 60000);
}

static void test_answer(void **state)
{
	scoped_fd out = -EBADF, in = -EBADF;
	char got[1024];
	int pair[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	in = pair[0];
	out = pair[1];
	assert_int_equal(ctl_http_answer(out, CTL_HTTP_METRICS, "x 1\n", 4), 0);
	assert_int_equal(ctl_http_answer(out, CTL_HTTP_NO_METHOD, NULL, 0), 0);
	n = read(in, got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
				 "charset=utf-8\r\nContent-Length: 4\r\nConnection: close\r\n\r\nx 1\n"
				 "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
				 "Connection: close\r\nAllow: GET\r\n\r\n");
	drop_fd(&in);
	assert_int_equal(ctl_http_answer(out, CTL_HTTP_BAD, NULL, 0), -EPIPE); /* and it lives */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
