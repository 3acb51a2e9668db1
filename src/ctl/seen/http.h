// SPDX-License-Identifier: Apache-2.0
/*
 * One request of HTTP/1, heard and answered: GET /metrics, and no more.
 *
 * Trusts: nobody. R1: who does not ask within some seconds, or in some bytes, is answered that it was no request.
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

enum ctl_http {
	CTL_HTTP_METRICS,
	CTL_HTTP_METRICS_OLD, /* by somebody who does not know OpenMetrics */
	CTL_HTTP_NOT_FOUND,
	CTL_HTTP_NO_METHOD,
	CTL_HTTP_BAD
};

/* Read the head of a request. */
enum ctl_http ctl_http_hear(int fd);

/* What the head of a request asks for. @head  a text, which may be cut */
enum ctl_http ctl_http_judge(const char *head);

/* Answer it. @text  of @len bytes, for METRICS alone. Returns 0 or -errno: nobody reads it. */
int ctl_http_answer(int fd, enum ctl_http what, const char *text, size_t len) CRL_MUST_CHECK;
