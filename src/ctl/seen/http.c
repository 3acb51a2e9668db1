// SPDX-License-Identifier: Apache-2.0
/* See http.h. */
#include "ctl/seen/http.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define HEAD_MAX 8192 /* R1 */
#define WAIT_MS 5000 /* R1: for all of it, in either direction */

/* R1: the head, to its empty line. Returns whether it is whole. */
static bool read_head(int fd, char head[HEAD_MAX])
{
	const int64_t end = crl_now_ms() + WAIT_MS;
	size_t len = 0;

	head[0] = '\0';
	while (len + 1 < HEAD_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = end - crl_now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = read(fd, head + len, HEAD_MAX - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		if (strlen(head) != len)
			return false;
		if (strstr(head, "\r\n\r\n") || strstr(head, "\n\n"))
			return true;
	}
	return false;
}

enum ctl_http ctl_http_judge(const char *head)
{
	static const char path[] = "/metrics";
	const char *blank = strchr(head, ' '), *target = blank ? blank + 1 : "", *end = strpbrk(target, "? \r\n");
	size_t len = end ? (size_t)(end - target) : strlen(target);

	if (!blank || !end || !strstr(target, " HTTP/1."))
		return CTL_HTTP_BAD;
	if (strncmp(head, "GET ", 4) != 0)
		return CTL_HTTP_NO_METHOD;
	if (len != strlen(path) || strncmp(target, path, len) != 0)
		return CTL_HTTP_NOT_FOUND;
	return strstr(head, "application/openmetrics-text") ? CTL_HTTP_METRICS : CTL_HTTP_METRICS_OLD;
}

enum ctl_http ctl_http_hear(int fd)
{
	char head[HEAD_MAX];

	return read_head(fd, head) ? ctl_http_judge(head) : CTL_HTTP_BAD;
}

/* Whoever does not read is not waited for without end. */
static int write_within(int fd, const char *text, size_t len)
{
	const int64_t end = crl_now_ms() + WAIT_MS;

	while (len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		int64_t left = end - crl_now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -ETIMEDOUT;
		n = write(fd, text, len < 4096 ? len : 4096);
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int ctl_http_answer(int fd, enum ctl_http what, const char *text, size_t len)
{
	static const char *const status[] = {[CTL_HTTP_METRICS] = "200 OK",
					     [CTL_HTTP_METRICS_OLD] = "200 OK",
					     [CTL_HTTP_NOT_FOUND] = "404 Not Found",
					     [CTL_HTTP_NO_METHOD] = "405 Method Not Allowed",
					     [CTL_HTTP_BAD] = "400 Bad Request"};
	static const char *const type[] = {[CTL_HTTP_METRICS] =
						   "application/openmetrics-text; version=1.0.0; charset=utf-8",
					   [CTL_HTTP_METRICS_OLD] = "text/plain; version=0.0.4; charset=utf-8"};
	const bool ok = what == CTL_HTTP_METRICS || what == CTL_HTTP_METRICS_OLD;
	char head[256];
	int rc;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(head, sizeof(head),
		       "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
		       status[what], ok ? type[what] : "text/plain", ok ? len : 0,
		       what == CTL_HTTP_NO_METHOD ? "Allow: GET\r\n" : "");
	rc = write_within(fd, head, strlen(head));
	return rc == 0 && ok ? write_within(fd, text, len) : rc;
}
